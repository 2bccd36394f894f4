//! What README and docs/ say is held against the programs: blocks of code, links, words, and the
//! pages that are made from the code.

#![allow(
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used
)]

mod blocks;
mod links;
mod pages;
mod reference;
mod shell;
mod tutorial;
mod upgrading;
mod words;

use std::path::{Path, PathBuf};

/// The repository's root.
fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap().to_owned()
}

/// Fails with everything that is wrong, a line each.
fn assert_nothing(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
