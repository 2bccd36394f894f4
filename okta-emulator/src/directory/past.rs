//! What users were like before they changed.

use std::{
    collections::BTreeMap,
    ops::Bound,
    time::{Duration, SystemTime},
};

use super::record::Record;

/// It is remembered for as long as the listing goes by it.
#[derive(Debug)]
pub(super) struct Past {
    lag: Duration,
    versions: BTreeMap<String, Vec<Version>>,
}

/// What a user was like until then; nobody before the user came.
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

    /// Remembers what a user was like, where that will be asked for.
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

    /// Whether the listing goes by what users are like now.
    pub(super) fn is_now(&self) -> bool {
        self.lag.is_zero()
    }

    /// The time that the listing goes by.
    pub(super) fn then(&self, now: SystemTime) -> SystemTime {
        now - self.lag
    }

    /// Who has changed, in this range of externalIds.
    pub(super) fn changed(&self, range: (Bound<&str>, Bound<&str>)) -> impl Iterator<Item = &str> {
        self.versions
            .range::<str, _>(range)
            .map(|(external_id, _)| external_id.as_str())
    }

    /// What a user was like then, where that is another than now; nobody if the user had not come.
    pub(super) fn as_of(&self, external_id: &str, then: SystemTime) -> Option<Option<&Record>> {
        let all = self.versions.get(external_id)?;
        let version = all.iter().find(|version| version.until > then)?;
        Some(version.record.as_ref())
    }
}
