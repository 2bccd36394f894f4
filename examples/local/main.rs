//! `cargo run --example local`
//!
//! Runs the function on this machine, with an embedded DynamoDB and an emulation of Okta, and plays
//! a story of some joiners, movers and leavers.
#![allow(unreachable_pub)]

use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::{Parser, value_parser};
use okta_emulator::{Emulator, Options, ServiceApp, parse_duration};
use tokio::net::TcpListener;

mod chapter;
mod groups;
mod invented;
mod live;
mod page;
mod people;
mod poller;
mod serve;
mod story;
#[path = "../../tests/support/mod.rs"]
mod support;

// The line of a row matters only to the program that loads people's own files.
#[allow(dead_code)]
#[path = "../populate/rows.rs"]
mod rows;
#[path = "../populate/writes.rs"]
mod writes;

use page::Page;
use people::People;
use support::{World, keys::Key};

/// Any error that ends the example.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// Plays joiners, movers and leavers through the real function, with a DynamoDB and an emulation
/// of Okta inside this process. Needs no account and no network.
#[derive(Debug, Parser)]
pub struct Arguments {
    /// Play it with so many generated people instead of the hundred in events/sample-users.csv
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(20..=200_000))]
    users: Option<u32>,
    /// Play nothing: load the people into the table, print the environment that points the function
    /// at both services, and keep them up until Ctrl-C
    #[arg(long)]
    serve: bool,
    /// Play it, then keep both services up until Ctrl-C, so that you can look at Okta's Import
    /// Monitoring page
    #[arg(long, conflicts_with = "serve")]
    stay: bool,
    /// Also write that environment to a file: for `sam local invoke --env-vars` if its name ends in
    /// .json, else as KEY=VALUE lines
    #[arg(long, value_name = "FILE", requires = "serve")]
    write_env: Option<PathBuf>,
    /// Give the function an API token. Without this it is a service app, as Okta recommends: OAuth
    /// 2.0 with a key that is made each time, and DPoP
    #[arg(long)]
    api_token: bool,
    /// Address to listen on; 0.0.0.0 admits containers and other machines
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// DynamoDB's port, 0 for a free one [default: 8000 with --serve or --stay, else 0]
    #[arg(long, value_name = "PORT")]
    dynamodb_port: Option<u16>,
    /// Okta's port, 0 for a free one [default: 8001 with --serve or --stay, else 0]
    #[arg(long, value_name = "PORT")]
    okta_port: Option<u16>,
    /// How long after an import starts Okta refuses to open another session; five minutes in
    /// reality [default: 10s with --serve, else 1s]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    cooldown: Option<Duration>,
    /// How long an import takes Okta [default: 2s with --serve, else 700ms]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    import_time: Option<Duration>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // The reader of our output has seen enough.
        Err(why) if is_broken_pipe(&why) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("local: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Plays or serves. Returns false if the story failed.
async fn run(arguments: Arguments) -> Result<bool, Trouble> {
    let people = People::new(arguments.users.map(|count| count as usize))?;
    let page = Page::new();
    let world = start(&arguments).await?;
    if arguments.serve {
        serve::serve(&world, &people, &page, &arguments).await?;
        return Ok(true);
    }
    page.line("DynamoDB as an Okta identity source, on this machine")?;
    page.line("")?;
    page.paragraph(&format!(
        "The function is the real one. DynamoDB and Okta are stand-ins inside this process. \
             The function signs in with {}. \
             It is started by EventBridge's event (events/schedule.json), the table's stream, or a \
             direct invocation.",
        if arguments.api_token {
            "an API token"
        } else {
            "OAuth 2.0 and DPoP, as a service app"
        }
    ))?;
    let in_a_browser = serve::at("127.0.0.1", &world.okta.url());
    page.line("")?;
    page.paragraph("Watch Okta's Import Monitoring page in a browser:")?;
    page.paragraph(&in_a_browser)?;
    story::load(&world, &people, &page).await?;
    let failed = story::play(&world, &people, &page).await?;
    if arguments.stay {
        page.line(&format!("Okta's pages are at {in_a_browser} until Ctrl-C."))?;
        tokio::signal::ctrl_c().await?;
    } else {
        page.line("With --stay, both services stay up, and Okta's pages can be opened.")?;
    }
    Ok(failed == 0)
}

async fn start(arguments: &Arguments) -> Result<World, Trouble> {
    let (dynamodb_port, okta_port) = if arguments.serve || arguments.stay {
        (8000, 8001)
    } else {
        (0, 0)
    };
    let (cooldown, import_time) = if arguments.serve {
        (10_000, 2_000)
    } else {
        (1_000, 700)
    };
    let dynamodb = SocketAddr::new(
        arguments.host,
        arguments.dynamodb_port.unwrap_or(dynamodb_port),
    );
    let listener = TcpListener::bind(dynamodb)
        .await
        .map_err(|error| format!("listening on {dynamodb} (--dynamodb-port): {error}"))?;
    let okta = SocketAddr::new(arguments.host, arguments.okta_port.unwrap_or(okta_port));
    let key = Key::new();
    let mut app = ServiceApp::new(support::CLIENT, &*key.jwks);
    // Runs need only the scopes it has. A verification needs this one.
    app.scopes.push("okta.apps.read".to_owned());
    // A proof of single-user calls reads users' statuses.
    app.scopes.push("okta.users.read".to_owned());
    let options = Options {
        bind: okta,
        identity_source: support::SOURCE.to_owned(),
        token: support::TOKEN.to_owned(),
        service_app: Some(app),
        cooldown: arguments
            .cooldown
            .unwrap_or(Duration::from_millis(cooldown)),
        import_time: arguments
            .import_time
            .unwrap_or(Duration::from_millis(import_time)),
        ..Options::default()
    };
    let emulator = Emulator::start(options)
        .await
        .map_err(|error| format!("listening on {okta} (--okta-port): {error}"))?;
    let mut world = World::of(emulator, listener).await;
    if !arguments.api_token {
        world.credentials = key.credentials(support::CLIENT);
    }
    Ok(world)
}

fn is_broken_pipe(why: &Trouble) -> bool {
    why.downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
