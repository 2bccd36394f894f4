//! What is asked before something is changed, and what an answer does.

use serde_json::json;

use crate::program::{On, Stage, Where, is_as_in, looks_as_in, normal, person};

/// All eight people leave, where the guard lets five go.
async fn withheld(place: Where) -> Stage {
    let stage = Stage::new(place).await;
    for arguments in [&["resume", "--yes"], &["sync", "--yes"]] {
        assert_eq!(stage.run(arguments, On::Pipe).await.code, 0);
    }
    for name in ["ada", "bob", "cyd", "dan", "eve", "fay", "gus", "hal"] {
        let mut record = person(name);
        record["active"] = json!(false);
        stage.world.put(record).await;
    }
    assert_eq!(stage.run(&["sync", "--yes"], On::Pipe).await.code, 3);
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_shows_the_people_has_their_number_typed_and_lets_exactly_them_go() {
    for place in [Where::Stack, Where::Local] {
        let stage = withheld(place).await;

        let answers = vec![
            ("Type how many", "2\r".to_owned()),
            ("Why", "they did leave\r".to_owned()),
        ];
        let only = ["approve", "--only", "ada", "bob"];
        let done = stage.answer(&only, On::Terminal, answers).await;

        assert_eq!(done.code, 0, "{}", done.out);
        for said in ["ada", "bob", "Approved: 2 deactivations", "Org http"] {
            assert!(done.out.contains(said), "{said}: {}", done.out);
        }
        assert!(!done.out.contains("cyd"), "{}", done.out);
        if place == Where::Stack {
            // What is typed is shown by the terminal, before or after the next line.
            let (asked, _) = done.out.split_once(" many (2)").unwrap();
            looks_as_in("approve.term.svg", &format!("{asked} many (2):"));
        }
        assert_eq!(stage.run(&["sync", "--yes"], On::Pipe).await.code, 3);
        let is_active = ["ada", "bob", "cyd"].map(|name| stage.world.is_active(name));
        assert_eq!(is_active, [false, false, true]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_number_approves_nobody() {
    let stage = withheld(Where::Local).await;

    let answers = vec![("Type how many", "60\r".to_owned())];
    let done = stage
        .answer(&["approve", "--yes"], On::Terminal, answers)
        .await;

    assert_eq!(done.code, 1, "{}", done.out);
    assert!(done.out.contains("nobody was approved"), "{}", done.out);
    stage.run(&["sync", "--yes"], On::Pipe).await;
    assert!(stage.world.is_active("ada"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_where_nobody_can_be_asked() {
    let stage = withheld(Where::Local).await;

    let done = stage.run(&["approve", "--yes"], On::Pipe).await;

    assert_eq!(done.code, 2);
    is_as_in("approve-on-a-pipe.txt", &normal(&done.err));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_names_org_stack_and_account_and_no_is_no() {
    let stage = Stage::new(Where::Stack).await;

    let answers = vec![("[y/N]", "n".to_owned())];
    let done = stage.answer(&["resume"], On::Terminal, answers).await;

    assert_eq!(done.code, 1, "{}", done.out);
    for said in [
        stage.world.okta_url.as_str(),
        "stack people in eu-west-1",
        "account 123456789012",
        "nothing was changed",
    ] {
        assert!(done.out.contains(said), "{said}: {}", done.out);
    }
    assert!(
        stage
            .run(&["status"], On::Pipe)
            .await
            .out
            .starts_with("Paused")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_something_is_not_done_unasked_on_a_pipe() {
    let stage = Stage::new(Where::Local).await;
    for arguments in [
        &["sync"][..],
        &["resume"],
        &["push", "push.jsonl"],
        &["prove"],
        &["verify", "--repair"],
        &["verify", "--adopt"],
        &["sync", "--rebind"],
        &["sync", "--only", "ada"],
    ] {
        let done = stage.run(arguments, On::Pipe).await;

        assert_eq!(done.code, 2, "{arguments:?}: {}", done.err);
        assert!(done.err.contains("--yes"), "{}", done.err);
    }
}
