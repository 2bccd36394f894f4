//! `okta-emulator`: the emulator as a program of its own.

mod arguments;

use std::{io, mem, process::ExitCode};

use clap::Parser;
use okta_emulator::Emulator;

use arguments::Arguments;

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("okta-emulator: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(mut arguments: Arguments) -> io::Result<()> {
    let faults = mem::take(&mut arguments.faults);
    let options = arguments.options()?;
    let bind = options.bind;
    let okta = Emulator::start(options)
        .await
        .map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => told(&error, "--jwks"),
            _ => told(&error, &format!("listening on {bind}")),
        })?;
    for fault in faults {
        okta.inject(fault);
    }
    println!(
        "okta-emulator: listening on {} for identity source {} and API token {} (open it in a \
         browser to watch imports)",
        okta.url(),
        okta.options().identity_source,
        okta.options().token,
    );
    ended().await
}

/// The same error, with what was being done.
fn told(error: &io::Error, what: &str) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

/// Waits for Ctrl-C, or for SIGTERM, which ends a container: the first process in one ignores
/// SIGTERM unless it listens for it.
#[cfg(unix)]
async fn ended() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminated.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn ended() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
