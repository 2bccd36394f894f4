//! Changes as they happen: follows the table's stream as Lambda does.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{StreamSpecification, StreamViewType};
use dynamodb_identity_source::handler::Function;
use okta_emulator::Counts;

use crate::{
    Trouble,
    page::{Fact, Page},
    poller::Poller,
    support::{USERS, World, invoke_stream},
    writes,
};

/// How long changes are gathered: the batching window, which is a minute in a deployed stack.
const WINDOW: Duration = Duration::from_millis(500);
/// How long the story waits for the stream.
const PATIENCE: Duration = Duration::from_secs(20);

/// A table's stream and the function that follows it.
pub struct Follower<'a> {
    world: &'a World,
    function: &'a Function,
    poller: Poller,
}

/// The outcome of a batch.
pub struct Batch {
    /// How many stream records it had.
    pub records: u64,
    /// Whether the function asked to get it again.
    pub again: bool,
}

impl<'a> Follower<'a> {
    /// Switches on the users table's stream, with keys only, and follows it from now on.
    pub async fn start(world: &'a World, function: &'a Function) -> Result<Self, Trouble> {
        let keys_only = StreamSpecification::builder()
            .stream_enabled(true)
            .stream_view_type(StreamViewType::KeysOnly)
            .build()?;
        world
            .dynamodb
            .update_table()
            .table_name(USERS)
            .stream_specification(keys_only)
            .send()
            .await
            .map_err(|error| writes::explain(&error))?;
        let poller = Poller::start(&world.sdk, USERS).await?;
        Ok(Self {
            world,
            function,
            poller,
        })
    }

    /// Hands the function what has gathered. `None` if there is nothing.
    pub async fn batch(&mut self) -> Result<Option<Batch>, Trouble> {
        tokio::time::sleep(WINDOW).await;
        self.next().await
    }

    /// Hands the function so many stream records, in as many batches as necessary.
    pub async fn drain(&mut self, records: u64) -> Result<(), Trouble> {
        let began = Instant::now();
        let mut done = 0;
        while done < records {
            if began.elapsed() > PATIENCE {
                return Err(format!("the stream brought {done} of {records} records").into());
            }
            match self.next().await? {
                Some(batch) if !batch.again => done += batch.records,
                Some(_) => {}
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Option<Batch>, Trouble> {
        let Some((shard, event)) = self.poller.next().await? else {
            return Ok(None);
        };
        let records = event["Records"].as_array().map_or(0, Vec::len) as u64;
        let answer = invoke_stream(self.function, self.world.clock, &event).await;
        self.poller.answered(&shard, &answer);
        Ok(Some(Batch {
            records,
            again: !answer.batch_item_failures.is_empty(),
        }))
    }
}

/// Hands the function what the stream has. Returns false if it has nothing.
pub async fn next_is_there(follower: &mut Follower<'_>) -> Result<bool, Trouble> {
    Ok(follower.batch().await?.is_some())
}

/// Follows the stream until a condition holds. Returns false if it never does.
pub async fn until(follower: &mut Follower<'_>, is_so: impl Fn() -> bool) -> Result<bool, Trouble> {
    let began = Instant::now();
    while !is_so() && began.elapsed() < PATIENCE {
        follower.batch().await?;
    }
    Ok(is_so())
}

/// The expected outcome of the chapter.
pub struct Changes {
    pub created: u64,
    pub updated: u64,
    pub deactivated: u64,
    pub active: u64,
}

/// Follows the stream until Okta has it all. Returns false if that does not happen.
pub async fn watch(
    follower: &mut Follower<'_>,
    page: &Page,
    expected: &Changes,
) -> Result<bool, Trouble> {
    let okta = &follower.world.okta;
    let before = okta.sessions().len();
    let began = Instant::now();
    let (mut records, mut again) = (0, 0);
    let all = expected.created + expected.updated + expected.deactivated;
    page.wait(|| "following the stream".to_owned(), async {
        while records < all && began.elapsed() < PATIENCE {
            if let Some(batch) = follower.batch().await? {
                records += if batch.again { 0 } else { batch.records };
                again += u64::from(batch.again);
            }
        }
        Ok::<_, Trouble>(())
    })
    .await?;
    let took = began.elapsed();

    let okta = &follower.world.okta;
    let sessions = okta.sessions().split_off(before);
    let sum = |count: fn(&Counts) -> usize| {
        let counts = sessions.iter().map(|session| count(&session.results));
        counts.sum::<usize>() as u64
    };
    let active = okta.active_count() as u64;
    let passed = page.compare(
        (
            "The stream",
            &[
                Fact::expected("stream records", records, all),
                Fact::expected("batches retried", again, 0),
                Fact::expected("sessions", sessions.len() as u64, 1),
            ],
        ),
        (
            "Okta's side",
            &[
                Fact::expected("users created", sum(|c| c.created), expected.created),
                Fact::expected("users updated", sum(|c| c.updated), expected.updated),
                Fact::expected(
                    "users deactivated",
                    sum(|c| c.deactivated),
                    expected.deactivated,
                ),
                Fact::expected("users active now", active, expected.active),
            ],
        ),
    )?;
    if passed {
        page.good(&format!("passed in {:.1} s", took.as_secs_f64()))?;
    }
    Ok(passed)
}
