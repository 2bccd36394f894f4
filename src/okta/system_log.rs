//! What the System Log says about imports: that one is complete, and which users it refused.

use std::collections::BTreeMap;

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::calls::Calls;
use super::client::{Api, Call, Failure, Repeat};
use super::error::Error;

/// A user that Okta would not take from their source (Okta's catalogue of events). This kind of
/// source probably uses it. If not, the log finds nobody.
const REFUSED: &str = "app.user_management.update_from_master_failed";
const COMPLETE: &str = "system.import.complete";

/// The most events in one answer (Okta's System Log API).
const PAGE: usize = 1_000;
/// How many answers are read at a time: more are probably another app's.
const PAGES: usize = 10;

/// An event about an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportEvent {
    /// When it happened, by Okta's clock.
    pub at: Timestamp,
    /// The import session, if the event names one.
    pub session: Option<String>,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An import was done.
    Complete,
    /// A user was refused.
    Refused {
        /// What the event calls the user: one of these may be the external id.
        names: Vec<String>,
        /// The attribute that was refused, such as `login`.
        field: Option<String>,
        /// Why, such as `notUniqueWithinOrg`.
        code: Option<String>,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    uuid: Option<String>,
    published: Timestamp,
    event_type: String,
    #[serde(default)]
    debug_context: Option<Debug>,
    #[serde(default)]
    target: Option<Vec<Target>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Debug {
    #[serde(default)]
    debug_data: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Target {
    #[serde(default)]
    id: Option<String>,
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    alternate_id: Option<String>,
}

impl Wire {
    fn debug(&self, name: &str) -> Option<String> {
        let value = self.debug_context.as_ref()?.debug_data.get(name)?;
        value.as_str().map(str::to_owned)
    }

    fn targets(&self, kind: &str) -> impl Iterator<Item = &Target> {
        let targets = self.target.iter().flatten();
        targets.filter(move |target| target.kind.as_deref() == Some(kind))
    }

    /// Whether it is about another app than this one. The log is the whole org's.
    fn is_of_another(&self, app: &str) -> bool {
        let mut apps = self.targets("AppInstance").peekable();
        apps.peek().is_some() && apps.all(|target| target.id.as_deref() != Some(app))
    }

    fn event(self) -> ImportEvent {
        let named = self.targets("ImportSession").next();
        let session = self
            .debug("importSessionId")
            .or_else(|| named.and_then(|target| target.id.clone()));
        let what = if self.event_type == COMPLETE {
            What::Complete
        } else {
            let mut names: Vec<_> = self.debug("externalId").into_iter().collect();
            for target in self.target.iter().flatten() {
                if target.kind.as_deref() != Some("AppInstance") {
                    names.extend(target.alternate_id.iter().chain(&target.id).cloned());
                }
            }
            What::Refused {
                names,
                field: self.debug("error_field").and_then(word),
                code: self.debug("error_code").and_then(word),
            }
        };
        ImportEvent {
            at: self.published,
            session,
            what,
        }
    }
}

/// A name of Okta's. Anything else might be a value.
fn word(text: String) -> Option<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    ((1..=60).contains(&text.len()) && text.chars().all(is_name)).then_some(text)
}

impl Calls {
    /// What the System Log has so far about this app's imports since then. It is late: what is not
    /// there yet may come.
    ///
    /// # Errors
    /// As every call: no time, no permission, no answer.
    pub async fn import_events(&self, since: Timestamp) -> Result<Vec<ImportEvent>, Error> {
        let filter = format!("eventType eq \"{REFUSED}\" or eventType eq \"{COMPLETE}\"");
        let mut events = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let mut since = since;
        for _ in 0..PAGES {
            let (limit, from) = (PAGE.to_string(), since.to_string());
            let query = [
                ("since", from.as_str()),
                ("filter", &filter),
                ("limit", &limit),
                ("sortOrder", "ASCENDING"),
            ];
            let answer = self
                .send(Call {
                    api: Api::Logs(&query),
                    method: Method::GET,
                    path: &[],
                    name: "GET /logs",
                    body: None,
                    repeat: Repeat::Freely,
                })
                .await
                .map_err(Failure::into_error)?;
            let page: Vec<Wire> = answer.json()?;
            let is_last = page.len() < PAGE;
            let before = since;
            for wire in page {
                since = since.max(wire.published);
                let is_new = wire.uuid.clone().is_none_or(|uuid| seen.insert(uuid));
                if is_new && !wire.is_of_another(self.source()) {
                    events.push(wire.event());
                }
            }
            if is_last || since == before {
                break;
            }
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(event: Value) -> Wire {
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn a_refusal_names_the_user_in_one_way_or_another_and_values_do_not_pass_for_names() {
        let event = read(
            json!({"published": "2026-05-13T05:52:24.123Z", "eventType": REFUSED,
            "debugContext": {"debugData": {"error_field": "login", "error_code": "not unique: ada@example.com"}},
            "target": [{"id": "00u1", "type": "AppUser", "alternateId": "e7"}, {"id": "0oa1", "type": "AppInstance"}]}),
        );

        assert!(!event.is_of_another("0oa1") && event.is_of_another("0oa2"));
        let What::Refused { names, field, code } = event.event().what else {
            panic!()
        };

        assert_eq!(names, ["e7", "00u1"]);
        assert_eq!((field.as_deref(), code), (Some("login"), None));
    }

    #[test]
    fn an_event_without_anything_is_still_read() {
        let event = json!({"published": "2026-05-13T05:52:24Z", "eventType": COMPLETE, "target": null, "debugContext": null});

        let event = read(event).event();

        assert_eq!((event.session, event.what), (None, What::Complete));
    }
}
