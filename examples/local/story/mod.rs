//! The story: what happens to the table, and what the function makes of it.

mod days;
mod fast;
mod groups;
mod guard;
mod okta;

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::types::{AttributeValue, WriteRequest};
use dynamodb_identity_source::handler::{Answer, Function};
use serde_json::{Value, json};

use crate::{
    Trouble,
    chapter::{Chapter, Expected, Face},
    live::Follower,
    page::{Page, thousands},
    people::{self, People},
    support::{USERS, World},
    writes,
};

/// The event that EventBridge sends for the schedule.
const SCHEDULE: &str = include_str!("../../../events/schedule.json");

/// The person whose attribute changes, the one who becomes inactive, the one who is deleted.
const MOVER: usize = 1;
const LEAVER: usize = 2;
const DELETED: usize = 3;
/// The same, for changes through the stream.
const STREAM_MOVER: usize = 4;
const STREAM_LEAVER: usize = 5;
/// The most people that the embedded DynamoDB's streams can handle.
const STREAMED: usize = 1_000;
/// Long enough for one invocation of any size.
const DEADLINE: Duration = Duration::from_secs(900);

/// Plays the story. Returns how many of its chapters failed.
pub async fn play(world: &World, people: &People, page: &Page) -> Result<usize, Trouble> {
    let schedule: Value = serde_json::from_str(SCHEDULE)?;
    let function = world.function(&[("START", "paused")]);
    let mut story = Story {
        world,
        people,
        page,
        function: &function,
        schedule: &schedule,
        follower: None,
        group_leaver: None,
        chapters: 0,
        failed: 0,
    };
    let began = Instant::now();
    story.days().await?;
    story.departments_become_groups().await?;
    story.the_table_is_emptied().await?;
    if story.streamed() {
        story.a_leaver_in_seconds().await?;
    }
    page.line("")?;
    let Story {
        chapters, failed, ..
    } = story;
    page.line(&if failed == 0 {
        let took = began.elapsed().as_secs_f64();
        format!("All {chapters} chapters passed in {took:.1} s.")
    } else {
        format!("{failed} of {chapters} chapters failed: see ✗ above.")
    })?;
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
    writes: impl Iterator<Item = Result<WriteRequest, String>>,
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
    follower: Option<Follower<'a>>,
    /// The people who leave while departments are groups.
    group_leaver: Option<String>,
    chapters: usize,
    failed: usize,
}

impl<'a> Story<'a> {
    fn chapter(&mut self, title: &str, text: &str) -> Result<(), Trouble> {
        self.chapters += 1;
        self.page.heading(&format!("{}. {title}", self.chapters))?;
        Ok(self.page.paragraph(text)?)
    }

    /// A chapter that is one run of the schedule.
    async fn run(&mut self, title: &str, text: &str, expected: Expected) -> Result<(), Trouble> {
        self.chapter(title, text)?;
        self.scheduled(&expected).await?;
        Ok(())
    }

    /// A run of the schedule, compared with what is expected.
    async fn scheduled(&mut self, expected: &Expected) -> Result<Chapter, Trouble> {
        self.event(self.schedule, expected).await
    }

    /// The outcome of an event, compared with what is expected.
    async fn event(&mut self, event: &Value, expected: &Expected) -> Result<Chapter, Trouble> {
        self.invoked(self.function, event, expected).await
    }

    /// The same, with a function that is configured differently.
    async fn invoked(
        &mut self,
        function: &Function,
        event: &Value,
        expected: &Expected,
    ) -> Result<Chapter, Trouble> {
        let chapter = Chapter::run(self.world, function, event, self.page).await?;
        let passed = chapter.show(self.page, self.world, expected)?;
        self.failed += usize::from(!passed);
        Ok(chapter)
    }

    /// Sends a command that tells Okta nothing, and shows both command and answer.
    async fn command(&self, command: &Value) -> Result<Value, Trouble> {
        let deadline = self.world.clock.now() + DEADLINE;
        let id = format!("command-{:08x}", fastrand::u32(..));
        let answer: Answer = Box::pin(self.function.invoke(command, &id, deadline)).await?;
        let answer = serde_json::to_value(answer)?;
        self.page
            .command(&command_first(command), &answer.to_string())?;
        Ok(answer)
    }

    /// Says whether a condition holds.
    fn check(&mut self, holds: bool, good: &str, bad: &str) -> Result<(), Trouble> {
        if holds {
            self.page.good(good)?;
        } else {
            self.failed += 1;
            self.page.bad(bad)?;
        }
        Ok(())
    }

    /// The stream's follower, started when it is first needed.
    async fn follower(&mut self) -> Result<&mut Follower<'a>, Trouble> {
        if self.follower.is_none() {
            self.follower = Some(Follower::start(self.world, self.function).await?);
        }
        self.follower
            .as_mut()
            .ok_or_else(|| "the stream is not followed".into())
    }

    fn streamed(&self) -> bool {
        self.people.count() <= STREAMED
    }

    fn person(&self, n: usize) -> (String, String) {
        let record = self.people.record(n);
        (people::text(&record, "id"), people::name(&record))
    }

    fn inactive(&self, n: usize) -> Face {
        let (id, name) = self.person(n);
        Face::inactive(id, name)
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

    async fn delete(&self, ids: &[String]) -> Result<(), Trouble> {
        let deletes = ids.iter().map(|id| {
            let key = AttributeValue::S(id.clone());
            writes::delete([("id".to_owned(), key)].into())
        });
        let what = "people deleted from the table";
        write(self.world, ids.len(), self.page, what, deletes).await
    }

    async fn put_back(&self, items: &[crate::rows::Item]) -> Result<(), Trouble> {
        let puts = items.iter().map(|item| writes::put(item.clone()));
        let what = "people put back into the table";
        write(self.world, items.len(), self.page, what, puts).await
    }

    /// The guard's state for deactivations.
    async fn guard_of_deactivations(&self) -> Result<Value, Trouble> {
        self.guard_of("deactivations").await
    }

    /// The guard's state for a kind.
    async fn guard_of(&self, kind: &str) -> Result<Value, Trouble> {
        let deadline = self.world.clock.now() + DEADLINE;
        let status = json!({"command": "status"});
        let answer = Box::pin(self.function.invoke(&status, "status", deadline)).await?;
        Ok(serde_json::to_value(answer)?["guard"][kind].take())
    }
}

/// A command as a person would write it: its name, then its options.
fn command_first(command: &Value) -> String {
    let options = command.as_object().into_iter().flatten();
    let options = options.filter(|(name, _)| *name != "command");
    let options: String = options
        .map(|(name, value)| format!(",\"{name}\":{value}"))
        .collect();
    format!("{{\"command\":{}{options}}}", command["command"])
}
