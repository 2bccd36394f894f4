//! Changes as they happen: the table's stream, followed as Lambda follows it.

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

/// How long changes are gathered: the batching window, a minute where it is deployed.
const WINDOW: Duration = Duration::from_millis(500);
/// How long the story waits for the stream.
const PATIENCE: Duration = Duration::from_secs(20);

/// A table's stream and the function that follows it.
pub struct Follower<'a> {
    world: &'a World,
    function: &'a Function,
    poller: Poller,
}

/// What a batch came to.
pub struct Batch {
    /// How many stream records it had.
    pub records: u64,
    /// Whether the function asked for it to be brought back.
    pub again: bool,
}

impl<'a> Follower<'a> {
    /// Switches the users table's stream on, with keys only, and follows it from now on.
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

    /// Hands the function what has gathered; `None` if nothing has.
    pub async fn batch(&mut self) -> Result<Option<Batch>, Trouble> {
        tokio::time::sleep(WINDOW).await;
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

/// What the chapter must come to.
pub struct Changes {
    pub created: u64,
    pub updated: u64,
    pub deactivated: u64,
    pub active: u64,
}

/// Follows the stream until Okta has it all; 1 if it did not come to that.
pub async fn watch(
    follower: &mut Follower<'_>,
    page: &Page,
    expected: &Changes,
) -> Result<usize, Trouble> {
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

    let okta = &follower.world.okta;
    let sessions = okta.sessions().split_off(before);
    let sum = |count: fn(&Counts) -> usize| {
        let counts = sessions.iter().map(|session| count(&session.results));
        counts.sum::<usize>() as u64
    };
    let fact = |name, value, expected| Fact {
        name,
        value,
        expected: Some(expected),
    };
    let stream = [
        fact("stream records", records, all),
        fact("batches brought back", again, 0),
        fact("sessions", sessions.len() as u64, 1),
    ];
    let directory = [
        fact("users created", sum(|c| c.created), expected.created),
        fact("users updated", sum(|c| c.updated), expected.updated),
        fact(
            "users deactivated",
            sum(|c| c.deactivated),
            expected.deactivated,
        ),
        fact(
            "users active now",
            okta.active_count() as u64,
            expected.active,
        ),
    ];
    page.facts(("The stream", &stream), ("Okta's side", &directory))?;
    let wrong: Vec<_> = stream
        .iter()
        .chain(&directory)
        .filter(|fact| !fact.holds())
        .collect();
    for fact in &wrong {
        page.bad(&format!("{} is {}", fact.name, fact.value))?;
    }
    if wrong.is_empty() {
        page.good(&format!(
            "as it should be, after {:.1} s",
            began.elapsed().as_secs_f64()
        ))?;
    }
    Ok(usize::from(!wrong.is_empty()))
}
