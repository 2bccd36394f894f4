//! Asking before something is changed.

use std::io::{IsTerminal as _, stderr, stdin};

use dialoguer::{Confirm, Input};

use crate::{failure::Failure, place::Place};

/// Whether somebody is there who could answer.
fn is_somebody_there() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// Asks whether to do this, unless it was said already.
///
/// # Errors
/// When nobody can be asked, or the answer is no.
pub(crate) async fn confirm(place: &Place, what: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !is_somebody_there() {
        return Err(Failure::usage(format!(
            "{what}: nobody can be asked here, so say --yes"
        )));
    }
    eprintln!("{}", place.describe().await);
    let sure = Confirm::new()
        .with_prompt(format!("{what}?"))
        .default(false)
        .interact();
    match sure.map_err(|why| Failure::failed(why.to_string()))? {
        true => Ok(()),
        false => Err(Failure::failed("nothing was changed")),
    }
}

/// Whether somebody is there to approve.
///
/// # Errors
/// When nobody is.
pub(crate) fn need_somebody() -> Result<(), Failure> {
    if is_somebody_there() {
        Ok(())
    } else {
        Err(Failure::usage(
            "an approval is given on a terminal: --yes does not stand for it",
        ))
    }
}

/// Has a number typed, so that nobody approves by habit.
///
/// # Errors
/// When nobody can be asked, or something else was typed.
pub(crate) async fn type_number(place: &Place, what: &str, number: u64) -> Result<(), Failure> {
    need_somebody()?;
    eprintln!("{}", place.describe().await);
    let typed: String = Input::new()
        .with_prompt(format!("{what}. Type how many that are ({number})"))
        .allow_empty(true)
        .interact_text()
        .map_err(|why| Failure::failed(why.to_string()))?;
    if typed.trim() == number.to_string() {
        Ok(())
    } else {
        Err(Failure::failed("nobody was approved"))
    }
}

/// Asks for a line of text.
///
/// # Errors
/// When nothing can be read.
pub(crate) fn text(what: &str) -> Result<String, Failure> {
    Input::new()
        .with_prompt(what)
        .allow_empty(true)
        .interact_text()
        .map_err(|why| Failure::failed(why.to_string()))
}
