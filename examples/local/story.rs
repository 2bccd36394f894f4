//! The story: six things that happen to the table, and a run after each.

use std::{cell::Cell, time::Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodb_identity_source::{handler::Function, okta::MAX_USERS};
use okta_emulator::UserStatus;
use serde_json::{Value, json};

use crate::{
    Trouble,
    chapter::{Chapter, Expected, Face},
    live,
    page::{Page, thousands},
    people::{self, People},
    support::{USERS, World},
    writes,
};

/// What EventBridge sends when the schedule is due.
const SCHEDULE: &str = include_str!("../../events/schedule.json");

/// The person whose attribute changes, the one who becomes inactive, the one who is deleted.
const MOVER: usize = 1;
const LEAVER: usize = 2;
const DELETED: usize = 3;
/// The same, where the stream tells it.
const STREAM_MOVER: usize = 4;
const STREAM_LEAVER: usize = 5;
/// Those before are spared when half of the table goes.
const SPARED: usize = 6;
/// The embedded DynamoDB's streams are for tables of so many people at most.
const STREAMED: usize = 1_000;
const NEW_TITLE: &str = "Head of Operations";

/// Plays the story; how many of its chapters went otherwise than they should.
pub async fn play(world: &World, people: &People, page: &Page) -> Result<usize, Trouble> {
    let schedule: Value = serde_json::from_str(SCHEDULE)?;
    let function = world.function(&[]);
    let story = Story {
        world,
        people,
        page,
        function: &function,
        schedule: &schedule,
    };
    let began = Instant::now();
    let failed = story.tell().await?;
    page.line("")?;
    if failed == 0 {
        page.line(&format!(
            "All of it went as it should, in {:.1} s.",
            began.elapsed().as_secs_f64()
        ))?;
    } else {
        page.line(&format!(
            "{failed} of the chapters went wrong, see ✗ above."
        ))?;
    }
    Ok(failed)
}

/// Loads everybody into the users table.
pub async fn load(world: &World, people: &People, page: &Page) -> Result<(), Trouble> {
    let puts = (0..people.count()).map(|n| writes::put(people.record(n)));
    write(
        world,
        people.count(),
        page,
        "people put into the table",
        puts,
    )
    .await
}

async fn write(
    world: &World,
    all: usize,
    page: &Page,
    what: &str,
    writes: impl Iterator<Item = Result<aws_sdk_dynamodb::types::WriteRequest, String>>,
) -> Result<(), Trouble> {
    let done = Cell::new(0);
    let all = thousands(all as u64);
    page.wait(
        || format!("{} of {all} {what}", thousands(done.get())),
        writes::write_all(&world.dynamodb, USERS, writes, |count| done.set(count)),
    )
    .await?;
    Ok(())
}

struct Story<'a> {
    world: &'a World,
    people: &'a People,
    page: &'a Page,
    function: &'a Function,
    schedule: &'a Value,
}

impl Story<'_> {
    async fn tell(&self) -> Result<usize, Trouble> {
        let all = self.people.count() as u64;
        let sessions = all.div_ceil(MAX_USERS as u64);
        let mut failed = 0;

        failed += self
            .run(
                "1. Everybody is new",
                &format!(
                    "{} people are in the users table, and Okta knows nobody.",
                    thousands(all)
                ),
                Expected {
                    read: all,
                    // What earlier sessions of a run carried is unchanged when its last plan is made.
                    unchanged: all.saturating_sub(1) / MAX_USERS as u64 * MAX_USERS as u64,
                    upserts: all,
                    created: all,
                    active: all,
                    sessions,
                    ..Expected::default()
                },
            )
            .await?;

        failed += self
            .run(
                "2. Nothing has changed",
                "The schedule is due again. No session is opened, Okta hears nothing.",
                Expected {
                    read: all,
                    unchanged: all,
                    active: all,
                    calls: Some(0),
                    ..Expected::default()
                },
            )
            .await?;

        let (id, name) = self.person(MOVER);
        self.set(&id, "title", AttributeValue::S(NEW_TITLE.to_owned()))
            .await?;
        failed += self
            .run(
                "3. Somebody gets a new title",
                &format!("{name} is now \"{NEW_TITLE}\" in the table."),
                Expected {
                    read: all,
                    unchanged: all - 1,
                    upserts: 1,
                    updated: 1,
                    active: all,
                    sessions: 1,
                    face: Some(Face {
                        id,
                        name,
                        status: UserStatus::Active,
                        title: Some(NEW_TITLE),
                    }),
                    ..Expected::default()
                },
            )
            .await?;

        let (id, name) = self.person(LEAVER);
        self.set(&id, "active", AttributeValue::Bool(false)).await?;
        failed += self
            .run(
                "4. Somebody leaves",
                &format!("The record of {name} says `active`: false."),
                Expected {
                    read: all,
                    unchanged: all - 1,
                    deactivations: 1,
                    active: all - 1,
                    sessions: 1,
                    face: Some(Face::inactive(id, name)),
                    ..Expected::default()
                },
            )
            .await?;

        let (id, name) = self.person(DELETED);
        self.delete(&[DELETED]).await?;
        failed += self
            .run(
                "5. Somebody is deleted",
                &format!("The record of {name} is gone from the table."),
                Expected {
                    read: all - 1,
                    unchanged: all - 1,
                    deactivations: 1,
                    active: all - 2,
                    sessions: 1,
                    face: Some(Face::inactive(id, name)),
                    ..Expected::default()
                },
            )
            .await?;

        let streamed = self.people.count() <= STREAMED;
        if streamed {
            failed += self.changes_as_they_happen(all).await?;
        }
        // A joiner has come and a leaver has gone meanwhile.
        let (read, active) = if streamed {
            (all, all - 2)
        } else {
            (all - 1, all - 2)
        };

        let half: Vec<_> = (SPARED..self.people.count()).step_by(2).collect();
        let gone = half.len() as u64;
        self.delete(&half).await?;
        failed += self
            .run(
                if streamed { "7. Half the table is gone" } else { "6. Half the table is gone" },
                &format!(
                    "{} records have vanished at once: more likely an accident than a day's leavers.",
                    thousands(gone)
                ),
                Expected {
                    read: read - gone,
                    unchanged: read - gone,
                    withheld: gone,
                    active,
                    calls: Some(0),
                    ..Expected::default()
                },
            )
            .await?;
        Ok(failed)
    }

    /// A joiner, a mover and a leaver, each of whom the stream tells at once.
    async fn changes_as_they_happen(&self, all: u64) -> Result<usize, Trouble> {
        self.page.heading("6. Changes as they happen")?;
        let (mover, name) = self.person(STREAM_MOVER);
        let (leaver, leaver_name) = self.person(STREAM_LEAVER);
        self.page.paragraph(&format!(
            "Nobody waits for the schedule: the table's stream is on. Noor Joiner is put into the \
             table, {name} becomes \"{NEW_TITLE}\", and the record of {leaver_name} says \
             `active`: false."
        ))?;
        let mut follower = live::Follower::start(self.world, self.function).await?;
        self.world
            .put(
                json!({"id": "noor.joiner@example.com", "active": true, "first_name": "Noor",
                "last_name": "Joiner", "email": "noor.joiner@example.com", "title": "Newcomer"}),
            )
            .await;
        self.set(&mover, "title", AttributeValue::S(NEW_TITLE.to_owned()))
            .await?;
        self.set(&leaver, "active", AttributeValue::Bool(false))
            .await?;
        let expected = live::Changes {
            created: 1,
            updated: 1,
            deactivated: 1,
            active: all - 2,
        };
        live::watch(&mut follower, self.page, &expected).await
    }

    /// One chapter; 1 if it went otherwise than it should.
    async fn run(&self, title: &str, text: &str, expected: Expected) -> Result<usize, Trouble> {
        self.page.heading(title)?;
        self.page.paragraph(text)?;
        let chapter = Chapter::run(self.world, self.function, self.schedule, self.page).await?;
        Ok(usize::from(
            !chapter.show(self.page, self.world, &expected)?,
        ))
    }

    fn person(&self, n: usize) -> (String, String) {
        let record = self.people.record(n);
        (people::text(&record, "id"), people::name(&record))
    }

    async fn set(&self, id: &str, name: &str, value: AttributeValue) -> Result<(), Trouble> {
        self.world
            .dynamodb
            .update_item()
            .table_name(USERS)
            .key("id", AttributeValue::S(id.to_owned()))
            .update_expression("SET #name = :value")
            .expression_attribute_names("#name", name)
            .expression_attribute_values(":value", value)
            .send()
            .await
            .map_err(|error| writes::explain(&error))?;
        Ok(())
    }

    async fn delete(&self, whom: &[usize]) -> Result<(), Trouble> {
        let deletes = whom.iter().map(|n| {
            let key = AttributeValue::S(self.person(*n).0);
            writes::delete([("id".to_owned(), key)].into())
        });
        let what = "people deleted from the table";
        write(self.world, whom.len(), self.page, what, deletes).await
    }
}
