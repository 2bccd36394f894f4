//! How the services answer: by which clock, and how fast.

use std::time::Duration;

use super::report::Notes;
use crate::okta::Heard;

/// A service app's assertions and proofs carry the time, and Okta accepts a difference of about a
/// minute.
const CLOCKS_APART: Duration = Duration::from_secs(60);
/// DynamoDB takes a few milliseconds, and some tens with a new connection.
pub(super) const DYNAMODB: Duration = Duration::from_secs(1);
/// Okta takes one or two seconds.
pub(super) const OKTA: Duration = Duration::from_secs(5);

pub(super) fn clock(heard: Option<Heard>) -> Notes {
    let Some(heard) = heard else {
        return Notes::skipped("identity source");
    };
    let mut notes = Notes::default();
    let Some(ahead) = heard.ahead else {
        notes.warn(
            "Okta's answer does not give the time",
            "check whether a proxy between the function and Okta drops the Date header",
        );
        return notes;
    };
    let apart = ahead.unsigned_abs();
    let direction = if ahead.is_negative() {
        "behind"
    } else {
        "ahead of"
    };
    if apart <= Duration::from_secs(1) {
        notes.found("Okta's clock and this one agree to the second");
    } else {
        let told = format!("Okta's clock is {} s {direction} this one", apart.as_secs());
        if apart <= CLOCKS_APART {
            notes.found(told);
        } else {
            notes.warn(
                told,
                "set this machine's clock: tokens are valid by the clock",
            );
        }
    }
    notes
}

/// What was asked, how long the answer took, and how long would be slow.
pub(super) fn times(asked: &[(&str, Option<Duration>, Duration)]) -> Notes {
    let mut notes = Notes::default();
    for (service, took, long) in asked {
        let Some(took) = took else {
            notes.found(format!("{service} was not measured"));
            continue;
        };
        let told = format!("{service} answered in {} ms", took.as_millis());
        if took > long {
            notes.warn(
                told,
                "run the doctor again; if it stays slow, check the function's region, memory and \
                 network",
            );
        } else {
            notes.found(told);
        }
    }
    if asked.iter().all(|(_, took, _)| took.is_none()) {
        return Notes::skipped("identity source");
    }
    notes
}
