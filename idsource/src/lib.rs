//! `idsource`: operates a DynamoDB identity source.
//!
//! ```text
//! command line ─► cli ─► act ─► place (a stack, or this process) ─► answer ─► show ─► terminal
//! ```
//!
//! `cli` defines the commands. Each has a function in `act`, which asks the function behind a
//! `place::Place` and passes the answer to `show`, which makes a `show::Document` of it. The
//! document is printed as text or Markdown, or the answer itself as JSON. What the function decides
//! is not decided again here.

mod act;
mod cli;
mod failure;
mod place;
mod prompt;
mod show;
mod version;

use std::process::ExitCode;

pub use crate::cli::Cli;
use crate::{failure::Failure, show::Exit};

/// Runs a command line.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    let done = start(cli);
    let exit = done.unwrap_or_else(|failure| {
        show::failure(&failure);
        failure.exit()
    });
    ExitCode::from(exit as u8)
}

fn start(cli: Cli) -> Result<Exit, Failure> {
    if let Some(file) = &cli.env_file {
        dotenvy::from_path(file).map_err(|why| {
            Failure::usage(format!(
                "{}: {}",
                file.display(),
                match why {
                    dotenvy::Error::Io(why) => why.to_string(),
                    // A line of it may hold a secret.
                    _ => "is not a file of lines such as USERS_TABLE=people".to_owned(),
                }
            ))
        })?;
    }
    if cli.verbose {
        tracing_subscriber::fmt()
            .with_writer(std::io::stderr)
            .init();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|why| Failure::failed(format!("cannot start threads: {why}")))?;
    runtime.block_on(act::act(cli))
}
