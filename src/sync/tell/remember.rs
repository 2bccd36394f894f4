//! Remembering, before an import is started, the people whose fate in it must still be seen.

use super::{fill::Fill, load::Loads};
use crate::{
    ledger::{Import, Number},
    okta::{self, Kind, SessionId},
    sync::{Run, Time, check::ASKED_FOR},
};

/// Remembers that what Okta makes of a session's people must still be seen. If that could not be
/// written, the next verification finds them.
pub(super) async fn to_check(
    run: &Run,
    fill: &Fill<'_>,
    loads: &Loads,
    number: Number,
    id: &SessionId,
    time: &Time,
) {
    let all = loads.accepted.iter().flat_map(okta::Batch::external_ids);
    let is_small = loads.users(Kind::Upsert) + loads.users(Kind::Deactivate) <= ASKED_FOR as u64;
    let is_asked_for = |user: &&str| {
        let ready = loads.people.get(*user);
        is_small || ready.is_some_and(|ready| fill.refusals.is_told_again(ready.suspect.id))
    };
    let people: Vec<_> = all.filter(is_asked_for).take(ASKED_FOR).collect();
    let log_done = run.beyond.logs.is_denied();
    if people.is_empty() && log_done {
        return;
    }
    let import = Import {
        id: id.clone(),
        at: time.now(),
        people: people.into_iter().map(str::to_owned).collect(),
        landed: None,
        complete: None,
        log_done,
    };
    let written = run
        .ledger
        .change_unchecked(|unchecked| unchecked.insert(number, import.clone()));
    if let Err(error) = written.await {
        tracing::warn!(%error, "people that Okta refuses inside an import may not be found");
    }
}
