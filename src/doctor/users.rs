//! The users table: it exists, can be read, and what it is like.

use std::time::Duration;

use super::{Round, advice, mapping::Sample, report::Notes};
use crate::{
    aws::TableFacts,
    users::{KeyKind, KeySchema, Record, UsersTable},
};

/// What was found about the users table.
#[derive(Default)]
pub(super) struct Found {
    pub(super) notes: Notes,
    pub(super) arn: Option<String>,
    pub(super) took: Option<Duration>,
}

pub(super) async fn check(
    users: Option<&(String, UsersTable)>,
    sample: Sample,
    round: &Round<'_>,
) -> Found {
    let (Some((name, users)), Some(sample)) = (users, sample) else {
        return Found {
            notes: Notes::skipped("configuration"),
            ..Found::default()
        };
    };
    let mut found = Found::default();
    let notes = &mut found.notes;
    let advise = |trouble: &_, action| advice::on_table(trouble, action, "USERS_TABLE", name);
    let facts = match round.aws(Box::pin(users.describe())).await {
        Ok((facts, took)) => {
            found.took = Some(took);
            found.arn = facts.arn.clone();
            tell(name, &facts, notes);
            Some(facts)
        }
        Err(trouble) => {
            notes.fail(
                format!("{name} is not described: {}", trouble.why),
                advise(&trouble, "dynamodb:DescribeTable"),
            );
            if !advice::is_denied(&trouble) {
                return found;
            }
            None
        }
    };
    match sample {
        Err(trouble) => notes.fail(
            format!("it cannot be read: {}", trouble.why),
            advise(&trouble, "dynamodb:Scan"),
        ),
        Ok(records) => {
            if let (Some(facts), Some(record)) = (facts, records.first())
                && let Err(trouble) = Box::pin(again(users, record, facts, round)).await
            {
                notes.fail(
                    format!("single records cannot be read again: {}", trouble.why),
                    advise(&trouble, "dynamodb:BatchGetItem"),
                );
            }
        }
    }
    found
}

async fn again(
    users: &UsersTable,
    record: &Record,
    facts: TableFacts,
    round: &Round<'_>,
) -> Result<(), crate::aws::Trouble> {
    let keys = facts.keys.into_iter();
    let keys = keys.filter_map(|(name, kind)| Some((name, KeyKind::parse(&kind)?)));
    let schema = KeySchema::new(keys.collect());
    round
        .aws(Box::pin(users.read_again(record, &schema)))
        .await
        .map(drop)
}

fn tell(name: &str, facts: &TableFacts, notes: &mut Notes) {
    let keys: Vec<_> = facts
        .keys
        .iter()
        .map(|(name, kind)| format!("{name} ({kind})"))
        .collect();
    notes.found(format!(
        "{name} has the key {} and, as DynamoDB last counted, {} records",
        keys.join(", "),
        facts.items
    ));
    notes.found(match facts.stream.as_deref() {
        None => "it has no stream, so changes wait for the schedule".to_owned(),
        Some("KEYS_ONLY") => "its stream carries KEYS_ONLY".to_owned(),
        Some(view) => format!("its stream carries {view}, where KEYS_ONLY is enough"),
    });
    if facts.status != "ACTIVE" && facts.status != "UPDATING" {
        notes.fail(
            format!("its status is {}", facts.status),
            "wait until the table is ACTIVE, or see in the DynamoDB console why it is not",
        );
    }
}
