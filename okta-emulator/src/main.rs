//! `okta-emulator`: the emulator as a program of its own.

mod arguments;

use std::io;

use clap::Parser;
use okta_emulator::Emulator;

use arguments::Arguments;

#[tokio::main]
async fn main() -> io::Result<()> {
    let options = Arguments::parse().options()?;
    let okta = Emulator::start(options).await?;
    println!(
        "okta-emulator: listening on {} (open it in a browser to watch imports)",
        okta.url()
    );
    tokio::signal::ctrl_c().await
}
