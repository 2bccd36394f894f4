//! What fired us: the events that the function answers, and nothing else.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{mapping::ExternalId, users::StreamBatch};

/// One invocation's reason.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// An EventBridge rule or EventBridge Scheduler: a full run.
    Schedule,
    /// A DynamoDB Streams batch, from an event source mapping: its keys.
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
    /// A full run, or one for some people.
    Sync {
        /// The external ids of those who are told; without them, everybody.
        #[serde(default)]
        only: Option<Vec<String>>,
        /// Whether users whom Okta has refused are tried again, though their records are the same.
        #[serde(default)]
        retry_refused: bool,
        /// Whether the ledger is to be about what is configured now, if it is about something else.
        #[serde(default)]
        rebind: bool,
        /// From when on the table is what is to be told, RFC 3339; without it, from now on. Who follows
        /// a sync over several invocations gives when the first began.
        #[serde(default)]
        since: Option<String>,
    },
    /// What a full run would do; nothing is written anywhere.
    Plan {
        /// As for a sync.
        #[serde(default)]
        retry_refused: bool,
        /// Whether changes are listed, instead of only counted.
        #[serde(default)]
        detail: bool,
        /// How many of each kind are listed, up to [`Command::MOST_LISTED`].
        #[serde(default)]
        limit: Option<u64>,
        /// Whether the changing attributes' values are told.
        #[serde(default)]
        values: bool,
        /// A candidate for the mapping: what it would change is told, instead of what is to do.
        #[serde(default)]
        mapping: Option<Value>,
    },
    /// The source calls with the data: these records are pushed, and nobody else is touched.
    Push {
        /// Records in the users table's shape, as plain JSON.
        records: Vec<Value>,
        /// When the records were so, by the sender's clock: an older push never overwrites a newer
        /// one.
        #[serde(default)]
        at: Option<String>,
    },
    /// What is known of one person, what the next run will do about them, and why; nothing is
    /// changed anywhere.
    Explain {
        /// Their external id.
        #[serde(default)]
        external_id: Option<String>,
        /// Or the key of a record about them, as plain JSON.
        #[serde(default)]
        record: Option<Value>,
    },
    /// Lets exactly the people through whom the guard withholds under a digest.
    Approve {
        /// The digest, from a report's `withheld`.
        digest: String,
        /// The external ids of those who are let through; without them, all on the list.
        #[serde(default)]
        only: Option<Vec<String>>,
        /// Who approves.
        #[serde(default)]
        by: Option<String>,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
    },
    /// From now on every run is a dry run.
    Pause {
        /// Who pauses.
        #[serde(default)]
        by: Option<String>,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
    },
    /// From now on runs tell Okta again.
    Resume {
        /// Who resumes.
        #[serde(default)]
        by: Option<String>,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Compares what Okta has with what the table says and what it was told; nothing is told to it.
    Verify {
        /// Whether entries are written of people whom Okta has as they are to be.
        #[serde(default)]
        adopt: bool,
        /// Whether people are told again whom Okta has otherwise.
        #[serde(default)]
        repair: bool,
    },
    /// Finds out with made-up people what single-user calls do with this org.
    Prove {
        /// What the operator has seen to be right; `deactivate` alone is possible.
        #[serde(default)]
        confirmed: Option<Vec<String>>,
    },
    /// Checks everything that a run needs; nothing is changed anywhere.
    Doctor {},
    /// How things stand: the last runs, open sessions, who is stuck; nothing is changed anywhere.
    Status {},
}

impl Command {
    /// How many changes of each kind a plan lists unless it is told otherwise.
    pub const LISTED: u64 = 50;
    /// How many it lists at most: Okta is asked about each of them.
    pub const MOST_LISTED: u64 = 200;
    /// How long a name or a reason may be that is kept, in bytes.
    pub const SAID: usize = 500;
    /// How many people a sync is for at most that names them: what one request to Okta carries.
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
                if [by, reason].into_iter().flatten().any(|said| said.len() > Self::SAID) =>
            {
                Err(format!(
                    "\"by\" and \"reason\" are kept with what every run reads: {} bytes each are possible",
                    Self::SAID
                ))
            }
            Self::Plan {
                limit: Some(limit), ..
            } if !(1..=Self::MOST_LISTED).contains(limit) => Err(format!(
                "\"limit\" is {limit}, where 1 to {} are possible",
                Self::MOST_LISTED
            )),
            Self::Plan {
                retry_refused: true,
                mapping: Some(_),
                ..
            } => Err("a \"mapping\" is compared without a look at Okta: leave \"retryRefused\" out".to_owned()),
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
                Some(Err(_)) => Err(
                    "\"at\" is not a time such as \"2026-05-13T10:00:00Z\"".to_owned()
                ),
                None => Err(
                    "a push needs \"at\": when its records were so, such as \"2026-05-13T10:00:00Z\"; an older push never \
                     overwrites a newer one"
                        .to_owned(),
                ),
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
                "\"only\" names {} people, where {} are possible: more are a matter for a sync of everybody",
                only.len(),
                Self::MOST_NAMED
            )),
            Self::Explain {
                external_id,
                record,
            } => match (external_id.as_deref().map(ExternalId::parse), record) {
                (Some(Ok(_)), None) | (None, Some(Value::Object(_))) => Ok(self),
                (Some(Err(_)), None) => Err("\"externalId\" is no external id".to_owned()),
                (None, Some(_)) => Err("\"record\" is not a key, such as {\"id\":\"alice\"}".to_owned()),
                _ => Err("explain needs either \"externalId\" or \"record\", the key of a record".to_owned()),
            },
            Self::Sync {
                only: Some(only), ..
            }
            | Self::Approve {
                only: Some(only), ..
            } => match only.iter().find(|id| ExternalId::parse(id.as_str()).is_err()) {
                None if only.is_empty() => Err("\"only\" names nobody".to_owned()),
                None => Ok(self),
                Some(_) => Err("\"only\" has something that is no external id".to_owned()),
            },
            _ => Ok(self),
        }
    }
}

/// An event that is none of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "this event is not one that the function knows ({0}); expected an EventBridge scheduled event, a \
     DynamoDB Streams batch, {{\"command\":\"sync\"}}, {{\"command\":\"plan\"}}, \
     {{\"command\":\"push\",\"records\":[…],\"at\":…}}, {{\"command\":\"approve\",\"digest\":…}}, \
     {{\"command\":\"explain\",\"externalId\":…}}, {{\"command\":\"verify\"}}, {{\"command\":\"prove\"}}, {{\"command\":\"pause\"}}, \
     {{\"command\":\"resume\"}}, {{\"command\":\"doctor\"}} or {{\"command\":\"status\"}} \
     (the first two take \"retryRefused\": true, a sync \"only\": [external ids] or \"rebind\": true, a plan \"detail\": true with \"limit\": 1 to \
     200 and \"values\": true, or \"mapping\": a candidate, an approval \"only\": [external ids], \"by\" and \"reason\", a verification \
     \"adopt\": true and \"repair\": true, a proof \"confirmed\": [\"deactivate\"])"
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
                    "\"allowDeactivations\" is gone: a number lets through whoever happens to be there. Approve exactly the \
                     people whom a report's \"withheld\" keeps back, by its digest: {\"command\":\"approve\",\"digest\":…}"
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

    /// Every source of batches sends `Records`; each record says whose it is.
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

/// When a push was made; as an error, if that is yet to come.
pub(crate) fn pushed_at(at: Option<&str>, now: Timestamp) -> Result<Timestamp, Timestamp> {
    // The event was checked.
    let at: Timestamp = at.and_then(|at| at.parse().ok()).unwrap_or(now);
    if at > now + AHEAD { Err(at) } else { Ok(at) }
}

/// From when on the table is what a sync is to tell: a time to come is now.
pub(crate) fn asked_since(since: Option<&str>, now: Timestamp) -> Timestamp {
    // The event was checked.
    let since = since.and_then(|since| since.parse().ok());
    since.map_or(now, |since: Timestamp| since.min(now))
}

#[cfg(test)]
mod tests;
