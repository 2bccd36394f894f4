//! What an emulated org is like.

use std::{
    net::{Ipv4Addr, SocketAddr},
    str::FromStr,
    time::{Duration, SystemTime},
};

use jiff::SignedDuration;

use crate::oauth::ServiceApp;

/// The attributes that every Custom Identity Source profile has.
pub(crate) const BASE_ATTRIBUTES: [&str; 6] = [
    "userName",
    "firstName",
    "lastName",
    "email",
    "secondEmail",
    "mobilePhone",
];

/// The attributes that Okta's tutorial has the admin add to the profile.
const TUTORIAL_ATTRIBUTES: [&str; 8] = [
    "title",
    "displayName",
    "primaryPhone",
    "zipCode",
    "streetAddress",
    "city",
    "state",
    "countryCode",
];

/// What to emulate. Change what matters and take the rest from
/// [`Options::default`], which is Okta as documented.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen. Default: `127.0.0.1`, a port that the system chooses.
    pub bind: SocketAddr,
    /// The Custom Identity Source app's id. Default: `0oaemulated00source0`.
    pub identity_source: String,
    /// The API token that `Authorization: SSWS …` must carry.
    /// Default: `emulated-token`.
    pub token: String,
    /// The service app that may get access tokens. The API token works beside
    /// it. Default: none.
    pub service_app: Option<ServiceApp>,
    /// How long after a trigger no new session can be opened.
    /// Default: the five minutes that Okta documents.
    pub cooldown: Duration,
    /// How long Okta takes to process a triggered session. Default: 2 s.
    pub import_time: Duration,
    /// How long a call takes: half of it passes before the work and half
    /// after, so a client that goes away in the middle may or may not find
    /// its work done. Default: nothing.
    pub call_time: Duration,
    /// The rate limit that all calls share. `None`, the default, answers with
    /// the headers of a roomy limit and enforces nothing.
    pub rate_limit: Option<RateLimit>,
    /// Whether an upsert of a deactivated user reactivates it (the app's
    /// setting "Reactivate deactivated users"). Default: it does.
    pub reactivate: bool,
    /// Whether a deactivated user's login is free for others. Okta's support
    /// names deactivated users among those who hold a login that an import
    /// wants, so by default it is not; which is true is not known for sure.
    pub deactivation_frees_logins: bool,
    /// How long a session that was loaded for the first time still says
    /// CREATED when it is looked at, while all else goes by its real status.
    /// Default: not at all.
    pub status_lag: Duration,
    /// What the admin added to the app's profile beyond the six base
    /// attributes. Attributes that the app does not have are dropped at import
    /// without an error. Default: the eight of Okta's tutorial.
    pub custom_attributes: Vec<String>,
    /// Users in one bulk request. Default: the 200 of Okta's guide "Build a
    /// Custom Identity Source". Fewer let small tests
    /// meet what large directories meet.
    pub max_entities: usize,
    /// Bulk requests in one session. Default: the same guide's 50.
    pub max_bulk_requests: u32,
    /// The time at which the emulator's clock starts. Default: now.
    pub started: SystemTime,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            identity_source: "0oaemulated00source0".to_owned(),
            token: "emulated-token".to_owned(),
            service_app: None,
            cooldown: Duration::from_secs(300),
            import_time: Duration::from_secs(2),
            call_time: Duration::ZERO,
            rate_limit: None,
            reactivate: true,
            deactivation_frees_logins: false,
            status_lag: Duration::ZERO,
            custom_attributes: TUTORIAL_ATTRIBUTES.map(str::to_owned).to_vec(),
            max_entities: 200,
            max_bulk_requests: 50,
            started: SystemTime::now(),
        }
    }
}

/// So many calls in each window of time, written `15/60s`.
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
            return Err("the window must last longer than nothing".to_owned());
        }
        Ok(Self { limit, per })
    }
}

/// Reads a duration as people write it: `300s`, `5m`, `1h 30m`, `250ms`.
///
/// # Errors
/// A sentence that says what was expected.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    text.parse::<SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| format!("{text:?} is not a duration such as 300s, 5m or 250ms"))
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
}
