//! One event of the System Log, in Okta's words.

use std::time::SystemTime;

use serde_json::{Map, Value, json};

use crate::{clock::iso_exact, directory::Refused};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    /// Why it failed, if it did.
    pub(crate) failed: Option<String>,
    pub(crate) target: Option<Target>,
    pub(crate) debug: Vec<(&'static str, String)>,
}

/// Who or what an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    id: String,
    kind: &'static str,
    alternate_id: String,
}

/// An event, and when it happened.
#[derive(Debug)]
pub(crate) struct Logged {
    pub(crate) uuid: String,
    pub(crate) published: SystemTime,
    pub(crate) event: Event,
}

/// The owner of the log, as events name it.
pub(crate) struct Actor<'a> {
    pub(crate) app: &'a str,
}

impl Event {
    pub(crate) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            failed: None,
            target: None,
            debug: Vec::new(),
        }
    }

    /// About an import session: `what` happened to it.
    pub(crate) fn session(kind: &'static str, session: &str) -> Self {
        Self {
            target: Some(Target {
                id: session.to_owned(),
                kind: "ImportSession",
                alternate_id: session.to_owned(),
            }),
            ..Self::new(kind, "Identity source import session")
        }
    }

    /// About a user of the source.
    pub(crate) fn user(kind: &'static str, external_id: &str, okta_id: Option<&str>) -> Self {
        Self {
            target: Some(Target {
                id: okta_id.unwrap_or(external_id).to_owned(),
                kind: "AppUser",
                alternate_id: external_id.to_owned(),
            }),
            debug: vec![("externalId", external_id.to_owned())],
            ..Self::new(kind, "Identity source user")
        }
    }

    /// Okta refused a user inside an import.
    pub(crate) fn refused(session: &str, external_id: &str, refused: &Refused) -> Self {
        let mut event = Self::user(
            "app.user_management.update_from_master_failed",
            external_id,
            None,
        );
        event.message = "Fail to update the user profile from its source".to_owned();
        event.failed = Some(refused.to_string());
        event.debug.push(("error_field", refused.field.clone()));
        event.debug.push(("error_code", refused.code.clone()));
        event.debug.push(("importSessionId", session.to_owned()));
        event
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.debug.push((name, value.to_string()));
        self
    }
}

impl Logged {
    /// The event as the API returns it.
    pub(crate) fn object(&self, actor: &Actor<'_>) -> Value {
        let event = &self.event;
        let debug: Map<String, Value> = event
            .debug
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        let mut target = vec![json!({
            "id": actor.app,
            "type": "AppInstance",
            "alternateId": "Custom Identity Source",
            "displayName": "Custom Identity Source",
        })];
        if let Some(Target {
            id,
            kind,
            alternate_id,
        }) = &event.target
        {
            let it = json!({
                "id": id,
                "type": kind,
                "alternateId": alternate_id,
                "displayName": alternate_id,
            });
            target.insert(0, it);
        }
        json!({
            "uuid": self.uuid,
            "published": iso_exact(self.published),
            "eventType": event.kind,
            "version": "0",
            "severity": if event.failed.is_some() { "WARN" } else { "INFO" },
            "legacyEventType": Value::Null,
            "displayMessage": event.message,
            "actor": {
                "id": actor.app,
                "type": "PublicClientApp",
                "alternateId": "unknown",
                "displayName": "Custom Identity Source",
            },
            "outcome": {
                "result": if event.failed.is_some() { "FAILURE" } else { "SUCCESS" },
                "reason": event.failed,
            },
            "debugContext": { "debugData": debug },
            "transaction": { "type": "JOB", "id": self.uuid, "detail": {} },
            "target": target,
        })
    }
}
