//! The program around the library.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use reqwest::Client;

/// Stopped when dropped, whatever the test comes to.
struct Program(Child);

impl Program {
    fn run(arguments: &[&str]) -> Self {
        let program = env!("CARGO_BIN_EXE_okta-emulator");
        let child = Command::new(program)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn();
        Self(child.unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_program_prints_its_address_and_is_set_by_its_arguments() {
    let mut program = Program::run(&[
        "--identity-source",
        "0oamine",
        "--token",
        "secret",
        "--rate-limit",
        "15/60s",
        "--cooldown",
        "1s",
        "--bucket-limit",
        "apps=7/60s",
        "--expiry",
        "never",
        "--single-delete",
        "cuts-the-tie",
    ]);
    let mut line = String::new();
    let output = program.0.stdout.take().unwrap();
    BufReader::new(output).read_line(&mut line).unwrap();

    let url = line
        .split_whitespace()
        .find(|word| word.starts_with("http"));
    for (path, limit) in [
        ("/api/v1/identity-sources/0oamine/sessions", "15"),
        ("/api/v1/apps/0oamine/users", "7"),
    ] {
        let answer = Client::new()
            .get(format!("{}{path}", url.unwrap()))
            .header("authorization", "SSWS secret")
            .send()
            .await
            .unwrap();

        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["x-rate-limit-limit"], limit);
    }
}
