//! The program around the library.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use reqwest::Client;
use serde_json::{Value, json};

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

/// The program once it listens, and its address.
fn started(arguments: &[&str]) -> (Program, String) {
    let mut program = Program::run(arguments);
    let mut line = String::new();
    let output = program.0.stdout.take().unwrap();
    BufReader::new(output).read_line(&mut line).unwrap();
    let mut words = line.split_whitespace();
    let url = words.find(|word| word.starts_with("http")).unwrap();
    (program, url.to_owned())
}

#[tokio::test]
async fn the_program_prints_its_address_and_is_set_by_its_arguments() {
    let (_program, url) = started(&[
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

    for (path, limit) in [
        ("/api/v1/identity-sources/0oamine/sessions", "15"),
        ("/api/v1/apps/0oamine/users", "7"),
    ] {
        let answer = Client::new()
            .get(format!("{url}{path}"))
            .header("authorization", "SSWS secret")
            .send()
            .await
            .unwrap();

        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["x-rate-limit-limit"], limit);
    }
}

#[tokio::test]
async fn a_fault_may_be_there_from_the_beginning() {
    let fault = r#"{"path": "/sessions", "effect": {"type": "status", "status": 503}}"#;
    let (_program, url) = started(&["--fault", fault]);
    let sessions = format!("{url}/api/v1/identity-sources/0oaemulated00source0/sessions");
    let open = || {
        let call = Client::new().post(&sessions);
        call.header("authorization", "SSWS emulated-token").send()
    };

    let (first, second) = (open().await.unwrap(), open().await.unwrap());

    assert_eq!(first.status(), 503);
    assert_eq!(second.status(), 201);
}

#[tokio::test]
async fn one_request_may_take_fewer_users_than_okta_takes() {
    let (_program, url) = started(&["--max-users", "1"]);
    let sessions = format!("{url}/api/v1/identity-sources/0oaemulated00source0/sessions");
    let post = |url: String, body: Value| {
        let call = Client::new().post(url).json(&body);
        call.header("authorization", "SSWS emulated-token").send()
    };
    let opened: Value = post(sessions.clone(), json!({}))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let load = format!("{sessions}/{}/bulk-delete", opened["id"].as_str().unwrap());
    let two =
        json!({"entityType": "USERS", "profiles": [{"externalId": "ada"}, {"externalId": "bob"}]});

    let answer = post(load, two).await.unwrap();

    assert_eq!(answer.status(), 400);
}

#[test]
fn what_keeps_it_from_starting_is_said_in_words() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let no_file = ["--client-id", "0oaclient", "--jwks", "no-such-file"];
    for (arguments, expected) in [
        (
            &["--port", &*port][..],
            "okta-emulator: listening on 127.0.0.1:",
        ),
        (&no_file[..], "okta-emulator: --jwks no-such-file: "),
    ] {
        let program = env!("CARGO_BIN_EXE_okta-emulator");
        let ended = Command::new(program).args(arguments).output().unwrap();

        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(said.starts_with(expected), "{said}");
        assert_eq!(ended.status.code(), Some(1));
    }
}
