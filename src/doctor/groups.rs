//! Whether Okta accepts groups. Only if the mapping gives any.

use super::{Round, advice, report::Notes};
use crate::{
    mapping::Mapping,
    okta::{Beyond, Error},
};

/// A group that nobody has.
const NOBODYS: &str = "a-group-that-nobody-has";

/// Nothing if the mapping gives no groups.
pub(super) async fn check(
    beyond: Option<&Beyond>,
    mapping: Option<&Mapping>,
    round: &Round<'_>,
) -> Option<Notes> {
    mapping.filter(|mapping| mapping.gives_groups())?;
    let Some(beyond) = beyond else {
        return Some(Notes::skipped("identity source"));
    };
    let mut notes = Notes::default();
    let calls = beyond.singles.by(round.deadline());
    match calls.group(NOBODYS).await {
        Ok(_) => notes.found("Okta answers about groups"),
        Err(error @ Error::Refused(_)) => notes.fail(
            format!("Okta does not accept groups: {}", advice::said(&error)),
            "the mapping gives groups: switch on Import Groups in the app's provisioning. Until \
             then users are told, and groups are not",
        ),
        Err(error) => notes.fail(advice::said(&error), advice::on_okta(&error)),
    }
    Some(notes)
}
