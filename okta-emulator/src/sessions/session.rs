//! One import session.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    course::{Applied, Ending, ImportCourse},
    status::SessionStatus,
};
use crate::{
    clock::{iso, serialize_iso, serialize_iso_option},
    directory::{Attributes, Happened, Outcome},
    groups::{GroupChange, GroupOutcome},
    load::LoadKind,
};

/// The number of users per outcome of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// New users.
    pub created: usize,
    /// Users with at least one changed attribute.
    pub updated: usize,
    /// Users who already were as they were sent.
    pub unchanged: usize,
    /// Users deactivated.
    pub deactivated: usize,
    /// Deactivated users made active again.
    pub reactivated: usize,
    /// Users with nothing to do, such as unknown ones in a `bulk-delete`.
    pub ignored: usize,
    /// Users that Okta refused.
    pub failed: usize,
}

impl Counts {
    pub(crate) fn add(&mut self, happened: Happened) {
        let count = match happened {
            Happened::Created => &mut self.created,
            Happened::Updated => &mut self.updated,
            Happened::Unchanged => &mut self.unchanged,
            Happened::Deactivated => &mut self.deactivated,
            Happened::Reactivated => &mut self.reactivated,
            Happened::Ignored => &mut self.ignored,
            Happened::Failed => &mut self.failed,
        };
        *count += 1;
    }
}

/// A session as the admin console's Import Monitoring page would show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    /// `aps…`.
    pub id: String,
    /// Its status.
    pub status: SessionStatus,
    /// When it was opened.
    #[serde(serialize_with = "serialize_iso")]
    pub created: SystemTime,
    /// When its import was started.
    #[serde(serialize_with = "serialize_iso_option")]
    pub triggered: Option<SystemTime>,
    /// When Okta will have processed it, once it is triggered.
    #[serde(serialize_with = "serialize_iso_option")]
    pub due: Option<SystemTime>,
    /// When it ended, however it did.
    #[serde(serialize_with = "serialize_iso_option")]
    pub ended: Option<SystemTime>,
    /// Bulk requests accepted.
    pub requests: u32,
    /// Users loaded to be created or updated.
    pub upserts: usize,
    /// Users loaded to be deactivated.
    pub deletes: usize,
    /// Changes of groups and memberships loaded.
    pub group_changes: usize,
    /// What the import did; all zero until it is done.
    pub results: Counts,
    /// Whether it was created with
    /// [`open_foreign_session`](crate::Emulator::open_foreign_session).
    pub foreign: bool,
}

/// One user of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionUser {
    /// The source's id of the user.
    pub external_id: String,
    /// The requested action.
    pub loaded: LoadKind,
    /// When Okta accepted the bulk request with it.
    #[serde(serialize_with = "serialize_iso")]
    pub loaded_at: SystemTime,
    /// What became of it; `None` until the import is done, and if the import left
    /// the user out.
    pub outcome: Option<Outcome>,
    /// What became of it when the import was repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub again: Option<Outcome>,
}

/// One change of a group in a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionGroup {
    /// The group's externalId.
    pub group: String,
    /// The requested action.
    pub change: GroupChange,
    /// When Okta accepted the bulk request with it.
    #[serde(serialize_with = "serialize_iso")]
    pub loaded_at: SystemTime,
    /// What became of it; `None` until the import is done, and if the import left
    /// the groups out.
    pub outcome: Option<GroupOutcome>,
}

#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: Arc<str>,
    pub(super) status: SessionStatus,
    pub(super) created: SystemTime,
    pub(super) last_updated: SystemTime,
    /// An open session expires 24 hours after this.
    pub(super) last_request: SystemTime,
    pub(super) triggered: Option<SystemTime>,
    /// When a triggered session will have been processed.
    pub(super) due: Option<SystemTime>,
    pub(super) ended: Option<SystemTime>,
    /// How its import differs.
    pub(super) course: ImportCourse,
    /// Whether it was imported, in whatever way.
    pub(super) imported: bool,
    /// How long it still says CREATED after it was loaded.
    pub(super) lag: Duration,
    pub(super) lags_until: SystemTime,
    pub(super) requests: u32,
    pub(super) loaded: BTreeMap<String, Loaded>,
    /// How many of them are deactivations.
    pub(super) deletes: usize,
    /// Changes of groups and memberships, in loading order.
    pub(super) groups: Vec<SessionGroup>,
    pub(super) results: Counts,
    pub(super) foreign: bool,
    /// Whether a call from the client, and not a test, brought it here: only
    /// then is a late load the client's fault.
    pub(super) moved_by_client: bool,
}

#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) kind: LoadKind,
    /// Dropped once imported or cancelled.
    pub(super) profile: Attributes,
    pub(super) at: SystemTime,
    pub(super) outcome: Option<Outcome>,
    pub(super) again: Option<Outcome>,
}

impl Session {
    pub(super) fn opened(id: String, now: SystemTime) -> Self {
        Self {
            id: id.into(),
            status: SessionStatus::Created,
            created: now,
            last_updated: now,
            last_request: now,
            triggered: None,
            due: None,
            ended: None,
            course: ImportCourse::default(),
            imported: false,
            lag: Duration::ZERO,
            lags_until: now,
            requests: 0,
            loaded: BTreeMap::new(),
            deletes: 0,
            groups: Vec::new(),
            results: Counts::default(),
            foreign: false,
            moved_by_client: true,
        }
    }

    pub(super) fn move_to(&mut self, status: SessionStatus, at: SystemTime) {
        use SessionStatus::{Closed, Completed, Error, Expired};
        if matches!(status, Closed | Completed | Error | Expired) {
            self.ended = Some(at);
            if self.course.repeats.is_none() {
                self.drop_profiles();
            }
        }
        self.status = status;
        self.last_updated = at;
    }

    /// Ends its import this way, with nobody applied.
    pub(super) fn ends(&mut self, status: SessionStatus) {
        self.course.endings.insert(
            0,
            Ending {
                status,
                applied: Applied::Nobody,
                with: None,
            },
        );
    }

    pub(super) fn drop_profiles(&mut self) {
        for loaded in self.loaded.values_mut() {
            loaded.profile = Attributes::new();
        }
    }

    /// The object that the API answers with. It never carries counts or
    /// errors, and may not show the first load yet.
    pub(super) fn object(&self, identity_source: &str, now: SystemTime) -> Value {
        let lags = self.status == SessionStatus::InProgress && now < self.lags_until;
        let (status, last_updated) = if lags {
            (&SessionStatus::Created, self.created)
        } else {
            (&self.status, self.last_updated)
        };
        json!({
            "id": &*self.id,
            "identitySourceId": identity_source,
            "status": status.as_str(),
            "importType": "INCREMENTAL",
            "created": iso(self.created),
            "lastUpdated": iso(last_updated),
        })
    }

    pub(super) fn view(&self) -> SessionView {
        SessionView {
            id: self.id.to_string(),
            status: self.status.clone(),
            created: self.created,
            triggered: self.triggered,
            due: self.due,
            ended: self.ended,
            requests: self.requests,
            upserts: self.loaded.len() - self.deletes,
            deletes: self.deletes,
            group_changes: self.groups.len(),
            results: self.results,
            foreign: self.foreign,
        }
    }

    pub(super) fn users(&self) -> Vec<SessionUser> {
        self.loaded
            .iter()
            .map(|(external_id, loaded)| loaded.view(external_id))
            .collect()
    }

    pub(super) fn user(&self, external_id: &str) -> Option<SessionUser> {
        let loaded = self.loaded.get(external_id)?;
        Some(loaded.view(external_id))
    }
}

impl Loaded {
    fn view(&self, external_id: &str) -> SessionUser {
        SessionUser {
            external_id: external_id.to_owned(),
            loaded: self.kind,
            loaded_at: self.at,
            outcome: self.outcome.clone(),
            again: self.again.clone(),
        }
    }
}
