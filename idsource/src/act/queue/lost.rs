//! The failure queue, and the events in it that Lambda gave up.

use aws_sdk_sqs::{
    Client,
    types::{Message, QueueAttributeName},
};
use serde_json::Value;

use crate::{
    failure::Failure,
    place::Stack,
    show::{self, counted},
};

/// How many seconds a message that is looked at stays hidden from others. It is released earlier.
const LOOKED_AT: i32 = 60;
/// The same for a message that is retried: an invocation takes up to 15 minutes.
const PUT_RIGHT: i32 = 16 * 60;
/// The most messages that are looked at.
const MOST: usize = 1_000;

/// An event that Lambda gave up.
#[derive(Debug)]
pub(super) struct Lost {
    /// The message's id. It never changes.
    pub(super) id: String,
    receipt: String,
    /// When it was given up.
    pub(super) at: String,
    /// The error or the condition.
    pub(super) why: String,
    /// The event.
    pub(super) what: What,
}

/// What was given up.
#[derive(Debug)]
pub(super) enum What {
    /// A push, as it was sent.
    Push { event: Value, records: u64 },
    /// A sync with options.
    Sync { event: Value },
    /// A verification.
    Verification { event: Value },
    /// A stream batch, with its number of records.
    Batch(u64),
    /// A full run.
    Run,
    /// Anything else.
    Unknown,
}

impl What {
    fn of(body: &Value) -> Self {
        let event = &body["requestPayload"];
        if let Some(batch) = body["DDBStreamBatchInfo"].as_object() {
            return Self::Batch(batch.get("batchSize").and_then(Value::as_u64).unwrap_or(0));
        }
        if event["detail-type"] == "Scheduled Event" {
            return Self::Run;
        }
        let event = event.clone();
        match event["command"].as_str() {
            Some("push") => Self::Push {
                records: event["records"]
                    .as_array()
                    .map_or(0, |all| all.len() as u64),
                event,
            },
            Some("sync") if event.as_object().is_some_and(|all| all.len() == 1) => Self::Run,
            Some("sync") => Self::Sync { event },
            Some("verify") => Self::Verification { event },
            _ => Self::Unknown,
        }
    }

    /// Whether a full sync makes up for it.
    pub(super) fn is_for_a_sync(&self) -> bool {
        matches!(self, Self::Batch(_) | Self::Run)
    }

    /// In words, without naming anybody.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Push { records, event } => format!(
                "a push of {}, made {}",
                counted(*records, "record"),
                show::time(&event["at"])
            ),
            Self::Sync { .. } => "a sync with options".to_owned(),
            Self::Verification { .. } => "a verification".to_owned(),
            Self::Batch(records) => format!("a stream batch of {}", counted(*records, "record")),
            Self::Run => "a full run".to_owned(),
            Self::Unknown => "an unknown message: see SQS's console".to_owned(),
        }
    }
}

impl Lost {
    fn of(message: &Message) -> Option<Self> {
        let body: Value = serde_json::from_str(message.body()?).unwrap_or_default();
        let why = body["responsePayload"]["errorMessage"].as_str();
        let condition = body["requestContext"]["condition"].as_str();
        Some(Self {
            id: message.message_id()?.to_owned(),
            receipt: message.receipt_handle()?.to_owned(),
            at: show::time(&body["timestamp"]),
            why: why.or(condition).unwrap_or_default().to_owned(),
            what: What::of(&body),
        })
    }
}

/// The queue.
#[derive(Debug)]
pub(super) struct Waiting {
    client: Client,
    url: String,
}

impl Waiting {
    pub(super) fn of(stack: &Stack) -> Result<Self, Failure> {
        Ok(Self {
            client: Client::new(&stack.config),
            url: stack.output("FailureQueueUrl")?.to_owned(),
        })
    }

    /// The visible messages. They are released at once.
    pub(super) async fn look(&self) -> Result<Vec<Lost>, Failure> {
        let mut lost: Vec<Lost> = Vec::new();
        let mut seen = Ok(());
        while lost.len() < MOST {
            match self.receive(10, LOOKED_AT).await {
                Ok(some) if some.is_empty() => break,
                Ok(some) => {
                    for one in some {
                        // If a message is seen twice, the newer receipt counts.
                        lost.retain(|known| known.id != one.id);
                        lost.push(one);
                    }
                }
                Err(why) => {
                    seen = Err(why);
                    break;
                }
            }
        }
        for one in &lost {
            self.show_again(one).await;
        }
        seen.map(|()| lost)
    }

    /// The number of messages, including those that others have taken.
    pub(super) async fn count(&self) -> Result<u64, Failure> {
        let counts = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let asked = self
            .client
            .get_queue_attributes()
            .queue_url(&self.url)
            .set_attribute_names(Some(counts.to_vec()))
            .send();
        let answer = asked
            .await
            .map_err(|why| Failure::aws("counting what is in the failure queue", &why))?;
        let counted = answer.attributes.unwrap_or_default();
        let of = |name| counted.get(name)?.parse::<u64>().ok();
        Ok(counts.iter().filter_map(of).sum())
    }

    /// The next message, hidden from others.
    pub(super) async fn take(&self) -> Result<Option<Lost>, Failure> {
        Ok(self.receive(1, PUT_RIGHT).await?.pop())
    }

    async fn receive(&self, most: i32, seconds: i32) -> Result<Vec<Lost>, Failure> {
        let asked = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(most)
            .visibility_timeout(seconds)
            .wait_time_seconds(1)
            .send();
        let answer = asked
            .await
            .map_err(|why| Failure::aws("reading the failure queue", &why))?;
        let messages = answer.messages.unwrap_or_default();
        Ok(messages.iter().filter_map(Lost::of).collect())
    }

    pub(super) async fn delete(&self, lost: &Lost) -> Result<(), Failure> {
        let deleting = self
            .client
            .delete_message()
            .queue_url(&self.url)
            .receipt_handle(&lost.receipt)
            .send();
        let done = deleting.await.map(drop);
        done.map_err(|why| Failure::aws("deleting from the failure queue", &why))
    }

    /// Releases a message. If that fails, it is visible again after some minutes.
    pub(super) async fn show_again(&self, lost: &Lost) {
        let changing = self
            .client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(&lost.receipt)
            .visibility_timeout(0)
            .send();
        if changing.await.is_err() {
            show::note("a message returns to the failure queue only after some minutes");
        }
    }
}
