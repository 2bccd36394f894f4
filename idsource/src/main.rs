//! The program: parses the command line and runs it.

use clap::Parser as _;

fn main() -> std::process::ExitCode {
    idsource::run(idsource::Cli::parse())
}
