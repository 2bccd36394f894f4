//! Which calls are counted together.

use std::{collections::BTreeMap, str::FromStr, time::Duration};

use crate::duration::parse_duration;

/// Calls that Okta counts together, and separately from all others.
///
/// That sessions, loads of either kind and triggers are counted separately is
/// known from Okta's own map of its endpoints. For groups and single users it
/// is an assumption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// Listing, opening, reading and cancelling sessions.
    Sessions,
    /// `bulk-upsert`, and the same for groups and memberships.
    BulkUpsert,
    /// `bulk-delete`, and the same for groups and memberships.
    BulkDelete,
    /// `start-import`.
    StartImport,
    /// Single users of the identity source.
    SourceUsers,
    /// Single groups of the identity source, and their members.
    SourceGroups,
    /// `/api/v1/apps`.
    Apps,
    /// `/api/v1/users`.
    Users,
    /// `/api/v1/logs`.
    Logs,
    /// `/oauth2/v1/token`.
    Token,
    /// Everything else: schemas, mappings.
    Other,
}

impl Bucket {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Sessions,
        Self::BulkUpsert,
        Self::BulkDelete,
        Self::StartImport,
        Self::SourceUsers,
        Self::SourceGroups,
        Self::Apps,
        Self::Users,
        Self::Logs,
        Self::Token,
        Self::Other,
    ];

    /// The bucket of a call by its path.
    pub(crate) fn of(path: &str) -> Self {
        let below = |prefix: &str| path == prefix || path.starts_with(&format!("{prefix}/"));
        if path == "/oauth2/v1/token" {
            return Self::Token;
        }
        for (prefix, bucket) in [
            ("/api/v1/apps", Self::Apps),
            ("/api/v1/users", Self::Users),
            ("/api/v1/logs", Self::Logs),
        ] {
            if below(prefix) {
                return bucket;
            }
        }
        let source = path.strip_prefix("/api/v1/identity-sources/");
        let mut segments = source.unwrap_or_default().split('/').skip(1);
        match (segments.next(), segments.nth(1)) {
            (Some("sessions"), Some("start-import")) => Self::StartImport,
            (Some("sessions"), Some(load)) if load.ends_with("upsert") => Self::BulkUpsert,
            (Some("sessions"), Some(load)) if load.ends_with("delete") => Self::BulkDelete,
            (Some("sessions"), _) => Self::Sessions,
            (Some("users"), _) => Self::SourceUsers,
            (Some("groups"), _) => Self::SourceGroups,
            _ => Self::Other,
        }
    }

    /// The limit that a large org reports when none is enforced.
    pub(crate) fn roomy(self) -> RateLimit {
        RateLimit {
            limit: match self {
                Self::Apps => 100,
                Self::Token => 150,
                _ => 600,
            },
            per: MINUTE,
        }
    }

    /// The limits that were recorded with a preview org: 15 calls a minute for
    /// sessions, 100 for apps, 150 for tokens. The others are not known.
    pub fn recorded() -> BTreeMap<Self, RateLimit> {
        [(Self::Sessions, 15), (Self::Apps, 100), (Self::Token, 150)]
            .map(|(bucket, limit)| (bucket, RateLimit { limit, per: MINUTE }))
            .into()
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::BulkUpsert => "bulk-upsert",
            Self::BulkDelete => "bulk-delete",
            Self::StartImport => "start-import",
            Self::SourceUsers => "source-users",
            Self::SourceGroups => "source-groups",
            Self::Apps => "apps",
            Self::Users => "users",
            Self::Logs => "logs",
            Self::Token => "token",
            Self::Other => "other",
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);

impl FromStr for Bucket {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names = Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|bucket| bucket.name() == text)
            .ok_or_else(|| format!("{text:?} is not one of {names}"))
    }
}

/// A number of calls per window of time, written `15/60s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Calls answered in one window.
    pub limit: u32,
    /// How long a window lasts.
    pub per: Duration,
}

impl FromStr for RateLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (limit, per) = text
            .split_once('/')
            .ok_or("expected a number of calls and a time, such as 15/60s")?;
        let limit = limit
            .parse()
            .map_err(|_| format!("{limit:?} is not a number of calls"))?;
        let per = parse_duration(per)?;
        if per.is_zero() {
            return Err("the window must be longer than zero".to_owned());
        }
        Ok(Self { limit, per })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_limit_is_calls_per_time() {
        let limit: RateLimit = "15/60s".parse().unwrap();

        assert_eq!(limit.limit, 15);
        assert_eq!(limit.per, Duration::from_secs(60));
    }

    #[test]
    fn a_rate_limit_without_a_window_is_refused() {
        for text in ["15", "15/", "many/60s", "15/0s", "15/-5s"] {
            assert!(text.parse::<RateLimit>().is_err(), "{text}");
        }
    }

    #[test]
    fn calls_are_told_apart_by_their_path() {
        let of = |path: &str| Bucket::of(&format!("/api/v1/identity-sources/0oa{path}"));

        assert_eq!(of("/sessions"), Bucket::Sessions);
        assert_eq!(of("/sessions/aps1"), Bucket::Sessions);
        assert_eq!(of("/sessions/aps1/bulk-upsert"), Bucket::BulkUpsert);
        assert_eq!(of("/sessions/aps1/bulk-groups-delete"), Bucket::BulkDelete);
        assert_eq!(of("/sessions/aps1/start-import"), Bucket::StartImport);
        assert_eq!(of("/users/ada"), Bucket::SourceUsers);
        assert_eq!(of("/groups/staff/membership"), Bucket::SourceGroups);
        assert_eq!(Bucket::of("/api/v1/apps/0oa/users"), Bucket::Apps);
        assert_eq!(Bucket::of("/api/v1/users/00u1"), Bucket::Users);
        assert_eq!(Bucket::of("/api/v1/logs"), Bucket::Logs);
        assert_eq!(Bucket::of("/api/v1/mappings"), Bucket::Other);
    }
}
