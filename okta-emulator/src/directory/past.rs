//! What users were like before they changed.

use std::{
    collections::BTreeMap,
    ops::Bound,
    time::{Duration, SystemTime},
};

use super::record::Record;

/// The past is kept as long as the listing needs it.
#[derive(Debug)]
pub(super) struct Past {
    lag: Duration,
    versions: BTreeMap<String, Vec<Version>>,
}

/// What a user was like until then; `None` before the user existed.
#[derive(Debug)]
struct Version {
    until: SystemTime,
    record: Option<Record>,
}

impl Past {
    pub(super) fn new(lag: Duration) -> Self {
        Self {
            lag,
            versions: BTreeMap::new(),
        }
    }

    /// Remembers what a user was like, if the listing will need it.
    pub(super) fn remember(&mut self, external_id: &str, record: Option<&Record>, at: SystemTime) {
        if self.lag.is_zero() {
            return;
        }
        let lag = self.lag;
        let versions = self.versions.entry(external_id.to_owned()).or_default();
        versions.retain(|version| version.until + lag > at);
        versions.push(Version {
            until: at,
            record: record.cloned(),
        });
    }

    /// Whether the listing shows users as they are now.
    pub(super) fn is_now(&self) -> bool {
        self.lag.is_zero()
    }

    /// The time as of which the listing shows users.
    pub(super) fn then(&self, now: SystemTime) -> SystemTime {
        now - self.lag
    }

    /// The users in this range of externalIds who have changed.
    pub(super) fn changed(&self, range: (Bound<&str>, Bound<&str>)) -> impl Iterator<Item = &str> {
        self.versions
            .range::<str, _>(range)
            .map(|(external_id, _)| external_id.as_str())
    }

    /// What a user was like then, if that differs from now. `Some(None)` if the user did not exist
    /// yet.
    pub(super) fn as_of(&self, external_id: &str, then: SystemTime) -> Option<Option<&Record>> {
        let all = self.versions.get(external_id)?;
        let version = all.iter().find(|version| version.until > then)?;
        Some(version.record.as_ref())
    }
}
