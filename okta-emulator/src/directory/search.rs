//! Finds users by typed text.

use super::{Directory, DirectoryUser, Record, UserStatus};

/// The attributes by which people know a user.
const NAMES: [&str; 5] = ["userName", "email", "displayName", "firstName", "lastName"];

/// What to find.
pub(crate) struct Search<'a> {
    /// Part of an externalId, login, email or name, in any case. Each word is
    /// searched separately.
    pub(crate) text: &'a str,
    pub(crate) status: Option<UserStatus>,
    pub(crate) skip: usize,
    pub(crate) take: usize,
}

/// Users by externalId, and whether more follow.
pub(crate) struct Found {
    pub(crate) users: Vec<DirectoryUser>,
    pub(crate) more: bool,
}

impl Directory {
    /// Stops as soon as it has enough, so that searching a large directory does
    /// not hold up loads.
    pub(crate) fn search(&self, search: &Search<'_>) -> Found {
        let text = search.text.to_lowercase();
        let words: Vec<&str> = text.split_whitespace().collect();
        let mut fitting = self
            .users
            .iter()
            .filter(|(_, record)| search.status.is_none_or(|status| record.status == status))
            .filter(|(external_id, record)| {
                words.iter().all(|word| contains(external_id, record, word))
            })
            .skip(search.skip);
        let users = fitting
            .by_ref()
            .take(search.take)
            .map(|(external_id, record)| record.view(external_id))
            .collect();
        Found {
            users,
            more: fitting.next().is_some(),
        }
    }
}

fn contains(external_id: &str, record: &Record, word: &str) -> bool {
    let names = NAMES.iter().filter_map(|name| record.profile.get(*name));
    external_id.to_lowercase().contains(word)
        || names
            .into_iter()
            .any(|value| value.to_lowercase().contains(word))
}
