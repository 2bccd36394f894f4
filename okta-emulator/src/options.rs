//! What an emulated org is like.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, SystemTime},
};

use crate::{
    buckets::{Bucket, RateLimit},
    oauth::ServiceApp,
    unknowns::{Empty, SingleDelete},
};

/// The attributes that every Custom Identity Source profile has.
pub(crate) const BASE_ATTRIBUTES: [&str; 6] = [
    "userName",
    "firstName",
    "lastName",
    "email",
    "secondEmail",
    "mobilePhone",
];

/// The attributes that the admin adds to the profile in Okta's tutorial.
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

/// What to emulate. Change what matters, and take the rest from
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
    /// The service app that can get access tokens. The API token works as well.
    /// Default: none.
    pub service_app: Option<ServiceApp>,
    /// How long after a trigger no new session can be opened.
    /// Default: the five minutes that Okta documents.
    pub cooldown: Duration,
    /// The same after a session that was cancelled before its trigger.
    /// Default: zero, as was recorded with a real org. Okta's documentation can
    /// be read as five minutes.
    pub cancel_cooldown: Duration,
    /// How long an open session lives without a request. `None`: for ever. A
    /// recorded one was still CREATED after nine days.
    /// Default: the 24 hours that Okta documents.
    pub expiry: Option<Duration>,
    /// How long Okta takes to process a triggered session. Default: 2 s.
    pub import_time: Duration,
    /// How long a call takes. Half of it passes before the work and half after,
    /// so a client that leaves in the middle may or may not find its work done.
    /// Default: zero.
    pub call_time: Duration,
    /// A rate limit that all calls share, except those for tokens and those
    /// in buckets with their own limit. `None`, the default, enforces nothing.
    pub rate_limit: Option<RateLimit>,
    /// Limits of buckets of calls, each counted separately. A bucket without
    /// any limit answers with the headers of a large org. Default: none.
    /// [`Bucket::recorded`] has those of a preview org.
    pub rate_limits: BTreeMap<Bucket, RateLimit>,
    /// Whether an upsert of a deactivated user reactivates it (the app's
    /// setting "Reactivate deactivated users"). Default: it does.
    pub reactivate: bool,
    /// Whether a deactivated user's login is free for others. Okta's support
    /// names deactivated users among the holders of a login that an import
    /// wants, so by default it is not. The truth is not known.
    pub deactivation_frees_logins: bool,
    /// How long a session still says CREATED after its first load when it is
    /// read. Everything else follows its real status.
    /// Default: zero.
    pub status_lag: Duration,
    /// What happens to an upsert with an empty profile. Default: it is taken and
    /// makes an empty user, as Okta documents.
    pub empty_profiles: Empty,
    /// What happens to a load whose `profiles` is missing or empty. Default: it
    /// is refused.
    pub empty_loads: Empty,
    /// What a single user's DELETE does. Default: it deactivates the user.
    pub single_delete: SingleDelete,
    /// Whether a DELETE of a single user or group is answered with 204, as Okta
    /// documents, instead of 200 and an empty body, as was recorded.
    pub delete_answers_204: bool,
    /// The status in the list of the app's users once they are deactivated;
    /// `None` if they are no longer listed. Which of these is true, and which
    /// status, is not known. Default: `DEPROVISIONED`.
    pub deactivated_listed_as: Option<String>,
    /// How far the list of the app's users lags behind. Default: zero.
    pub listing_lag: Duration,
    /// How long the link to the next page of the app's users can be used.
    /// `None`, the default: for ever.
    pub page_link_life: Option<Duration>,
    /// How long after it happened an event can be read in the System Log.
    /// Default: at once.
    pub log_lag: Duration,
    /// Whether the System Log has an event for every user that an import
    /// created, changed or deactivated, and not only for those that it refused.
    /// Which is true is not known. Default: it does not.
    pub log_every_user: bool,
    /// Whether the app imports groups. Default: it does.
    pub import_groups: bool,
    /// Attributes that the admin did not map to the Okta profile. Default:
    /// none.
    pub unmapped: Vec<String>,
    /// Attributes that the admin added to the app's profile, in addition to the
    /// six base attributes. Attributes that the app does not have are dropped at
    /// import without an error. Default: the eight of Okta's tutorial.
    pub custom_attributes: Vec<String>,
    /// Users in one bulk request. Default: the 200 of Okta's guide "Build a
    /// Custom Identity Source". With fewer, small tests meet the conditions of
    /// large directories.
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
            cancel_cooldown: Duration::ZERO,
            expiry: Some(Duration::from_hours(24)),
            import_time: Duration::from_secs(2),
            call_time: Duration::ZERO,
            rate_limit: None,
            rate_limits: BTreeMap::new(),
            reactivate: true,
            deactivation_frees_logins: false,
            status_lag: Duration::ZERO,
            empty_profiles: Empty::Taken,
            empty_loads: Empty::Refused,
            single_delete: SingleDelete::Deactivates,
            delete_answers_204: false,
            deactivated_listed_as: Some("DEPROVISIONED".to_owned()),
            listing_lag: Duration::ZERO,
            page_link_life: None,
            log_lag: Duration::ZERO,
            log_every_user: false,
            import_groups: true,
            unmapped: Vec::new(),
            custom_attributes: TUTORIAL_ATTRIBUTES.map(str::to_owned).to_vec(),
            max_entities: 200,
            max_bulk_requests: 50,
            started: SystemTime::now(),
        }
    }
}

impl Options {
    /// The names of all attributes of the app's profile.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &str> {
        let custom = self.custom_attributes.iter().map(String::as_str);
        BASE_ATTRIBUTES.into_iter().chain(custom)
    }
}
