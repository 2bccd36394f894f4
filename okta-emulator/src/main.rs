//! `okta-emulator`: the emulator as a program of its own.

use std::{io, net::SocketAddr, path::PathBuf, time::Duration};

use clap::Parser;
use okta_emulator::{Dpop, Emulator, Options, RateLimit, ServiceApp, parse_duration};

/// Okta's Identity Sources API ("Anything-as-a-Source"), emulated with its
/// limits and traps.
///
/// Point a client at the address that is printed, with the identity source's
/// id and the token given here. Everything is held in memory and gone when the
/// program ends.
///
/// Open the address in a browser for the Import Monitoring page: sessions, what
/// happened to each of their users and why, the directory, calls and faults.
///
/// For tools: GET /_emulator/state (sessions, what each did, the
/// directory's size and, with ?users=true, its users; and every violation of
/// Okta's rules) and GET /_emulator/requests (every call).
///
/// To make something go wrong: POST /_emulator/faults, for example
/// {"method": "POST", "path": "/sessions/*/bulk-upsert", "nth": 2, "times": 1,
/// "effect": {"type": "closeAfter"}}. GET lists the faults, DELETE takes them
/// away. The effects: status (status, code, causes), rateLimited (headers),
/// delay (time), delayAnswer (time), closeBefore, closeAfter, truncate,
/// notJson, answerStatus (status), sessionEnds (how: ERROR, EXPIRED, CLOSED or
/// COMPLETED), cooldown (time); on loads refuseEntities (poison, named),
/// refuseEntitiesWith (status, poison, named), statusLags (time); on
/// start-import importTakes (time), importWakes (after), importRepeats (after),
/// importEnds (how, applied), importFails (poison, applied), importRefuses
/// (poison, reason).
///
/// An admin's hand: POST /_emulator/users/{externalId}, for example
/// {"do": "edit", "attribute": "lastName", "value": "Byron"} or {"do":
/// "deactivate"}, and in the same way reactivate, unassign and delete. PUT and
/// DELETE /_emulator/logins/{login} give a login to somebody of another source
/// and take it back.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
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
    /// Client id of a service app that may get access tokens at
    /// /oauth2/v1/token; the API token works beside it
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
    /// Attributes that the app has beyond the base six, with commas between;
    /// others are dropped at import. Default: the eight of Okta's tutorial
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    custom_attributes: Option<Vec<String>>,
    /// How long after a trigger no new session can be opened
    #[arg(long, value_name = "TIME", default_value = "300s", value_parser = parse_duration)]
    cooldown: Duration,
    /// How long an import takes
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = parse_duration)]
    import_time: Duration,
    /// Deactivated people do not keep their logins
    #[arg(long)]
    deactivation_frees_logins: bool,
    /// How long a session goes on saying CREATED once it was loaded
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration)]
    status_lag: Duration,
    /// How long each call takes; real ones take 1 to 2 seconds
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration)]
    call_time: Duration,
    /// Calls allowed in each window of time, such as 15/60s; all calls share
    /// them. Without it nothing is enforced
    #[arg(long, value_name = "N/TIME")]
    rate_limit: Option<RateLimit>,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let service_app = match arguments.client_id.zip(arguments.jwks) {
        Some((client_id, jwks)) => Some(ServiceApp {
            dpop: arguments.dpop,
            token_lifetime: arguments.token_lifetime,
            ..ServiceApp::from_file(client_id, &jwks)?
        }),
        None => None,
    };
    let defaults = Options::default();
    let okta = Emulator::start(Options {
        bind: SocketAddr::new(arguments.host, arguments.port),
        identity_source: arguments.identity_source,
        token: arguments.token,
        service_app,
        custom_attributes: arguments
            .custom_attributes
            .unwrap_or(defaults.custom_attributes),
        cooldown: arguments.cooldown,
        import_time: arguments.import_time,
        deactivation_frees_logins: arguments.deactivation_frees_logins,
        status_lag: arguments.status_lag,
        call_time: arguments.call_time,
        rate_limit: arguments.rate_limit,
        ..defaults
    })
    .await?;
    println!(
        "okta-emulator: listening on {} (open it in a browser to watch imports)",
        okta.url()
    );
    tokio::signal::ctrl_c().await
}
