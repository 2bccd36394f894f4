//! The events that the function answers, and nothing else.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{mapping::ExternalId, users::StreamBatch};

/// Why the function was invoked.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// An EventBridge rule or EventBridge Scheduler: a full run.
    Schedule,
    /// A DynamoDB Streams batch from an event source mapping: the keys that changed.
    Stream(StreamBatch),
    /// A person or a program that calls the function directly.
    Command(Command),
}

/// A direct invocation: `{"command": …}`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(
    tag = "command",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Command {
    /// A run, now: of everybody, or of some people. While its report says `more`, invoke it again.
    /// The last run has told what the table held when you asked.
    Sync {
        /// The external ids of the people to tell, up to 200. Without it: everybody. An id that
        /// neither a record nor the ledger knows is an error, and then nobody is told.
        #[serde(default)]
        only: Option<Vec<String>>,
        /// Whether to try users again that Okta refused, although nothing about them has changed.
        #[serde(default)]
        retry_refused: bool,
        /// Whether to bind the ledger to what is configured now, if it is about something else. Not
        /// with `only`.
        #[serde(default)]
        rebind: bool,
        /// The run tells what the table held at this time (RFC 3339). Without it, or if it is
        /// ahead: now. A sync that takes several invocations gives the time when the first one
        /// began.
        #[serde(default)]
        since: Option<String>,
    },
    /// What a full run would do. It writes nothing anywhere.
    Plan {
        /// As for `sync`.
        #[serde(default)]
        retry_refused: bool,
        /// Whether to list the changes one by one, instead of only counting them.
        #[serde(default)]
        detail: bool,
        /// How many of each kind are listed, 1 to 200. Without it: 50. Only with `detail` or
        /// `mapping`.
        #[serde(default)]
        limit: Option<u64>,
        /// Whether to answer the changing attributes' values, too. Only with `detail` or `mapping`,
        /// and only if the configuration allows it (`PLAN_VALUES`).
        #[serde(default)]
        values: bool,
        /// A candidate for the mapping. The answer compares it with the mapping in use over the
        /// same records, without asking Okta. Not with `retryRefused`.
        #[serde(default)]
        mapping: Option<Value>,
    },
    /// Tells Okta about the records in the payload. Nobody else is touched, and the users table
    /// comes first. An error unless `PUSH` is `on`.
    Push {
        /// Records in the users table's shape, as plain JSON.
        records: Vec<Value>,
        /// When the records were so, by the sender's clock (RFC 3339), at most five minutes ahead.
        /// Required. An older push never overwrites a newer one.
        #[serde(default)]
        at: Option<String>,
    },
    /// What record, mapping, ledger and Okta say about one person, what the next full run will do
    /// about them, and why. It changes nothing. Give one of the two fields.
    Explain {
        /// The person's external id.
        #[serde(default)]
        external_id: Option<String>,
        /// The key of a record about the person, as plain JSON, such as `{"id":"alice"}`.
        #[serde(default)]
        record: Option<Value>,
    },
    /// Lets through exactly the people that the guard withholds under a digest. It only writes the
    /// approval down. The next run tells them, within 24 hours.
    Approve {
        /// The digest, from a report's `withheld`.
        digest: String,
        /// The external ids of the people to let through. Without it: everybody on the list.
        #[serde(default)]
        only: Option<Vec<String>>,
        /// Who approves, up to 500 bytes.
        #[serde(default)]
        by: Option<String>,
        /// Why, up to 500 bytes.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Sets the switch to `paused`: every run is a dry run from now on.
    Pause {
        /// Who pauses, up to 500 bytes.
        #[serde(default)]
        by: Option<String>,
        /// Why, up to 500 bytes.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Sets the switch to `running`: runs tell Okta again. A full run is due then.
    Resume {
        /// Who resumes, up to 500 bytes.
        #[serde(default)]
        by: Option<String>,
        /// Why, up to 500 bytes.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Lists the users that Okta has, and compares them with the table and with what Okta was told.
    /// It tells Okta nothing.
    Verify {
        /// Whether to write ledger entries for people without one that Okta has exactly as the
        /// mapping gives them.
        #[serde(default)]
        adopt: bool,
        /// Whether to make people that Okta has otherwise doubtful, so that the next run tells them
        /// again.
        #[serde(default)]
        repair: bool,
    },
    /// Finds out with made-up people what single-user calls do with this org.
    Prove {
        /// What the operator has seen to be right in the admin console. Only `["deactivate"]` is
        /// possible.
        #[serde(default)]
        confirmed: Option<Vec<String>>,
    },
    /// Checks everything that a run needs. It changes nothing.
    Doctor {},
    /// The last runs, open sessions, the guard's budget, who is stuck. It changes nothing.
    Status {},
}

impl Command {
    /// How many changes of each kind a plan lists unless it is told otherwise.
    pub const LISTED: u64 = 50;
    /// How many it lists at most: Okta is asked about each of them.
    pub const MOST_LISTED: u64 = 200;
    /// The longest name or reason that is kept, in bytes.
    pub const SAID: usize = 500;
    /// How many people a sync can name: as many as one request to Okta carries.
    pub const MOST_NAMED: usize = 200;

    /// Reads a command's members. Records and a mapping are taken as they are: serde would carry
    /// their numbers through types that hold fewer digits.
    fn read(members: &Map<String, Value>) -> Result<Self, String> {
        let records = members.get("records").and_then(Value::as_array);
        let (record, candidate) = (members.get("record"), members.get("mapping"));
        let members = members.iter().map(|(name, value)| {
            let value = match name.as_str() {
                "records" if records.is_some() => Value::Array(Vec::new()),
                "record" if record.is_some() => Value::Null,
                "mapping" => Value::Bool(true),
                _ => value.clone(),
            };
            (name.clone(), value)
        });
        let members = Value::Object(members.collect());
        let mut command = Self::deserialize(members).map_err(|why| why.to_string())?;
        if let (Self::Push { records: read, .. }, Some(records)) = (&mut command, records) {
            read.clone_from(records);
        }
        if let (Self::Explain { record: read, .. }, Some(record)) = (&mut command, record) {
            *read = Some(record.clone());
        }
        if let Self::Plan { mapping, .. } = &mut command {
            *mapping = candidate.cloned();
        }
        Ok(command)
    }

    /// Whether its options go together.
    fn check(self) -> Result<Self, String> {
        match &self {
            Self::Approve { by, reason, .. }
            | Self::Pause { by, reason }
            | Self::Resume { by, reason }
                if [by, reason]
                    .into_iter()
                    .flatten()
                    .any(|said| said.len() > Self::SAID) =>
            {
                Err(format!(
                    "\"by\" and \"reason\" are stored where every run reads them: {} bytes each \
                     are the maximum",
                    Self::SAID
                ))
            }
            Self::Plan {
                limit: Some(limit), ..
            } if !(1..=Self::MOST_LISTED).contains(limit) => Err(format!(
                "\"limit\" is {limit}; it must be 1 to {}",
                Self::MOST_LISTED
            )),
            Self::Plan {
                retry_refused: true,
                mapping: Some(_),
                ..
            } => Err(
                "a \"mapping\" is compared without asking Okta: leave \"retryRefused\" out"
                    .to_owned(),
            ),
            Self::Plan {
                detail: false,
                limit,
                values,
                mapping: None,
                ..
            } if limit.is_some() || *values => {
                Err("\"limit\" and \"values\" go with \"detail\": true".to_owned())
            }
            Self::Push { at, .. } => match at.as_deref().map(str::parse::<Timestamp>) {
                Some(Ok(_)) => Ok(self),
                Some(Err(_)) => {
                    Err("\"at\" is not a time such as \"2026-05-13T10:00:00Z\"".to_owned())
                }
                None => Err("a push needs \"at\": when its records were so, such as \
                     \"2026-05-13T10:00:00Z\"; an older push never overwrites a newer one"
                    .to_owned()),
            },
            Self::Prove {
                confirmed: Some(confirmed),
            } if confirmed != &["deactivate"] => {
                Err("\"confirmed\" takes [\"deactivate\"], and nothing else".to_owned())
            }
            Self::Sync {
                only: Some(_),
                rebind: true,
                ..
            } => Err("\"rebind\" is about everybody: leave \"only\" out".to_owned()),
            Self::Sync {
                since: Some(since), ..
            } if since.parse::<Timestamp>().is_err() => {
                Err("\"since\" is not a time such as \"2026-05-13T10:00:00Z\"".to_owned())
            }
            Self::Sync {
                only: Some(only), ..
            } if only.len() > Self::MOST_NAMED => Err(format!(
                "\"only\" names {} people, and {} are possible: sync everybody instead",
                only.len(),
                Self::MOST_NAMED
            )),
            Self::Explain {
                external_id,
                record,
            } => match (external_id.as_deref().map(ExternalId::parse), record) {
                (Some(Ok(_)), None) | (None, Some(Value::Object(_))) => Ok(self),
                (Some(Err(_)), None) => Err("\"externalId\" is not an external id".to_owned()),
                (None, Some(_)) => {
                    Err("\"record\" is not a key, such as {\"id\":\"alice\"}".to_owned())
                }
                _ => Err(
                    "explain needs either \"externalId\" or \"record\", the key of a record"
                        .to_owned(),
                ),
            },
            Self::Sync {
                only: Some(only), ..
            }
            | Self::Approve {
                only: Some(only), ..
            } => match only
                .iter()
                .find(|id| ExternalId::parse(id.as_str()).is_err())
            {
                None if only.is_empty() => Err("\"only\" names nobody".to_owned()),
                None => Ok(self),
                Some(_) => Err("\"only\" contains something that is not an external id".to_owned()),
            },
            _ => Ok(self),
        }
    }
}

/// An event that the function does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "this event is not one that the function knows ({0}); expected an EventBridge scheduled event, \
     a DynamoDB Streams batch, {{\"command\":\"sync\"}}, {{\"command\":\"plan\"}}, \
     {{\"command\":\"push\",\"records\":[…],\"at\":…}}, {{\"command\":\"approve\",\"digest\":…}}, \
     {{\"command\":\"explain\",\"externalId\":…}}, {{\"command\":\"verify\"}}, \
     {{\"command\":\"prove\"}}, {{\"command\":\"pause\"}}, {{\"command\":\"resume\"}}, \
     {{\"command\":\"doctor\"}} or {{\"command\":\"status\"}} (the first two take \
     \"retryRefused\": true, a sync \"only\": [external ids] or \"rebind\": true, a plan \
     \"detail\": true with \"limit\": 1 to 200 and \"values\": true, or \"mapping\": a candidate, \
     an approval \"only\": [external ids], \"by\" and \"reason\", a verification \"adopt\": true \
     and \"repair\": true, a proof \"confirmed\": [\"deactivate\"])"
)]
pub struct UnknownEvent(String);

impl Event {
    /// Reads an invocation's payload.
    ///
    /// # Errors
    /// Says what was found and what was expected.
    pub fn parse(payload: &Value) -> Result<Self, UnknownEvent> {
        let Some(object) = payload.as_object() else {
            return Err(UnknownEvent("it is not a JSON object".to_owned()));
        };
        if object.contains_key("command") {
            if object.contains_key("allowDeactivations") {
                return Err(UnknownEvent(
                    "\"allowDeactivations\" is gone, because a number lets through anybody who \
                     happens to be there. Approve exactly the people that a report's \"withheld\" \
                     keeps back, by its digest: {\"command\":\"approve\",\"digest\":…}"
                        .to_owned(),
                ));
            }
            // serde's messages for these shapes name fields and variants, never values of records.
            return Command::read(object)
                .and_then(Command::check)
                .map(Self::Command)
                .map_err(UnknownEvent);
        }
        if let Some(records) = object.get("Records").and_then(Value::as_array) {
            return Self::parse_records(records);
        }
        match object.get("detail-type").and_then(Value::as_str) {
            // A rule says `aws.events`, EventBridge Scheduler `aws.scheduler`; both say this.
            Some("Scheduled Event") => Ok(Self::Schedule),
            Some(other) => Err(UnknownEvent(format!(
                "an EventBridge event of type \"{other}\""
            ))),
            None => Err(UnknownEvent(
                "it has neither \"command\" nor \"detail-type\" nor \"Records\"".to_owned(),
            )),
        }
    }

    /// Every source of batches sends `Records`. Each record says where it comes from.
    fn parse_records(records: &[Value]) -> Result<Self, UnknownEvent> {
        // SNS spells it with a capital.
        let source = |record: &Value| {
            let source = record
                .get("eventSource")
                .or_else(|| record.get("EventSource"));
            Some(source?.as_str()?.to_owned())
        };
        match records.iter().find_map(source) {
            Some(other) if other != "aws:dynamodb" => {
                Err(UnknownEvent(format!("records of {other}")))
            }
            _ => Ok(Self::Stream(StreamBatch::read(records))),
        }
    }
}

/// How far a sender's clock may be ahead of ours.
const AHEAD: std::time::Duration = std::time::Duration::from_secs(5 * 60);

/// When a push was made. An error if that is still ahead.
pub(crate) fn pushed_at(at: Option<&str>, now: Timestamp) -> Result<Timestamp, Timestamp> {
    // The event was checked.
    let at: Timestamp = at.and_then(|at| at.parse().ok()).unwrap_or(now);
    if at > now + AHEAD { Err(at) } else { Ok(at) }
}

/// The time as of which a sync must tell the table. One that is ahead means now.
pub(crate) fn asked_since(since: Option<&str>, now: Timestamp) -> Timestamp {
    // The event was checked.
    let since = since.and_then(|since| since.parse().ok());
    since.map_or(now, |since: Timestamp| since.min(now))
}

#[cfg(test)]
mod tests;
