//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Operates a DynamoDB identity source: shows what it would do, does it, and shows the result.
///
/// Say where it is: --stack NAME uses a deployed stack, found by its outputs. --local runs the same
/// function in this process, with your own AWS credentials. Both give the same answers.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage, 3 something is withheld or differs.
#[derive(Debug, Parser)]
#[command(name = "idsource", version = crate::version::SHOWN, max_term_width = 100)]
pub struct Cli {
    /// The function's CloudFormation stack; without this and --local, IDSOURCE_STACK names it
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "local")]
    pub(crate) stack: Option<String>,
    /// Run the function in this process, configured by the environment like the deployed one
    #[arg(long, global = true)]
    pub(crate) local: bool,
    /// Read environment variables from a file of NAME=VALUE lines; those that are set already stay
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
    /// With --local: the mapping to run with, instead of MAPPING
    #[arg(long = "mapping", value_name = "FILE")]
    pub(crate) local_mapping: Option<PathBuf>,
    /// Print the function's answer as JSON
    #[arg(long, global = true, conflicts_with = "markdown")]
    pub(crate) json: bool,
    /// Print Markdown, for a ticket
    #[arg(long, global = true)]
    pub(crate) markdown: bool,
    /// Do not ask before changes (an approval always asks)
    #[arg(long, short, global = true)]
    pub(crate) yes: bool,
    /// With --local: print the function's log to standard error
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what the next full run would do; changes nothing
    Plan(Plan),
    /// Tell Okta what has changed in the table, and follow that until it is done
    Sync(Sync),
    /// Approve people that the guard withholds
    Approve(Approve),
    /// Make runs only look, and tell Okta nothing
    Pause(Reason),
    /// Let runs tell Okta again
    Resume(Reason),
    /// Push records of people who are not in the table
    Push(Push),
    /// Compare what Okta has with what the table says
    Verify(Verify),
    /// Find out with a made-up person how single-user calls behave in this org
    Prove(Prove),
    /// Explain one person: record, ledger, Okta, guard, and what the next run will do
    Explain(Explain),
    /// Show how things stand
    Status,
    /// Show what runs did, and who was told
    History(History),
    /// Show what is in the failure queue, and retry it
    Queue(Queue),
    /// Check everything that a run needs; changes nothing
    Doctor,
    /// Write and test a mapping; needs no account
    #[command(subcommand)]
    Mapping(Mapping),
}

#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// How many people of each kind to list
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=200))]
    pub(crate) limit: u64,
    /// Show the old and new values, if the function's PLAN_VALUES allows it
    #[arg(long)]
    pub(crate) values: bool,
    /// Plan to tell refused people again
    #[arg(long, conflicts_with = "candidate")]
    pub(crate) retry_refused: bool,
    /// Show what this mapping would change, instead of what is due
    #[arg(long = "mapping", id = "candidate", value_name = "FILE")]
    pub(crate) candidate: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Sync {
    /// Only these people, by external id
    #[arg(long, value_name = "ID", num_args = 1.., conflicts_with = "rebind")]
    pub(crate) only: Vec<String>,
    /// Bind the ledger to the org, source, table and mapping that are configured now
    #[arg(long)]
    pub(crate) rebind: bool,
    /// Tell refused people again
    #[arg(long)]
    pub(crate) retry_refused: bool,
    /// With --stack: start it without following it
    #[arg(long, conflicts_with = "only")]
    pub(crate) detach: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// The list's digest; needed only if more than one kind is withheld
    #[arg(value_name = "DIGEST")]
    pub(crate) digest: Option<String>,
    /// Only these people, by external id
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub(crate) only: Vec<String>,
    /// Why
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Reason {
    /// Why; status shows it
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Push {
    /// The records: a JSON array, or one JSON object on each line
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The time the records are from, in RFC 3339; the default is now
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<jiff::Timestamp>,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Write ledger entries for people who match at Okta, instead of sending them
    #[arg(long)]
    pub(crate) adopt: bool,
    /// Make the next run tell people again who differ at Okta
    #[arg(long)]
    pub(crate) repair: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Prove {
    /// What Okta's console showed to be right after the first proof
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(crate) confirmed: Option<Confirmed>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Confirmed {
    /// The made-up person is deactivated
    Deactivate,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Explain {
    /// The person's external id
    #[arg(value_name = "EXTERNAL_ID")]
    pub(crate) external_id: Option<String>,
    /// The key of a record about them, as JSON: {"id":"alice"}
    #[arg(long, value_name = "KEY")]
    pub(crate) record: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct History {
    /// One run, by its id
    #[arg(value_name = "RUN", conflicts_with_all = ["deactivated", "since"])]
    pub(crate) run: Option<String>,
    /// Who was deactivated, by which run
    #[arg(long)]
    pub(crate) deactivated: bool,
    /// How far back: 36h, 7d, or a time in RFC 3339
    #[arg(long, value_name = "WHEN", default_value = "24h")]
    pub(crate) since: String,
}

#[derive(Debug, Args)]
pub(crate) struct Queue {
    /// Send lost pushes again, make up for lost batches with a full sync, and delete what worked
    #[arg(long)]
    pub(crate) retry: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Mapping {
    /// Show what a mapping makes of some records
    Test(MappingTest),
    /// Write a mapping from the columns of a CSV file or a table
    Init(MappingInit),
}

#[derive(Debug, Args)]
pub(crate) struct MappingTest {
    /// The mapping
    #[arg(long = "mapping", id = "tested", value_name = "FILE")]
    pub(crate) mapping: PathBuf,
    /// The records: a JSON array, one JSON object on each line, or CSV with a header
    #[arg(long, value_name = "FILE")]
    pub(crate) records: PathBuf,
    /// The expected outcomes, as this command prints them with --json; differences are shown
    #[arg(long, value_name = "FILE")]
    pub(crate) expect: Option<PathBuf>,
    /// The time to judge first and last days by, in RFC 3339; the default is now
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<jiff::Timestamp>,
}

#[derive(Debug, Args)]
pub(crate) struct MappingInit {
    #[command(flatten)]
    pub(crate) columns: Columns,
    /// Where to write it; the default is standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// Where the columns come from.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Columns {
    /// A CSV file with a header
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// A DynamoDB table; one page of it is read
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
}
