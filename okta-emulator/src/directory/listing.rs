//! The app's users as its API lists them: in pages, and optionally as they were
//! a while ago.

use std::{collections::BTreeSet, ops::Bound, time::SystemTime};

use super::{Directory, DirectoryUser, Record, UserStatus};

/// Which page to list.
pub(crate) struct Listing<'a> {
    /// The last externalId of the page before.
    pub(crate) after: Option<&'a str>,
    /// How userName, first name, last name or email begin, in any case.
    pub(crate) begins: &'a str,
    pub(crate) most: usize,
    /// Whether deactivated users are listed too.
    pub(crate) deactivated: bool,
}

impl Directory {
    /// A page of users by externalId, and whether more follow.
    pub(crate) fn list(
        &self,
        listing: &Listing<'_>,
        now: SystemTime,
    ) -> (Vec<DirectoryUser>, bool) {
        let text = listing.begins.to_lowercase();
        let mut fitting = self
            .seen(listing.after, now)
            .filter(|(_, record)| record.assigned)
            .filter(|(_, record)| listing.deactivated || record.status == UserStatus::Active)
            .filter(|(_, record)| text.is_empty() || begins(record, &text))
            .map(|(external_id, record)| record.view(external_id));
        let users = fitting.by_ref().take(listing.most).collect();
        (users, fitting.next().is_some())
    }

    /// The users after this externalId that the listing sees.
    fn seen<'this>(
        &'this self,
        after: Option<&str>,
        now: SystemTime,
    ) -> Box<dyn Iterator<Item = (&'this str, &'this Record)> + 'this> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let range = (from, Bound::Unbounded);
        let users = self.users.range::<str, _>(range);
        if self.past.is_now() {
            return Box::new(users.map(|(external_id, record)| (external_id.as_str(), record)));
        }
        let then = self.past.then(now);
        let all: BTreeSet<&str> = users
            .map(|(external_id, _)| external_id.as_str())
            .chain(self.past.changed(range))
            .collect();
        Box::new(
            all.into_iter()
                .filter_map(move |external_id| Some((external_id, self.as_of(external_id, then)?))),
        )
    }

    fn as_of(&self, external_id: &str, then: SystemTime) -> Option<&Record> {
        let before = self.past.as_of(external_id, then);
        before.unwrap_or_else(|| self.users.get(external_id))
    }

    /// The user with this Okta id, `00u…`.
    pub(crate) fn by_id(&self, id: &str) -> Option<DirectoryUser> {
        let (external_id, record) = self.users.iter().find(|(_, record)| record.id == id)?;
        Some(record.view(external_id))
    }

    /// Who holds a login; `Some(None)` for somebody who is not from this source.
    pub(crate) fn by_login(&self, login: &str) -> Option<Option<DirectoryUser>> {
        let holder = self.logins.holder(login)?;
        Some(holder.and_then(|external_id| self.user(external_id)))
    }
}

fn begins(record: &Record, text: &str) -> bool {
    ["userName", "firstName", "lastName", "email"]
        .iter()
        .filter_map(|name| record.profile.get(*name))
        .any(|value| value.to_lowercase().starts_with(text))
}
