//! Why the next run does what it does about one person, as you would tell a colleague.

use jiff::Timestamp;

use super::{Next, RecordState};
use crate::{
    guard::{Digest, Kind},
    ledger::{Entry, Reading, Told},
    sync::hand::{Decision, Stays, Why},
};

/// Why somebody who would be told is kept back.
pub(super) enum Keeps {
    /// The table has nobody in scope.
    Empty,
    /// There are records without an external id.
    Held,
    /// The limit is reached.
    Latched {
        kind: Kind,
        since: Timestamp,
        digest: Option<Digest>,
    },
    /// The only reason to leave is another externalId template.
    OtherId { digest: Option<Digest> },
}

/// All that there is to say.
pub(super) struct Because<'a> {
    pub(super) next: Next,
    pub(super) state: RecordState,
    pub(super) decision: &'a Decision,
    pub(super) entry: Option<&'a Entry>,
    pub(super) reading: &'a Reading,
    /// Why they are stuck, and since when.
    pub(super) refusals: Option<(String, Timestamp)>,
    pub(super) keeps: Option<Keeps>,
    pub(super) paused: bool,
    pub(super) scanned: bool,
}

impl Because<'_> {
    pub(super) fn say(&self) -> String {
        let mut said = self.why();
        if self.paused {
            said += " The function is paused: runs only look until {\"command\":\"resume\"}.";
        }
        if self.scanned {
            said += " (This read the whole table, because a record's key does not identify the \
                     person.)";
        }
        said
    }

    /// The digest of the list on which they are.
    pub(super) fn digest(&self) -> Option<&Digest> {
        match self
            .keeps
            .as_ref()
            .filter(|_| self.next == Next::Withheld)?
        {
            Keeps::Empty | Keeps::Held => None,
            Keeps::Latched { digest, .. } | Keeps::OtherId { digest } => digest.as_ref(),
        }
    }

    fn why(&self) -> String {
        let record = self.record();
        let told = self.told();
        match self.next {
            Next::Nothing => self.nothing(),
            Next::Create => format!("{record}, and Okta was never told of them."),
            Next::Update => format!(
                "{record}, with other values than Okta was told{}.",
                self.when()
            ),
            Next::Reactivate => format!(
                "{record}, and Okta was told to deactivate them{}.",
                self.when()
            ),
            Next::Deactivate => format!("{record}, and {told}."),
            Next::Retell if self.is_called() => format!(
                "{record}, and {told}{}. The next full run's session tells it again, which \
                 confirms it.",
                self.came_of_call()
            ),
            Next::Retell => match &self.refusals {
                Some((reason, since)) => format!(
                    "{record}, and {told}, but that did not arrive. Since {since:.0}: {reason}."
                ),
                None => format!(
                    "{record}, and {told}, but nobody knows whether that arrived: its import \
                     failed, or has not ended. Telling it again does no harm."
                ),
            },
            Next::Waits if matches!(self.decision, Decision::Tell(_)) => format!(
                "{record}, and {told}, in an import that ended in ERROR. People of another such \
                 import are told first, in ever smaller sessions, to find out who makes it fail."
            ),
            Next::Waits => format!(
                "{record}, and {told}. That import has not ended, or another one that may carry \
                 them, and it might overtake what is told now. They are told once it has ended, or \
                 in 24 hours."
            ),
            Next::Withheld => format!("{record}, and {told}. {}", self.kept()),
            Next::Rejected => {
                format!("{record}. They stay as Okta has them until that is corrected.")
            }
            Next::Refused => {
                let why = match &self.refusals {
                    Some((reason, since)) => {
                        format!("Okta refuses this. Since {since:.0}: {reason}.")
                    }
                    None => "the import that they were alone in ended as ERROR: see Reports > \
                             Import Monitoring in the admin console."
                        .to_owned(),
                };
                // Some reasons say it themselves.
                let then = if why.contains("retryRefused") {
                    ""
                } else {
                    " They are told again when what Okta would be told changes, or by \
                     {\"command\":\"sync\",\"retryRefused\":true}."
                };
                format!("{record}, and {why}{then}")
            }
            Next::Stranger => format!(
                "{record}, and this function never told Okta of them, so as far as it knows there \
                 is nobody to deactivate. If Okta has them all the same, approve them: see the \
                 report's withheld.deactivations."
            ),
        }
    }

    fn record(&self) -> String {
        let why = match self.decision {
            Decision::Tell(ready) => ready.why,
            _ => None,
        };
        match (self.state, why) {
            (RecordState::Active, _) => "Their record says active".to_owned(),
            (RecordState::Inactive, _) => "Their record says inactive".to_owned(),
            (RecordState::OutOfScope, Some(Why::OutOfScope)) => {
                "The mapping's \"include\" leaves their record out".to_owned()
            }
            (RecordState::OutOfScope, _) => {
                "The mapping's \"include\" leaves their record out".to_owned()
            }
            (RecordState::Upcoming, _) => "Their first day is still ahead".to_owned(),
            (RecordState::Rejected, _) => match self.decision {
                Decision::Rejected(reject) if !reject.reasons.is_empty() => {
                    format!("Their record cannot be sent: {}", reject.reasons.join("; "))
                }
                _ => "Their record cannot be read".to_owned(),
            },
            (RecordState::Missing, Some(Why::Inactive)) => {
                "They have no record, and a push said that they leave".to_owned()
            }
            (RecordState::Missing, _) => "They have no record".to_owned(),
        }
    }

    fn told(&self) -> String {
        match self.entry {
            None => "Okta was never told of them".to_owned(),
            Some(entry) => {
                let what = match entry.told {
                    Told::Active(_) => "to have them active",
                    Told::Inactive => "to deactivate them",
                };
                let by = if self.is_called() {
                    " by a single-user call"
                } else {
                    ""
                };
                format!("Okta was told {what}{}{by}", self.when())
            }
        }
    }

    /// Whether a single-user call told them last, and no session since.
    fn is_called(&self) -> bool {
        self.entry.is_some_and(Entry::is_called)
    }

    fn came_of_call(&self) -> &'static str {
        let call = self.entry.map_or(0, |entry| entry.session);
        if self.reading.log.is_done(call) {
            ", which was seen to be done"
        } else {
            ", which was not seen to be done"
        }
    }

    /// That a session has confirmed what a call told before.
    fn confirmed(&self) -> String {
        let called = self
            .entry
            .filter(|_| !self.is_called())
            .and_then(|it| it.called);
        called
            .map(|at| format!(" A single-user call had told it on {at:.0}."))
            .unwrap_or_default()
    }

    fn when(&self) -> String {
        self.entry
            .map(|entry| format!(" on {:.0}", entry.at))
            .unwrap_or_default()
    }

    fn nothing(&self) -> String {
        let record = self.record();
        let stays = match self.decision {
            Decision::Nothing(stays) | Decision::UnderWay(stays) => *stays,
            _ => Stays::AsTheyAre,
        };
        let is_live = self.entry.is_some_and(|entry| {
            let standing = self.reading.of(entry).standing;
            standing.is_some_and(|standing| standing.live)
        });
        match (stays, self.entry) {
            (_, None) if self.state == RecordState::Missing => {
                "They have no record, and Okta was never told of them: check how the id is \
                 written, upper and lower case included."
                    .to_owned()
            }
            (Stays::Active | Stays::Inactive, Some(_)) => {
                let on_its_way = if is_live {
                    "; its import has not ended yet"
                } else {
                    ""
                };
                let confirmed = self.confirmed();
                format!(
                    "{record}, and {}. Nothing has changed since{on_its_way}.{confirmed}",
                    self.told()
                )
            }
            (Stays::Upcoming, _) => {
                format!(
                    "{record}: they are told when they are in scope, and stay as they are until \
                     then."
                )
            }
            (Stays::OutOfScope, _) => {
                format!(
                    "{record}, so they are not part of this identity source: they stay as Okta has \
                     them."
                )
            }
            (_, Some(entry))
                if self.state == RecordState::Missing && entry.told == Told::Inactive =>
            {
                format!(
                    "{record}, and {}. Nothing has changed since.{}",
                    self.told(),
                    self.confirmed()
                )
            }
            (_, Some(_)) if self.state == RecordState::Missing => format!(
                "{record}, and {}, by a push alone, or another record may be theirs: they stay as \
                 they are.",
                self.told()
            ),
            _ => format!("{record}: they stay as they are."),
        }
    }

    fn kept(&self) -> String {
        match &self.keeps {
            None => String::new(),
            Some(Keeps::Empty) => "The users table has nobody in scope, so nobody counts as gone, \
                                   whatever the limit: check USERS_TABLE, the table and the \
                                   mapping's \"include\"."
                .to_owned(),
            Some(Keeps::Held) => {
                "Some records have no external id, and any of them may be theirs: correct these \
                 records first (see the report's rejected)."
                    .to_owned()
            }
            Some(Keeps::OtherId { digest }) => format!(
                "They were told under an id that the mapping's externalId no longer gives, which \
                 alone deactivates nobody: {}.",
                approve(digest.as_ref())
            ),
            Some(Keeps::Latched {
                kind,
                since,
                digest,
            }) => format!(
                "The guard keeps back all {kind} beyond {} since {since:.0}. It lets them through \
                 once all that waits fits; or {}.",
                kind.variable(),
                approve(digest.as_ref())
            ),
        }
    }
}

fn approve(digest: Option<&Digest>) -> String {
    match digest {
        Some(digest) => {
            format!(
                "approve them with {{\"command\":\"approve\",\"digest\":\"{digest}\",\"only\":[…]}}"
            )
        }
        None => "the next full run lists the people that it withholds, and these can then be \
                 approved"
            .to_owned(),
    }
}
