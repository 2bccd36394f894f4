//! The commands about mappings, which need no account.

mod init;
mod records;
mod test;

use crate::{
    cli::{Cli, Mapping},
    failure::Failure,
    show::Exit,
};

pub(crate) async fn act(cli: &Cli, command: &Mapping) -> Result<Exit, Failure> {
    match command {
        Mapping::Test(options) => test::act(cli, options),
        Mapping::Init(options) => init::act(cli, options).await,
    }
}
