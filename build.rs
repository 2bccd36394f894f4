//! Tells the crate which commit it is built from: `GIT_COMMIT` if it is set, otherwise what git
//! says, otherwise `unknown`, as in a copy of the source without its repository.

use std::{env, path::Path, process::Command};

/// Enough digits to tell commits apart.
const DIGITS: usize = 12;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=GIT_COMMIT");
    // A checkout changes one of them, a commit the other. A path that does not exist would make
    // cargo run this in every build.
    for file in ["HEAD", "logs/HEAD"] {
        if let Some(path) =
            git(&["rev-parse", "--git-path", file]).filter(|it| Path::new(it).exists())
        {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let given = env::var("GIT_COMMIT").ok().filter(|it| !it.is_empty());
    let commit = match given.or_else(|| git(&["rev-parse", "HEAD"])) {
        None => "unknown".to_owned(),
        Some(id) if id.len() >= DIGITS && id.bytes().all(|it| it.is_ascii_hexdigit()) => {
            id[..DIGITS].to_ascii_lowercase()
        }
        Some(other) => {
            println!(
                "cargo::error=GIT_COMMIT is {other:?}: give a commit's id, of {DIGITS} digits or more"
            );
            return;
        }
    };
    println!("cargo::rustc-env=COMMIT={commit}");
}

/// What git answers, if it is installed and this is a git repository.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
