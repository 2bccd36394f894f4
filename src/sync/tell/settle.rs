//! What became of the sessions that were not seen to end.

use futures::{StreamExt as _, stream};
use jiff::Timestamp;

use super::counted;
use crate::{
    ledger::{
        Claim, Lease, Number, Rank,
        log::{End, State},
    },
    mutation::{self, Mutation},
    okta::{self, Calls, Cancelled, SessionStatus},
    sync::{Books, RunError, Time},
};

/// How many sessions are asked about at a time.
const IN_FLIGHT: usize = 4;

/// What a look at Okta says about a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It ended.
    Ended(End),
    /// Its import was started, and has not ended.
    Importing,
    /// It is open: the run that has the lease may cancel it.
    Open,
    /// That says nothing: a status that lags, an unknown one, or no session at all.
    Nothing,
}

/// What a status says about a session that came this far. `None`: Okta does not know it.
///
/// An unknown end is no end: what may still be imported is waited for, and given up in the end.
#[must_use]
pub fn seen(state: State, status: Option<&SessionStatus>) -> Seen {
    match (state, status) {
        (_, Some(SessionStatus::Completed)) => Seen::Ended(End::Landed),
        (_, Some(SessionStatus::Error)) if mutation::on(Mutation::IgnoreErrorSession) => {
            Seen::Ended(End::Landed)
        }
        (State::Open, Some(SessionStatus::Error)) => Seen::Ended(End::Void),
        (_, Some(SessionStatus::Error)) => Seen::Ended(End::Error),
        // No trigger was sent, so nothing can have been imported.
        (State::Open, Some(SessionStatus::Closed | SessionStatus::Expired)) => {
            Seen::Ended(End::Nothing)
        }
        // Okta may not show yet what was just opened, and its run may be about to start the import:
        // only the run that has the lease finds out, by cancelling it.
        (State::Open, None) => Seen::Open,
        (_, Some(SessionStatus::Closed | SessionStatus::Expired)) => Seen::Ended(End::Void),
        (State::Open | State::Starting, Some(SessionStatus::Triggered)) => Seen::Importing,
        (
            State::Open | State::Starting,
            Some(SessionStatus::Created | SessionStatus::InProgress),
        ) => Seen::Open,
        // It was triggered, so a status from before lags behind.
        (
            State::Triggered | State::GivenUp,
            Some(SessionStatus::Triggered | SessionStatus::Created | SessionStatus::InProgress),
        )
        | (_, Some(SessionStatus::Other(_)) | None) => Seen::Nothing,
    }
}

/// Asks Okta about every session whose end was not seen, and notes it in the books.
///
/// The run that has the lease cancels a session that is still open. The lease makes us the identity
/// source's only client: nobody is going to start its import. One that cannot be looked at stays as
/// it is, and stops nobody.
///
/// # Errors
/// When Okta answers nothing at all, or the state table cannot be written.
pub(in crate::sync) async fn settle(
    books: &mut Books,
    okta: &Calls,
    lease: Option<&Lease>,
    now: Timestamp,
) -> Result<(), RunError> {
    let listed: Vec<_> = books
        .log()
        .listed()
        .map(|(number, session)| (number, session.id.clone(), session.state))
        .collect();
    let statuses = stream::iter(&listed).map(|(_, id, _)| okta.session(id));
    let statuses: Vec<_> = statuses.buffered(IN_FLIGHT).collect().await;
    for ((number, id, state), status) in listed.into_iter().zip(statuses) {
        let status = match status {
            Ok(session) => session.map(|session| session.status),
            Err(error) if is_about_one(&error) => {
                tracing::warn!(session = %id, %error, "the session could not be looked at");
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let mut seen = seen(state, status.as_ref());
        if seen == Seen::Open
            && let Some(lease) = lease
        {
            lease.check()?;
            seen = match okta.cancel(&id).await {
                Err(error) if is_about_one(&error) => {
                    tracing::warn!(session = %id, %error, "the session could not be cancelled");
                    continue;
                }
                cancelled => after_cancelling(state, &cancelled?),
            };
        }
        note(books, number, seen, status.as_ref(), now).await?;
    }
    books.end_calls(now).await?;
    if let Some(id) = books.give_up(now).await? {
        tracing::warn!(
            session = %id,
            "Okta has not ended the import within 24 hours: its users are told again, and \
             everybody once more if it is imported after all"
        );
    }
    Ok(())
}

/// Settles what a dead run left open, if nobody is at work. This run then tells its people.
///
/// # Errors
/// As [`settle`].
pub(in crate::sync) async fn settle_open(
    books: &mut Books,
    okta: &Calls,
    run: &str,
    rank: Rank,
    time: &Time,
) -> Result<(), RunError> {
    let is_open = |state| matches!(state, State::Open | State::Starting);
    if !books
        .log()
        .listed()
        .any(|(_, session)| is_open(session.state))
    {
        return Ok(());
    }
    let ledger = books.ledger().clone();
    if let Claim::Held(lease) = ledger.claim(run, rank, time.deadline()).await? {
        let settled = async {
            books.read_again().await?;
            settle(books, okta, Some(&lease), time.now()).await?;
            books.settle_left_over(time.now()).await
        }
        .await;
        lease.release().await;
        settled?;
    }
    Ok(())
}

async fn note(
    books: &mut Books,
    number: Number,
    seen: Seen,
    status: Option<&SessionStatus>,
    now: Timestamp,
) -> Result<(), RunError> {
    match seen {
        Seen::Ended(end) => {
            let id = books.log().get(number).map(|session| session.id.clone());
            books.ended(number, end, now).await?;
            if let Some(id) = id {
                counted::session_ended(&id, status);
                if end != End::Landed {
                    tracing::warn!(
                        session = %id,
                        "an earlier session did not land: its users are told again"
                    );
                }
            }
        }
        Seen::Importing => books.triggered(number, now).await?,
        Seen::Open | Seen::Nothing => {}
    }
    Ok(())
}

/// Whether an error may be about one session alone: the others can still be asked for.
fn is_about_one(error: &okta::Error) -> bool {
    matches!(
        error,
        okta::Error::Refused(_) | okta::Error::Unavailable(_) | okta::Error::Unreadable { .. }
    )
}

/// What cancelling a session says about it. If it was cancelled, its import certainly never
/// started.
#[must_use]
pub fn after_cancelling(state: State, cancelled: &Cancelled) -> Seen {
    match cancelled {
        Cancelled::Done => Seen::Ended(End::Nothing),
        Cancelled::Gone if state == State::Open => Seen::Ended(End::Nothing),
        Cancelled::Gone => seen(state, None),
        Cancelled::TooLate(status) => seen(State::Starting, Some(status)),
    }
}

/// Cancels the sessions that keep a new one from being opened. True if there were any.
///
/// # Errors
/// When Okta does not do as asked.
pub(super) async fn clear_the_way(okta: &Calls, books: &Books) -> Result<bool, RunError> {
    let mut cleared = false;
    for session in okta.active_sessions().await? {
        if !session.status.is_active() {
            continue;
        }
        if !books.log().knows(&session.id) {
            tracing::warn!(
                session = %session.id,
                "cancelling a session that is not in our history: does anything else import into \
                 this identity source?"
            );
        }
        cleared |= okta.cancel(&session.id).await? != Cancelled::Gone;
    }
    Ok(cleared)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [State; 4] = [
        State::Open,
        State::Starting,
        State::Triggered,
        State::GivenUp,
    ];

    #[test]
    fn an_unknown_status_or_none_ends_no_import() {
        for state in &STATES[1..] {
            let unknown = SessionStatus::Other("PAUSED".to_owned());
            for status in [None, Some(&unknown)] {
                assert_eq!(seen(*state, status), Seen::Nothing, "{state:?} {status:?}");
            }
        }
    }

    #[test]
    fn a_session_that_okta_does_not_show_yet_is_left_to_whoever_has_the_lease() {
        assert_eq!(seen(State::Open, None), Seen::Open);
        let cancelled = |state| after_cancelling(state, &Cancelled::Gone);
        assert_eq!(cancelled(State::Open), Seen::Ended(End::Nothing));
        assert_eq!(cancelled(State::Starting), Seen::Nothing);
    }

    #[test]
    fn a_status_from_before_the_trigger_says_nothing() {
        for status in [SessionStatus::Created, SessionStatus::InProgress] {
            assert_eq!(seen(State::Triggered, Some(&status)), Seen::Nothing);
        }
    }

    #[test]
    fn only_where_no_trigger_was_sent_a_closed_session_has_certainly_done_nothing() {
        for status in [SessionStatus::Closed, SessionStatus::Expired] {
            for state in STATES {
                let nothing = seen(state, Some(&status)) == Seen::Ended(End::Nothing);
                assert_eq!(nothing, state == State::Open, "{state:?} {status}");
            }
        }
    }
}
