//! People who do not exist.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use crate::{
    guard::Target,
    ledger::{Again, Charge, Entry, Hour, IdHash, Number, Origin, Told, UNKNOWN},
    mapping::ExternalId,
    okta::{Entity, EntityError},
    sync::suspect::Suspect,
    users::RecordKey,
};

/// Somebody who does not exist, and has no record.
pub(super) struct MadeUp {
    pub(super) id: ExternalId,
    pub(super) login: String,
}

impl MadeUp {
    /// Three people that nobody else has.
    pub(super) fn three() -> [Self; 3] {
        let number = fastrand::u64(..);
        ["a", "b", "c"].map(|one| {
            let name = format!("identity-source-proof-{number:016x}-{one}");
            Self {
                login: format!("{name}@example.com"),
                id: ExternalId::made_up(name),
            }
        })
    }

    /// What Okta is sent to have them active under this name.
    pub(super) fn active(&self, last_name: &str) -> Result<Entity, EntityError> {
        let profile = BTreeMap::from([
            ("userName", self.login.as_str()),
            ("email", self.login.as_str()),
            ("firstName", "Made-up"),
            ("lastName", last_name),
        ]);
        Entity::upsert(self.id.as_str(), &profile)
    }

    /// What Okta is sent to deactivate them.
    pub(super) fn inactive(&self) -> Result<Entity, EntityError> {
        Entity::deactivate(self.id.as_str())
    }

    /// Their entry, before a call tells Okta this. Its key is not a key of the users table, so they
    /// count as gone.
    pub(super) fn entry(&self, told: Told, call: Number, now: Timestamp) -> Entry {
        let name = AttributeValue::S(self.id.to_string());
        Entry {
            external_id: self.id.clone(),
            key: RecordKey::from_item(&[("madeUp".to_owned(), name)].into()),
            told,
            session: call,
            session_id: None,
            behind: None,
            doubtful: false,
            origin: Origin::Table,
            at: now,
            // The person who proves approves that they leave: they take nobody's place.
            deactivation: Some(Charge {
                hour: Hour::of(now),
                by: call,
                approved: true,
                moved: None,
            }),
            update: None,
            pushed: None,
            to_leave: false,
            repaired: None,
            called: Some(now),
            login: None,
            stranger: false,
            memberships: None,
        }
    }

    /// Them, for a session that deactivates them.
    pub(super) fn leaver(&self) -> Suspect {
        Suspect {
            id: IdHash::of(&self.id),
            keys: Vec::new(),
            charge: None,
            target: Target::from(Told::Inactive),
            again: Again::AsEver,
            pushed: None,
            place: None,
            confirms: false,
        }
    }
}

/// What an entry says about somebody who was told active with a profile that no record has.
pub(super) const ACTIVE: Told = Told::Active(UNKNOWN);
