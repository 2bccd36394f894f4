//! The program: what the command line says is carried out.

use clap::Parser as _;

fn main() -> std::process::ExitCode {
    idsource::run(idsource::Cli::parse())
}
