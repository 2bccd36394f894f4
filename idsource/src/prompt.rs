//! Asks before something changes.

use std::io::{IsTerminal as _, stderr, stdin};

use dialoguer::{Confirm, Input};

use crate::{failure::Failure, place::Place};

/// Whether there is a terminal, where somebody can answer.
fn is_somebody_there() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// Asks for confirmation, unless it was given already.
///
/// # Errors
/// When there is no terminal, or the answer is no.
pub(crate) async fn confirm(place: &Place, what: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !is_somebody_there() {
        return Err(Failure::usage(format!(
            "{what}: there is no terminal to ask on, so add --yes"
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

/// Makes sure that there is a terminal to approve on.
///
/// # Errors
/// When there is none.
pub(crate) fn need_somebody() -> Result<(), Failure> {
    if is_somebody_there() {
        Ok(())
    } else {
        Err(Failure::usage(
            "an approval needs a terminal, even with --yes",
        ))
    }
}

/// Has the operator type a number, so that nobody approves by habit.
///
/// # Errors
/// When there is no terminal, or something else was typed.
pub(crate) async fn type_number(place: &Place, what: &str, number: u64) -> Result<(), Failure> {
    need_somebody()?;
    eprintln!("{}", place.describe().await);
    let typed: String = Input::new()
        .with_prompt(format!("{what}. Type how many ({number})"))
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
