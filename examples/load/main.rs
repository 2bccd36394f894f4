//! `cargo run --release --example load`
//!
//! Measures what the function costs at size: the real function in a process of its own, and a
//! stand-in for DynamoDB and an emulation of Okta in another, both fast enough not to distort the
//! measurement. Linux only: it reads times and memory from /proc.
#![allow(unreachable_pub)]

use std::{process::ExitCode, time::Duration};

use clap::{Parser, ValueEnum};
use okta_emulator::parse_duration;

mod dynamodb;
mod function;
mod groups;
#[path = "../local/invented.rs"]
mod invented;
mod pace;
mod processes;
mod scenarios;
mod servers;
mod table;
mod teams;
mod to_the_end;
mod verification;

/// Any error that ends the example.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// Measures the function at size and prints how long each phase takes, users per second, peak
/// memory, and the requests on both sides.
#[derive(Debug, Parser)]
pub struct Arguments {
    /// How many users; several, separated by commas, show how time and memory grow
    #[arg(
        long,
        value_name = "N",
        value_delimiter = ',',
        default_value = "100000"
    )]
    users: Vec<u32>,
    /// What to play; several are separated by commas
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "plan,unchanged,changed,pace"
    )]
    scenario: Vec<Scenario>,
    /// The size of a record in the table, with attributes that no mapping names
    #[arg(long, value_name = "BYTES", default_value_t = 1024)]
    record_bytes: u32,
    /// How long an invocation may last in the first load, where time is scaled
    #[arg(long, value_name = "TIME", default_value = "120s", value_parser = parse_duration)]
    invocation: Duration,
    /// What this process is, if another one started it
    #[arg(long, value_enum, hide = true)]
    part: Option<Part>,
}

/// A scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Nothing has changed: a dry run
    Plan,
    /// Nothing has changed: a full run
    Unchanged,
    /// One in a hundred has changed, a tenth of them leavers: a full run
    Changed,
    /// Okta knows nobody: full runs until nothing is left to do
    FirstLoad,
    /// The same with an embedded DynamoDB, one process per invocation; ten of them are killed on
    /// the way
    ToTheEnd,
    /// Fifty loads in flight, with and without a rate limit, in virtual time
    Pace,
    /// Okta has everybody, and no groups: full runs until everybody is in theirs, one with no
    /// changes, and full runs after one in ten moved to other groups
    Groups,
    /// Okta has everybody, as the mapping says: a verification
    Verify,
    /// A verification of 100,000, with several rate limits and without one, in virtual time
    VerifyPace,
}

/// The processes other than the one that prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Servers,
    Function,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.part {
        None => scenarios::play(&arguments),
        Some(Part::Servers) => servers::until_told(&arguments),
        Some(Part::Function) => function::invoke(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("load: {why}");
            ExitCode::FAILURE
        }
    }
}
