//! What README and the book have people type on their own machine is typed here, page by page.
//!
//! `cargo run` starts the programs that this test was built with, and services take ports that the
//! system chooses; all else is as it says.

use std::{
    collections::HashSet,
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use regex_lite::Regex;

use crate::{
    assert_nothing,
    pages::{Block, Page, pages},
    root,
};

#[test]
fn what_pages_have_people_type_on_their_own_machine_works() {
    let pages = pages();
    // Pages wait for Okta now and then, each for its own.
    let wrong = thread::scope(|scope| {
        let playing: Vec<_> = pages
            .iter()
            .map(|page| scope.spawn(|| played(page)))
            .collect();
        let played = playing.into_iter().map(|one| one.join().unwrap());
        played.flatten().collect()
    });

    assert_nothing(wrong);
}

/// Plays a page; says what went wrong.
fn played(page: &Page) -> Option<String> {
    let is_run = |block: &&Block| block.language() == "sh" && block.has("run");
    if !page.blocks.iter().any(|block| is_run(&block)) {
        return None;
    }
    let folder = folder(page);
    let output = Command::new("bash")
        .arg("-c")
        .arg(script(page))
        .current_dir(&folder)
        // What a shell has set may point at a real org.
        .env_clear()
        .env(
            "PATH",
            format!(
                "{}:/usr/local/bin:/usr/bin:/bin",
                folder.join("bin").display()
            ),
        )
        .env("REPOSITORY", root())
        .env("STARTED", folder.join("started"))
        .env("HOME", &folder)
        .env("LANG", "C.UTF-8")
        .output()
        .unwrap();
    let service = fs::read_to_string(folder.join("service.log")).unwrap_or_default();
    let said = [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said));
    let said = format!("{}{}{service}", said[0], said[1]);
    if !output.status.success() {
        return Some(format!(
            "{}: {}\n{said}",
            page.path.display(),
            output.status
        ));
    }
    let missing = unsaid(page, &said);
    (!missing.is_empty()).then(|| format!("{}\nin\n{said}", missing.join("\n")))
}

/// All that a page has people type, as one script.
fn script(page: &Page) -> String {
    let mut script = String::from(
        "set -euo pipefail\nservices=()\ntrap 'kill \"${services[@]}\" 2>/dev/null || true' EXIT\n",
    );
    for block in page.blocks.iter().filter(|block| block.language() == "sh") {
        if block.is(&["run", "service"]) {
            let code = block.code.trim_end();
            script += &format!(
                "rm -f \"$STARTED\"\n( {code} ) >\"$HOME/service.log\" 2>&1 &\nservices+=($!)\n\
                 for _ in $(seq 600); do [[ -e $STARTED ]] && break; sleep 0.1; done\n\
                 [[ -e $STARTED ]] || {{ echo 'the service did not start' >&2; exit 1; }}\n"
            );
        } else if block.has("run") {
            // Pages are played side by side.
            script += &block.code.replace("/tmp/", "$HOME/");
            script.push('\n');
        }
    }
    script
}

/// Lines that a page shows right below what people type, and that no program has said.
fn unsaid(page: &Page, said: &str) -> Vec<String> {
    let said: HashSet<_> = said.lines().map(shape).collect();
    let mut missing = Vec::new();
    for blocks in page.blocks.windows(2) {
        let is_shown = blocks[0].language() == "sh" && blocks[0].has("run");
        if !is_shown || blocks[1].info != "text output" {
            continue;
        }
        let lines = blocks[1].code.lines().filter(|line| !line.contains('…'));
        missing.extend(
            lines
                .filter(|line| !said.contains(&shape(line)))
                .map(|line| format!("{}: nobody says \"{line}\"", page.at(blocks[1].line))),
        );
    }
    missing
}

/// A line without what differs from time to time: numbers, ids, and how wide columns are.
fn shape(line: &str) -> String {
    let line = Regex::new(r"(aps|run-|local-)[A-Za-z0-9-]+|[0-9a-f]{32}|─+")
        .unwrap()
        .replace_all(line, "@");
    let line = Regex::new(r"[0-9]+([.:,-][0-9]+)*")
        .unwrap()
        .replace_all(&line, "#");
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A copy of the repository to work in, with a `cargo` that builds nothing.
fn folder(page: &Page) -> PathBuf {
    let name = page.path.display().to_string().replace('/', "-");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("pages")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("bin")).unwrap();
    for entry in [
        "events",
        "docs",
        "Cargo.toml",
        "src",
        "idsource",
        "template.yaml",
    ] {
        symlink(root().join(entry), folder.join(entry)).unwrap();
    }
    let idsource = Path::new(env!("CARGO_BIN_EXE_idsource"));
    let examples = idsource.parent().unwrap().join("examples");
    let cargo = format!(
        r#"#!/usr/bin/env bash
set -euo pipefail
case "$1 $2 $3" in
  'run --example local')
    shift 3; [[ ${{1:-}} == -- ]] && shift
    ports=()
    [[ " $* " == *' --serve '* || " $* " == *' --stay '* ]] && ports=(--dynamodb-port 0 --okta-port 0)
    file=
    for word in "$@"; do [[ ${{before:-}} == --write-env ]] && file=$word; before=$word; done
    if [[ -n $file ]]; then
      (while [[ ! -s $file ]]; do sleep 0.05; done; touch "$STARTED") &
    fi
    exec '{examples}/local' "$@" "${{ports[@]}}" ;;
  'run --example populate')
    shift 3; [[ ${{1:-}} == -- ]] && shift
    exec '{examples}/populate' "$@" ;;
  'run -p idsource')
    shift 3; [[ ${{1:-}} == -- ]] && shift
    exec '{idsource}' "$@" ;;
  *) echo "this test runs no cargo $*" >&2; exit 1 ;;
esac
"#,
        examples = examples.display(),
        idsource = idsource.display(),
    );
    assert!(
        examples.join("populate").exists(),
        "build what the pages use first: cargo build --workspace --examples"
    );
    // A clone of what is here, whether or not that is committed.
    let git = "#!/usr/bin/env bash\n[[ $1 == clone && $# == 3 ]] && mkdir \"$3\" && ln -s \"$2\"/* \"$3\"\n";
    for (name, program) in [("cargo", cargo.as_str()), ("git", git)] {
        let shim = folder.join("bin").join(name);
        fs::write(&shim, program).unwrap();
        fs::set_permissions(&shim, fs::Permissions::from_mode(0o755)).unwrap();
    }
    symlink(idsource, folder.join("bin/idsource")).unwrap();
    folder
}
