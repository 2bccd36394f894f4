//! The parts of the benchmark in `benches/peers` that are in Rust: the services that every client
//! is measured against, and this function as a client. `benches/peers/run` starts both.
#![allow(unreachable_pub)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[allow(dead_code, unused_imports)]
#[path = "../load/dynamodb/mod.rs"]
mod dynamodb;
mod function;
#[path = "../local/invented.rs"]
mod invented;
mod servers;
#[path = "../load/teams.rs"]
#[allow(dead_code, reason = "nobody here has groups")]
mod teams;

/// Any error that ends a part.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// A part of the benchmark that compares the function with alternatives: benches/peers/README.md.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Serves a DynamoDB and an emulation of Okta, until standard input ends
    Serve(servers::Arguments),
    /// Invokes the function that the environment configures, until nothing is left to do
    Sync,
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Arguments::parse().part {
        Part::Serve(arguments) => servers::serve(&arguments).await,
        Part::Sync => function::sync().await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("peers: {why}");
            ExitCode::FAILURE
        }
    }
}
