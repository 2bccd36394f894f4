//! The program's arguments.

use std::{io, net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, Parser};
use okta_emulator::{
    Bucket, Dpop, Empty, Fault, Options, RateLimit, ServiceApp, SingleDelete, parse_duration,
};

/// Okta's Identity Sources API ("Anything-as-a-Source"), emulated with its
/// limits and traps.
///
/// Point a client at the printed address, with the identity source's id and
/// the token given here. Everything is held in memory and gone when the
/// program ends.
///
/// Open the address in a browser for the Import Monitoring page: sessions, what
/// happened to each of their users and why, the directory with admin actions,
/// groups, the System Log, calls and faults.
///
/// For tools: GET /_emulator/state (sessions, what each did, the
/// directory's size and, with ?users=true, its users; and every violation of
/// Okta's rules) and GET /_emulator/requests (every call).
///
/// To make something go wrong: POST /_emulator/faults, for example {"method": "POST", "path":
/// "/sessions/*/bulk-upsert", "nth": 2, "times": 1, "effect": {"type": "closeAfter"}}, or use
/// --fault. GET lists the faults, DELETE removes them. The effects: status (status, code, causes),
/// rateLimited (headers), delay (time), delayAnswer (time), closeBefore, closeAfter, doneLater
/// (after), truncate, notJson, answerStatus (status), halfApplied, sessionEnds (how: ERROR,
/// EXPIRED, CLOSED or COMPLETED), cooldown (time); on loads refuseEntities (poison, named),
/// refuseEntitiesWith (status, poison, named), statusLags (time); on start-import importTakes
/// (time), importWakes (after), importRepeats (after), importEnds (how, applied), importFails
/// (poison, applied), importRefuses (poison, reason). A poison selects users: {"externalIds":
/// ["ada"]} or {"attribute": {"name": "lastName", "contains": "x"}}. Applied is "nobody", "half",
/// "all", {"first": 3} or {"except": a poison}.
///
/// To act as an admin: POST /_emulator/users/{externalId}, for example
/// {"do": "edit", "attribute": "lastName", "value": "Byron"} or {"do":
/// "deactivate"}; likewise reactivate, unassign and delete. PUT and DELETE
/// /_emulator/logins/{login} give a login to somebody from another source and
/// take it back.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    /// Port to listen on, 0 for a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    host: std::net::IpAddr,
    /// Id of the Custom Identity Source app
    #[arg(long, value_name = "ID", default_value = "0oaemulated00source0")]
    identity_source: String,
    /// API token, as in `Authorization: SSWS TOKEN`
    #[arg(long, default_value = "emulated-token")]
    token: String,
    #[command(flatten)]
    app: App,
    /// Attributes that the app has in addition to the base six, separated by
    /// commas; others are dropped at import. Default: the eight of Okta's tutorial
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    custom_attributes: Option<Vec<String>>,
    /// Attributes that are not mapped to the Okta profile, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    unmapped: Vec<String>,
    /// How long after a trigger no new session can be opened
    #[arg(long, value_name = "TIME", default_value = "300s", value_parser = parse_duration)]
    cooldown: Duration,
    /// How long an import takes
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = parse_duration)]
    import_time: Duration,
    /// How long each call takes; real ones take 1 to 2 seconds
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration)]
    call_time: Duration,
    /// Calls allowed per window of time, such as 15/60s; all calls share them.
    /// By default nothing is enforced
    #[arg(long, value_name = "N/TIME")]
    rate_limit: Option<RateLimit>,
    /// Calls of one kind allowed per window of time, counted separately, such
    /// as sessions=15/60s; may be given more than once
    #[arg(long, value_name = "KIND=N/TIME", value_parser = bucket_limit)]
    bucket_limit: Vec<(Bucket, RateLimit)>,
    /// Users in one bulk request: with fewer, a small directory meets the same
    /// conditions as a large one
    #[arg(long, value_name = "N", default_value_t = 200)]
    max_users: usize,
    /// Bulk requests in one session
    #[arg(long, value_name = "N", default_value_t = 50)]
    max_requests: u32,
    /// A fault to begin with, in the form that /_emulator/faults takes; may be
    /// given more than once
    #[arg(long = "fault", value_name = "JSON", value_parser = fault)]
    pub(crate) faults: Vec<Fault>,
    #[command(flatten)]
    unknowns: Unknowns,
}

/// The service app.
#[derive(Debug, Args)]
struct App {
    /// Client id of a service app that may get access tokens at
    /// /oauth2/v1/token; the API token works as well
    #[arg(long, value_name = "ID", requires = "jwks")]
    client_id: Option<String>,
    /// File with the service app's public keys: a JWK set or a single JWK
    #[arg(long, value_name = "FILE", requires = "client_id")]
    jwks: Option<PathBuf>,
    /// Whether the service app must use DPoP: required or allowed
    #[arg(long, default_value = "required", requires = "client_id")]
    dpop: Dpop,
    /// How long an access token lives
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = parse_duration)]
    token_lifetime: Duration,
    /// Scopes granted to the service app, separated by commas. Default: those
    /// for the identity source and for reading schemas
    #[arg(
        long,
        value_name = "SCOPES",
        value_delimiter = ',',
        requires = "client_id"
    )]
    scopes: Option<Vec<String>>,
}

/// Settings for what is unknown about Okta, or differs between orgs.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is unknown about Okta, or differs between orgs")]
struct Unknowns {
    /// How long after a cancelled session no new one can be opened
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration)]
    cancel_cooldown: Duration,
    /// How long an open session lives without a request, or never
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = expiry)]
    expiry: Expiry,
    /// How long a session still says CREATED after it was loaded
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration)]
    status_lag: Duration,
    /// An upsert of a deactivated user does not reactivate them
    #[arg(long)]
    no_reactivation: bool,
    /// Deactivated people do not keep their logins
    #[arg(long)]
    deactivation_frees_logins: bool,
    /// What happens to an empty profile: taken, ignored or refused
    #[arg(long, value_name = "WHAT", default_value = "taken")]
    empty_profiles: Empty,
    /// What happens to a load of nobody: ignored or refused
    #[arg(long, value_name = "WHAT", default_value = "refused")]
    empty_loads: Empty,
    /// What a single user's DELETE does: deactivates, does-nothing,
    /// cuts-the-tie, unknown-next-time, deactivates-and-cuts-the-tie or
    /// nothing-during-imports
    #[arg(long, value_name = "WHAT", default_value = "deactivates")]
    single_delete: SingleDelete,
    /// A single DELETE is answered with 204 instead of 200
    #[arg(long)]
    delete_answers_204: bool,
    /// The app's status for deactivated users in its list, or hidden
    #[arg(long, value_name = "STATUS", default_value = "DEPROVISIONED")]
    deactivated_listed_as: String,
    /// How far the list of the app's users lags behind
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration)]
    listing_lag: Duration,
    /// How long a link to the next page of that list can be used; by default
    /// for ever
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    page_link_life: Option<Duration>,
    /// How late events appear in the System Log
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration)]
    log_lag: Duration,
    /// The System Log has an event for every user of an import
    #[arg(long)]
    log_every_user: bool,
    /// The app does not import groups
    #[arg(long)]
    no_groups: bool,
}

/// The time after which a session expires, if ever.
#[derive(Clone, Copy, Debug)]
struct Expiry(Option<Duration>);

fn expiry(text: &str) -> Result<Expiry, String> {
    match text {
        "never" => Ok(Expiry(None)),
        time => parse_duration(time).map(|time| Expiry(Some(time))),
    }
}

fn bucket_limit(text: &str) -> Result<(Bucket, RateLimit), String> {
    let (bucket, limit) = text
        .split_once('=')
        .ok_or("expected a kind of calls and a limit, such as sessions=15/60s")?;
    Ok((bucket.parse()?, limit.parse()?))
}

fn fault(json: &str) -> Result<Fault, serde_json::Error> {
    serde_json::from_str(json)
}

impl App {
    fn registered(self) -> io::Result<Option<ServiceApp>> {
        let Some((client_id, jwks)) = self.client_id.zip(self.jwks) else {
            return Ok(None);
        };
        let app = ServiceApp::from_file(client_id, &jwks).map_err(|error| {
            io::Error::new(error.kind(), format!("--jwks {}: {error}", jwks.display()))
        })?;
        Ok(Some(ServiceApp {
            dpop: self.dpop,
            token_lifetime: self.token_lifetime,
            scopes: self.scopes.unwrap_or_else(|| app.scopes.clone()),
            ..app
        }))
    }
}

impl Arguments {
    /// The emulator's options.
    pub(crate) fn options(self) -> io::Result<Options> {
        let defaults = Options::default();
        let Unknowns {
            cancel_cooldown,
            expiry,
            status_lag,
            no_reactivation,
            deactivation_frees_logins,
            empty_profiles,
            empty_loads,
            single_delete,
            delete_answers_204,
            deactivated_listed_as,
            listing_lag,
            page_link_life,
            log_lag,
            log_every_user,
            no_groups,
        } = self.unknowns;
        Ok(Options {
            bind: SocketAddr::new(self.host, self.port),
            identity_source: self.identity_source,
            token: self.token,
            service_app: self.app.registered()?,
            cooldown: self.cooldown,
            cancel_cooldown,
            expiry: expiry.0,
            import_time: self.import_time,
            call_time: self.call_time,
            rate_limit: self.rate_limit,
            rate_limits: self.bucket_limit.into_iter().collect(),
            reactivate: !no_reactivation,
            deactivation_frees_logins,
            status_lag,
            empty_profiles,
            empty_loads,
            single_delete,
            delete_answers_204,
            deactivated_listed_as: Some(deactivated_listed_as).filter(|word| word != "hidden"),
            listing_lag,
            page_link_life,
            log_lag,
            log_every_user,
            import_groups: !no_groups,
            unmapped: self.unmapped,
            custom_attributes: self.custom_attributes.unwrap_or(defaults.custom_attributes),
            max_entities: self.max_users,
            max_bulk_requests: self.max_requests,
            started: defaults.started,
        })
    }
}
