//! What became of the import sessions.

use std::collections::{BTreeMap, HashMap, HashSet};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use crate::okta::SessionId;

/// The sessions that are remembered: those whose end is not known yet, those that entries
/// must not rely on, and the last that landed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SessionLog {
    sessions: BTreeMap<SessionId, LoggedSession>,
    known_active: u64,
}

/// The attribute that holds [`SessionLog::known_active`]; no session has such an id.
pub(super) const KNOWN_ACTIVE: &str = "knownActive";

/// What is remembered of a session.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedSession {
    /// Whether its entries hold.
    pub verdict: Verdict,
    /// When it was opened.
    pub opened: Timestamp,
    /// When its import was started.
    pub triggered: Option<Timestamp>,
    /// The run that opened it.
    pub run: String,
}

/// Whether the entries that name a session hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may still be loading: nothing it carries has been imported.
    Open,
    /// Its import was started and has not been seen to end: its entries hold so far.
    Triggered,
    /// Its import completed, or Okta had nobody to import: its entries hold for good.
    Landed,
    /// It failed, expired or was cancelled: its entries are doubtful.
    Void,
}

impl Verdict {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Triggered => "TRIGGERED",
            Self::Landed => "LANDED",
            Self::Void => "VOID",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Triggered, Self::Landed, Self::Void]
            .into_iter()
            .find(|verdict| verdict.as_str() == text)
    }
}

impl LoggedSession {
    pub(super) fn to_attribute(&self) -> AttributeValue {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let mut map = HashMap::from([
            ("verdict".to_owned(), text(self.verdict.as_str())),
            ("opened".to_owned(), text(&self.opened.to_string())),
            ("run".to_owned(), text(&self.run)),
        ]);
        if let Some(triggered) = self.triggered {
            map.insert("triggered".to_owned(), text(&triggered.to_string()));
        }
        AttributeValue::M(map)
    }

    fn from_attribute(attribute: &AttributeValue) -> Option<Self> {
        let map = attribute.as_m().ok()?;
        let text = |name: &str| map.get(name)?.as_s().ok();
        Some(Self {
            verdict: Verdict::parse(text("verdict")?)?,
            opened: text("opened")?.parse().ok()?,
            triggered: text("triggered").and_then(|time| time.parse().ok()),
            run: text("run")?.clone(),
        })
    }
}

impl SessionLog {
    /// Reads the log's item: each attribute but the key is a session.
    pub(super) fn from_item(item: &HashMap<String, AttributeValue>) -> Self {
        let known_active = item
            .get(KNOWN_ACTIVE)
            .and_then(|count| count.as_n().ok()?.parse().ok())
            .unwrap_or(0);
        let sessions = item.iter().filter_map(|(id, attribute)| {
            Some((
                SessionId::from(id.clone()),
                LoggedSession::from_attribute(attribute)?,
            ))
        });
        Self {
            sessions: sessions.collect(),
            known_active,
        }
    }

    /// How many users the last full run that came to its end left active: what a run that does
    /// not read the whole ledger measures its limit over.
    #[must_use]
    pub fn known_active(&self) -> u64 {
        self.known_active
    }

    /// The sessions and what is remembered of them.
    pub fn iter(&self) -> impl Iterator<Item = (&SessionId, &LoggedSession)> {
        self.sessions.iter()
    }

    /// What is remembered of one session.
    #[must_use]
    pub fn get(&self, id: &SessionId) -> Option<&LoggedSession> {
        self.sessions.get(id)
    }

    /// Remembers a session.
    pub fn set(&mut self, id: SessionId, session: LoggedSession) {
        self.sessions.insert(id, session);
    }

    /// Forgets sessions.
    pub fn remove(&mut self, ids: &[SessionId]) {
        for id in ids {
            self.sessions.remove(id);
        }
    }

    /// The sessions whose end has not been seen.
    #[must_use]
    pub fn unsettled(&self) -> Vec<SessionId> {
        self.with(|verdict| matches!(verdict, Verdict::Open | Verdict::Triggered))
            .cloned()
            .collect()
    }

    /// Whether an import was started that has not been seen to end.
    #[must_use]
    pub fn is_importing(&self) -> bool {
        self.with(|verdict| verdict == Verdict::Triggered)
            .next()
            .is_some()
    }

    /// The sessions whose entries do not hold.
    #[must_use]
    pub fn doubtful(&self) -> HashSet<SessionId> {
        self.with(|verdict| matches!(verdict, Verdict::Open | Verdict::Void))
            .cloned()
            .collect()
    }

    /// The sessions that need not be remembered any longer: all but the last `keep` of those
    /// that landed, and those that failed, that no entry names (`named`) any more, and that were
    /// opened before `old`.
    #[must_use]
    pub fn forgettable(
        &self,
        named: &HashSet<SessionId>,
        keep: usize,
        old: Timestamp,
    ) -> Vec<SessionId> {
        let mut landed: Vec<_> = self
            .sessions
            .iter()
            .filter(|(_, session)| session.verdict == Verdict::Landed)
            .collect();
        landed.sort_by_key(|(_, session)| std::cmp::Reverse(session.opened));
        let unnamed = self
            .sessions
            .iter()
            .filter(|(_, session)| session.verdict == Verdict::Void && session.opened < old)
            .map(|(id, _)| id)
            .filter(|id| !named.contains(*id));
        landed
            .into_iter()
            .skip(keep)
            .map(|(id, _)| id)
            .chain(unnamed)
            .cloned()
            .collect()
    }

    /// When an import was last started.
    #[must_use]
    pub fn last_triggered(&self) -> Option<Timestamp> {
        self.sessions
            .values()
            .filter_map(|session| session.triggered)
            .max()
    }

    fn with(&self, matches: impl Fn(Verdict) -> bool) -> impl Iterator<Item = &SessionId> {
        self.sessions
            .iter()
            .filter(move |(_, session)| matches(session.verdict))
            .map(|(id, _)| id)
    }
}
