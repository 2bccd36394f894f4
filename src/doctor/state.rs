//! The state table: it exists, is of the right kind, is not the users table, and is ours to write.
//! So is the history's table, if there is one.

use std::time::Duration;

use futures::future::join_all;

use super::{Round, advice, configuration::Tables, report::Notes};
use crate::{
    aws::{TableFacts, Trouble},
    guard::{Kind, Memory},
    ledger::{Ledger, Proof, Right, SessionLog},
};

/// What was found about the state table.
#[derive(Default)]
pub(super) struct Found {
    pub(super) notes: Notes,
    pub(super) log: Option<SessionLog>,
    pub(super) proof: Option<Proof>,
    pub(super) took: Option<Duration>,
}

/// If it `reads_only`, a function that can write nothing is right.
pub(super) async fn check(
    tables: &Tables,
    users_arn: Option<&str>,
    reads_only: bool,
    round: &Round<'_>,
) -> Found {
    let Some((name, ledger)) = &tables.state else {
        return Found {
            notes: Notes::skipped("configuration"),
            ..Found::default()
        };
    };
    let mut found = Found::default();
    let notes = &mut found.notes;
    if tables
        .users
        .as_ref()
        .is_some_and(|(users, _)| users == name)
    {
        is_the_users_table(name, notes);
        return found;
    }
    match round.aws(Box::pin(ledger.describe())).await {
        Ok((facts, took)) => {
            found.took = Some(took);
            if facts.arn.is_some() && facts.arn.as_deref() == users_arn {
                is_the_users_table(name, notes);
                return found;
            }
            tell(name, &facts, notes);
        }
        // No run needs this permission.
        Err(trouble) if advice::is_denied(&trouble) => notes.warn(
            format!("{name} is not described: {}", trouble.why),
            advise(&trouble, "dynamodb:DescribeTable", name),
        ),
        Err(trouble) => notes.fail(
            format!("{name} is not described: {}", trouble.why),
            advise(&trouble, "dynamodb:DescribeTable", name),
        ),
    }
    if !notes.is_usable() {
        return found;
    }
    let (of_state, of_history, may): (&[_], &[_], _) = if reads_only {
        let may = "the function may read it, which is all that it needs";
        (&Right::READING, &Right::READING_HISTORY, may)
    } else {
        let may = "the function may read and write it";
        (&Right::ALL, &Right::HISTORY, may)
    };
    if rights("STATE_TABLE", name, ledger, of_state, notes, round).await {
        notes.found(may);
    }
    if let Some((name, ledger)) = &tables.history
        && rights("HISTORY_TABLE", name, ledger, of_history, notes, round).await
    {
        notes.found(format!("what runs did is kept in {name}"));
    }
    if notes.is_usable()
        && let Ok(log) = ledger.read_log().await
        && let Ok(guard) = ledger.read_guard::<Memory>().await
        && let Ok(proof) = ledger.proof().await
    {
        notes.found(match guard.value.base(Kind::Deactivations, 0, ledger.clock.now()) {
            0 => "no full run has recorded anybody yet".to_owned(),
            users => {
                format!(
                    "{users} users active, as Okta was told within 24 hours or by the last full run"
                )
            }
        });
        found.log = Some(log.value);
        found.proof = Some(proof.value);
    }
    found
}

fn is_the_users_table(name: &str, notes: &mut Notes) {
    notes.fail(
        format!("{name} is the users table"),
        "create a table with the key pk (S) for the state alone and name it in STATE_TABLE",
    );
}

fn tell(name: &str, facts: &TableFacts, notes: &mut Notes) {
    let keys: Vec<_> = facts.keys.iter().collect();
    match keys.as_slice() {
        [(key, kind)] if key == "pk" && kind == "S" => {
            notes.found(format!("{name} has the key pk (S)"));
        }
        keys => {
            let keys: Vec<_> = keys.iter().map(|(k, t)| format!("{k} ({t})")).collect();
            notes.fail(
                format!("{name} has the key {}, not pk (S)", keys.join(", ")),
                "create a table whose only key attribute is pk, a string, and name it in \
                 STATE_TABLE",
            );
        }
    }
    if facts.status != "ACTIVE" && facts.status != "UPDATING" {
        notes.fail(
            format!("its status is {}", facts.status),
            "wait until the table is ACTIVE, or see in the DynamoDB console why it is not",
        );
    }
}

/// Uses the rights in the table that `variable` names. True if the function has them all.
async fn rights(
    variable: &str,
    name: &str,
    ledger: &Ledger,
    rights: &[Right],
    notes: &mut Notes,
    round: &Round<'_>,
) -> bool {
    let tried = rights.iter().map(|right| async move {
        let result = round.aws(Box::pin(ledger.exercise(*right))).await;
        result.err().map(|trouble| (*right, trouble))
    });
    let troubles: Vec<(Right, Trouble)> = join_all(tried).await.into_iter().flatten().collect();
    let (denied, other): (Vec<_>, Vec<_>) = troubles
        .into_iter()
        .partition(|(_, trouble)| advice::is_denied(trouble));
    if let Some((_, trouble)) = denied.first() {
        let actions: Vec<_> = denied.iter().map(|(right, _)| right.action()).collect();
        notes.fail(
            format!(
                "the function may not do all that it must in {name}: {}",
                trouble.why
            ),
            advice::on_table(trouble, &actions.join(", "), variable, name),
        );
    }
    if let Some((right, trouble)) = other.first() {
        notes.fail(
            format!("{} did not work in {name}: {}", right.action(), trouble.why),
            advice::on_table(trouble, right.action(), variable, name),
        );
    }
    denied.is_empty() && other.is_empty()
}

fn advise(trouble: &Trouble, action: &str, name: &str) -> String {
    advice::on_table(trouble, action, "STATE_TABLE", name)
}
