//! What Okta's System Log says about imports.
//!
//! It is late by seconds or minutes. So absence from it says nothing before it has said that the
//! import is complete and some time has passed since, or, if it never says so, before an hour has
//! passed.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use super::{Cause, Check, Off};
use crate::{
    ledger::{IdHash, Import, Number, SessionLog},
    mapping::{ExternalId, Profile},
    okta::{ImportEvent, What},
    sync::RunError,
};

/// How far Okta's clock may be from ours.
const APART: Duration = Duration::from_secs(60);
/// How much later an event of an import may come than the word that the import is complete.
const LATER: Duration = Duration::from_secs(2 * 60);
/// After this long the log has said all that it will say.
const SILENT_AFTER: Duration = Duration::from_secs(60 * 60);

/// What was read.
pub(super) struct Said {
    pub(super) off: Vec<Off>,
    pub(super) read: Read,
}

/// How far the log was read.
pub(super) enum Read {
    /// It may not be read.
    Denied,
    /// Okta gave no answer.
    NotNow,
    /// These sessions are complete by it.
    Complete(Vec<String>),
}

impl Read {
    /// Notes what it means for an import that has landed.
    pub(super) fn note(&self, import: &mut Import, began: Timestamp) {
        let landed = *import.landed.get_or_insert(began);
        match self {
            Self::Denied => import.log_done = true,
            Self::NotNow => {}
            Self::Complete(sessions) => {
                let seen_before = import.complete.is_some_and(|at| at + LATER <= began);
                if seen_before || landed + SILENT_AFTER <= began {
                    import.log_done = true;
                }
                if sessions.iter().any(|id| id == import.id.as_str()) {
                    import.complete.get_or_insert(began);
                }
            }
        }
    }
}

impl Check<'_> {
    /// Reads Okta's log for what it says about these imports.
    pub(super) async fn read_log(
        &self,
        landed: &BTreeMap<Number, Import>,
        log: &SessionLog,
    ) -> Result<Said, RunError> {
        let of_interest: Vec<_> = landed.values().filter(|it| !it.log_done).collect();
        let Some(since) = of_interest.iter().map(|import| import.at - APART).min() else {
            let (off, read) = (Vec::new(), Read::NotNow);
            return Ok(Said { off, read });
        };
        let logs = &self.run.beyond.logs;
        let events = logs
            .ask(self.until, async |calls| calls.import_events(since).await)
            .await;
        let events = match events {
            Ok(Some(events)) => events,
            other => {
                let read = match other {
                    Err(error) => {
                        tracing::warn!(%error, "Okta's log will be read later");
                        Read::NotNow
                    }
                    Ok(_) => Read::Denied,
                };
                let off = Vec::new();
                return Ok(Said { off, read });
            }
        };
        let complete = events
            .iter()
            .filter(|event| event.what == What::Complete)
            .filter_map(|event| event.session.clone())
            .collect();
        Ok(Said {
            off: self.refused(&events, landed, log).await?,
            read: Read::Complete(complete),
        })
    }

    /// The people who were refused in one of these sessions by the events, and who were told
    /// nothing since.
    async fn refused(
        &self,
        events: &[ImportEvent],
        landed: &BTreeMap<Number, Import>,
        log: &SessionLog,
    ) -> Result<Vec<Off>, RunError> {
        let mut by_name: BTreeMap<IdHash, Vec<&ImportEvent>> = BTreeMap::new();
        for event in events {
            if let What::Refused { names, .. } = &event.what {
                for id in names
                    .iter()
                    .filter_map(|name| ExternalId::parse(name.as_str()).ok())
                {
                    by_name.entry(IdHash::of(&id)).or_default().push(event);
                }
            }
        }
        let ids: Vec<_> = by_name.keys().copied().collect();
        let mut off = Vec::new();
        let entries = self.run.ledger.entries(&ids, log).await?;
        for (entry, profile) in self.with_profiles(entries).await? {
            let Some(import) = landed.get(&entry.session).filter(|it| !it.log_done) else {
                continue;
            };
            let is_of_it = |event: &&&ImportEvent| match &event.session {
                Some(session) => session == import.id.as_str(),
                None => event.at >= import.at - APART,
            };
            let events = by_name.get(&IdHash::of(&entry.external_id));
            let last = events.and_then(|events| events.iter().rev().find(is_of_it));
            if let Some(ImportEvent {
                what: What::Refused { field, code, .. },
                ..
            }) = last
            {
                off.push(Off {
                    cause: Cause::Logged {
                        field: field.clone(),
                        code: code.clone(),
                    },
                    login: profile.as_ref().and_then(Profile::login),
                    entry,
                });
            }
        }
        Ok(off)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::okta::SessionId;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + 60 * minutes).unwrap()
    }

    fn import() -> Import {
        Import {
            id: SessionId::from("aps1".to_owned()),
            at: at(0),
            people: Vec::new(),
            landed: None,
            complete: None,
            log_done: false,
        }
    }

    #[test]
    fn that_nobody_is_in_the_log_is_believed_two_minutes_after_it_said_complete() {
        let (mut import, complete) = (import(), Read::Complete(vec!["aps1".to_owned()]));

        complete.note(&mut import, at(15));
        assert!(!import.log_done);
        complete.note(&mut import, at(16));
        assert!(!import.log_done);
        complete.note(&mut import, at(17));
        assert!(import.log_done);
    }

    #[test]
    fn a_log_that_never_says_complete_is_believed_after_an_hour_and_one_without_answer_never() {
        let mut import = import();
        let silent = Read::Complete(Vec::new());

        for minute in [1, 30, 60] {
            silent.note(&mut import, at(minute));
            Read::NotNow.note(&mut import, at(minute + 60));
            assert!(!import.log_done, "{minute}");
        }
        silent.note(&mut import, at(61));
        assert!(import.log_done);
    }
}
