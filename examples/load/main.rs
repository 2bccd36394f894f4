//! `cargo run --release --example load`
//!
//! What the function costs at size: the real function in a process of its own, against a
//! stand-in for DynamoDB and an emulation of Okta in another, both fast enough not to be what
//! is measured. Linux only: it reads times and memory from /proc.
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

/// Whatever keeps the example from going on.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// Measures the function at size and prints how long each phase takes, users a second, the
/// memory at its peak, and the requests on both sides.
#[derive(Debug, Parser)]
pub struct Arguments {
    /// How many users; several with commas between show how time and memory grow
    #[arg(
        long,
        value_name = "N",
        value_delimiter = ',',
        default_value = "100000"
    )]
    users: Vec<u32>,
    /// What to play; several with commas between
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "plan,unchanged,changed,pace"
    )]
    scenario: Vec<Scenario>,
    /// What a record takes in the table, attributes that no mapping names included
    #[arg(long, value_name = "BYTES", default_value_t = 1024)]
    record_bytes: u32,
    /// How long an invocation may last in the first load, whose time is scaled
    #[arg(long, value_name = "TIME", default_value = "120s", value_parser = parse_duration)]
    invocation: Duration,
    /// What this process is, where it was started by another one
    #[arg(long, value_enum, hide = true)]
    part: Option<Part>,
}

/// What is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Nothing has changed: a dry run
    Plan,
    /// Nothing has changed: a full run
    Unchanged,
    /// One in a hundred has changed, a tenth of them are to leave: a full run
    Changed,
    /// Okta knows nobody: full runs until there is no more to do
    FirstLoad,
    /// The same against an embedded DynamoDB, one invocation in a process after another, of which
    /// ten are killed on the way
    ToTheEnd,
    /// Fifty loads in flight, without a rate limit and with one, in virtual time
    Pace,
    /// Okta has everybody, and no groups: full runs until all are in theirs, one in which nothing has
    /// changed, and full runs after one in ten was put into other groups
    Groups,
    /// Okta has everybody as they are to be: a verification
    Verify,
    /// A verification of 100,000, without a rate limit and with some, in virtual time
    VerifyPace,
}

/// The processes beside the one that prints.
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
