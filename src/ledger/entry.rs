//! One user's entry, and how it looks in the state table.

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use jiff::Timestamp;

use super::{
    IdHash, LoginMark, Memberships, Told,
    charge::Charge,
    log::{Number, SessionLog, Telling},
};
use crate::{
    dynamodb::Item,
    mapping::{ExternalId, Fingerprint},
    okta::SessionId,
    users::RecordKey,
};

/// A user's entry in the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The user.
    pub external_id: ExternalId,
    /// The record they came from.
    pub key: RecordKey,
    /// What Okta was told.
    pub told: Told,
    /// The number of the session that carried it.
    pub session: Number,
    /// Okta's id of that session.
    pub session_id: Option<SessionId>,
    /// The session, unended at the time, that may overtake it.
    pub behind: Option<Number>,
    /// Whether nobody knows that it arrived, whatever became of its session.
    pub doubtful: bool,
    /// Where they came from.
    pub origin: Origin,
    /// When it was written.
    pub at: Timestamp,
    /// What they have cost the budget of deactivations.
    pub deactivation: Option<Charge>,
    /// What they have cost the budget of updates.
    pub update: Option<Charge>,
    /// When the push that Okta was last told was made, by its sender's clock.
    pub pushed: Option<Timestamp>,
    /// Whether a push wants them to leave, and the guard has kept that back.
    pub to_leave: bool,
    /// The difference at Okta for which they were last told the same again. If it is still there,
    /// telling it once more does not help.
    pub repaired: Option<Fingerprint>,
    /// When a single-user call told it, if one did. Until a session has told it again, the entry
    /// names the call.
    pub called: Option<Timestamp>,
    /// The login that Okta was told, if they were told to be active.
    pub login: Option<LoginMark>,
    /// Whether Okta was told nothing: the entry only remembers a push that wants a stranger to be
    /// inactive, so that an older one does not let them in.
    pub stranger: bool,
    /// What Okta was told about their groups, if it was told about any.
    pub memberships: Option<Memberships>,
}

/// Where a user came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The users table: people who are no longer in it are gone.
    Table,
    /// A push alone: absence from the table says nothing.
    Push,
}

impl Entry {
    /// What Okta was told, and by which session.
    #[must_use]
    pub fn telling(&self) -> Telling {
        Telling {
            told: self.told,
            session: self.session,
            behind: self.behind,
            doubtful: self.doubtful,
        }
    }

    /// Whether a single-user call told it last, and no session since.
    #[must_use]
    pub fn is_called(&self) -> bool {
        self.called.is_some() && self.session_id.is_none()
    }

    /// The item. What a look at the whole ledger does not need has names of its own, so that it
    /// takes no room there: Okta's id of the session (the first release's entries have it as
    /// `session`, which identifies their sessions), and when somebody was told to be active.
    pub(super) fn to_item(&self) -> Item {
        let Self {
            external_id,
            key,
            told,
            session,
            session_id,
            behind,
            doubtful,
            origin,
            at,
            deactivation,
            update,
            pushed,
            to_leave,
            repaired,
            called,
            login,
            stranger,
            memberships,
        } = self;
        let text = |text: String| AttributeValue::S(text);
        let number = |number: Number| AttributeValue::N(number.to_string());
        let time = match told {
            Told::Active(_) => "toldAt",
            Told::Inactive => "at",
        };
        let required = [
            ("pk", text(IdHash::of(external_id).pk())),
            ("externalId", text(external_id.to_string())),
            ("key", AttributeValue::M(key.to_item())),
            (time, text(at.to_string())),
            (NUMBER, number(*session)),
        ];
        let print = match told {
            Told::Active(print) => Some(print_value(*print)),
            Told::Inactive => None,
        };
        let optional = [
            ("print", print),
            (
                "origin",
                (*origin == Origin::Push).then(|| text("push".to_owned())),
            ),
            (
                "sessionId",
                session_id.as_ref().map(|id| text(id.to_string())),
            ),
            ("behind", behind.map(number)),
            ("doubtful", doubtful.then_some(AttributeValue::Bool(true))),
            (
                "chargedDeactivation",
                deactivation.map(|charge| text(charge.to_string())),
            ),
            (
                "chargedUpdate",
                update.map(|charge| text(charge.to_string())),
            ),
            ("pushed", pushed.map(|at| text(at.to_string()))),
            ("toLeave", to_leave.then_some(AttributeValue::Bool(true))),
            (REPAIRED, repaired.map(print_value)),
            ("called", called.map(|at| text(at.to_string()))),
            (STRANGER, stranger.then_some(AttributeValue::Bool(true))),
            (
                "l",
                login.map(|mark| AttributeValue::B(Blob::new(mark.as_bytes()))),
            ),
        ];
        let optional = optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        let memberships = memberships.iter().flat_map(Memberships::to_attributes);
        required
            .into_iter()
            .chain(optional)
            .chain(memberships)
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// The entry in an item. `log` knows the numbers of sessions that had none.
    pub(super) fn from_item(item: &Item, log: &SessionLog) -> Option<Self> {
        let telling = telling(item, log);
        let text = |name: &str| item.get(name)?.as_s().ok();
        Some(Self {
            external_id: ExternalId::parse(text("externalId")?.as_str()).ok()?,
            key: RecordKey::from_item(item.get("key")?.as_m().ok()?),
            told: telling.told,
            session: telling.session,
            session_id: text("sessionId")
                .or(text("session"))
                .map(|id| SessionId::from(id.clone())),
            behind: telling.behind,
            doubtful: telling.doubtful,
            origin: origin(item),
            at: at(item)?,
            deactivation: Charge::in_item(item, "chargedDeactivation"),
            update: Charge::in_item(item, "chargedUpdate"),
            pushed: text("pushed").and_then(|at| at.parse().ok()),
            to_leave: to_leave(item),
            repaired: item.get(REPAIRED).and_then(print),
            called: text("called").and_then(|at| at.parse().ok()),
            login: item
                .get("l")
                .and_then(|mark| LoginMark::from_bytes(mark.as_b().ok()?.as_ref())),
            stranger: is_stranger(item),
            memberships: Memberships::from_item(item),
        })
    }
}

/// The attribute that has the difference for which they were told again.
pub(super) const REPAIRED: &str = "repaired";

pub(super) fn print_value(print: Fingerprint) -> AttributeValue {
    AttributeValue::B(Blob::new(print.as_bytes().as_slice()))
}

fn print(value: &AttributeValue) -> Option<Fingerprint> {
    let bytes: [u8; 16] = value.as_b().ok()?.as_ref().try_into().ok()?;
    Some(bytes.into())
}

/// The attribute that has the session's number.
pub(super) const NUMBER: &str = "n";

/// The attribute that says that Okta was told nothing.
pub(super) const STRANGER: &str = "stranger";

/// The part of an item that a look at the whole ledger needs.
pub(super) const PROJECTION: &str = "pk,print,#session,origin,n,behind,doubtful,#at,chargedDeactivation,chargedUpdate,toLeave,stranger,gp,gn,gd,g,gt,gs,gl,gr";

/// What an item says that Okta was told. If it says so in a way that this release does not know, it
/// is doubtful.
pub(super) fn telling(item: &Item, log: &SessionLog) -> Telling {
    let number = |name: &str| item.get(name)?.as_n().ok()?.parse::<Number>().ok();
    let session = item.get("session").and_then(|id| id.as_s().ok());
    let (told, known) = match item.get("print") {
        None => (Told::Inactive, true),
        Some(value) => {
            let print = print(value);
            let told = print.unwrap_or_else(|| [0; 16].into());
            (Told::Active(told), print.is_some())
        }
    };
    Telling {
        told,
        session: number(NUMBER)
            .or_else(|| Some(log.number_of(session?)))
            .unwrap_or(0),
        behind: number("behind"),
        doubtful: !known
            || item.contains_key("doubtful")
            || (!item.contains_key(NUMBER) && session.is_none()),
    }
}

pub(super) fn origin(item: &Item) -> Origin {
    if item.contains_key("origin") {
        Origin::Push
    } else {
        Origin::Table
    }
}

pub(super) fn at(item: &Item) -> Option<Timestamp> {
    let at = item.get("at").or(item.get("toldAt"))?;
    at.as_s().ok()?.parse().ok()
}

pub(super) fn is_stranger(item: &Item) -> bool {
    item.contains_key(STRANGER)
}

pub(super) fn to_leave(item: &Item) -> bool {
    item.contains_key("toLeave")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str) -> Entry {
        Entry {
            external_id: ExternalId::parse("alice").unwrap(),
            key: RecordKey::from_item(
                &[("id".to_owned(), AttributeValue::S(key.to_owned()))].into(),
            ),
            told: Told::Active(Fingerprint::from([7; 16])),
            session: 7,
            session_id: Some(SessionId::from("aps1".to_owned())),
            behind: Some(6),
            doubtful: true,
            origin: Origin::Push,
            at: "2026-01-02T03:04:05Z".parse().unwrap(),
            deactivation: Charge::parse("5:7"),
            update: Charge::parse("5:7:3:6"),
            pushed: "2026-01-02T03:04:00Z".parse().ok(),
            to_leave: true,
            repaired: Some(Fingerprint::from([9; 16])),
            called: "2026-01-02T03:04:04Z".parse().ok(),
            login: Some(LoginMark::of("Alice@example.com")),
            stranger: true,
            memberships: Some(Memberships {
                session: 6,
                ..Memberships::default()
            }),
        }
    }

    #[test]
    fn an_entry_survives_the_state_table() {
        for told in [Told::Inactive, Told::Active(Fingerprint::from([7; 16]))] {
            let entry = Entry {
                told,
                ..entry("a1")
            };

            assert_eq!(
                Entry::from_item(&entry.to_item(), &SessionLog::default()),
                Some(entry)
            );
        }
    }
}
