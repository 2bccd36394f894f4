//! The world in small: a table, a ledger and Okta, for one or two people.

use dynamodb_identity_source::{
    guard::{Budget, Kind},
    ledger::{Charge, SessionLog, Told, Want, log::Number, log::Telling},
    okta::{SessionId, SessionStatus},
};
use jiff::{SignedDuration, Timestamp};

/// 0: inactive; any other: active, with that profile.
pub type Profile = u8;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    pub people: Vec<Person>,
    /// How often the table has changed.
    pub changes: u8,
    /// How many hours have passed, as the guard sees it.
    pub hours: u8,
    /// How much went wrong.
    pub faults: u8,
    /// The sessions at Okta; their ids are their places here.
    pub sessions: Vec<AtOkta>,
    pub log: SessionLog,
    pub budget: Budget,
    /// The run that has the lease.
    pub run: Option<Run>,
    /// The write of a run that died, on its way.
    pub late: Option<(usize, Entry)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Person {
    /// What their record says.
    pub table: Profile,
    /// What Okta has; `None` if it does not know them.
    pub okta: Option<Profile>,
    /// What the ledger has.
    pub entry: Option<Entry>,
    /// Whether they were ever deactivated.
    pub was_deactivated: bool,
}

/// As much of an entry as decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry {
    pub telling: Telling,
    pub deactivation: Option<Charge>,
}

/// A session as Okta has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AtOkta {
    pub status: Status,
    /// Who is loaded, and what they are to be.
    pub tells: Vec<(usize, Profile)>,
    /// Whether a request to start its import is on its way.
    pub trigger_on_its_way: bool,
    /// The number of a call about a single person, if it is one and no session.
    pub call: Option<Number>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Open; a call: not sent.
    Open,
    /// Being imported; a call: on its way.
    Triggered,
    /// Imported; a call: answered.
    Completed,
    Error,
    Closed,
    Expired,
}

/// A run that has the lease.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Run {
    pub at: At,
    /// The session that it has open.
    pub session: usize,
    pub number: Number,
    /// Whether too much is on its way for upserts.
    pub leavers_only: bool,
    /// What it is about to write.
    pub entries: Vec<(usize, Entry)>,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum At {
    /// A session is open and numbered.
    Opened,
    /// People are charged and loaded.
    Loaded,
    /// Their entries are written.
    Recorded,
    /// The import is started.
    Triggered,
    /// The entry of a call is written.
    Calls,
    /// The call is made.
    Called,
}

impl Status {
    /// What a look says.
    pub fn as_read(self) -> SessionStatus {
        match self {
            Self::Open => SessionStatus::InProgress,
            Self::Triggered => SessionStatus::Triggered,
            Self::Completed => SessionStatus::Completed,
            Self::Error => SessionStatus::Error,
            Self::Closed => SessionStatus::Closed,
            Self::Expired => SessionStatus::Expired,
        }
    }

    /// Whether anything may still come of it.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Open | Self::Triggered)
    }
}

impl World {
    /// The session at Okta of this id.
    pub fn place(id: &SessionId) -> usize {
        id.as_str().parse().unwrap()
    }

    /// Opens a session at Okta, and lists it; or numbers a call.
    pub fn open(&mut self, is_call: bool) -> (usize, Number) {
        let place = self.sessions.len();
        let opened = begin() + SignedDuration::from_mins(10 * place as i64);
        let number = if is_call {
            self.log.call(1, opened).start
        } else {
            let id = SessionId::from(place.to_string());
            self.log.open(id, "run", opened)
        };
        self.sessions.push(AtOkta {
            status: Status::Open,
            tells: Vec::new(),
            trigger_on_its_way: false,
            call: is_call.then_some(number),
        });
        (place, number)
    }

    /// Okta does what somebody was loaded for.
    pub fn import(&mut self, (who, profile): (usize, Profile)) {
        let person = &mut self.people[who];
        if profile > 0 {
            person.okta = Some(profile);
        } else if let Some(before) = person.okta {
            person.was_deactivated |= before > 0;
            person.okta = Some(0);
        }
    }

    /// Writes an entry, as the state table's condition has it. False if a later session was there
    /// before.
    #[must_use]
    pub fn write(&mut self, (who, entry): (usize, Entry), unconditionally: bool) -> bool {
        let before = &mut self.people[who].entry;
        let may = before.is_none_or(|before| before.telling.session <= entry.telling.session);
        if may || unconditionally {
            *before = Some(entry);
        }
        may || unconditionally
    }

    /// What the guard's clock says.
    pub fn now(&self) -> Timestamp {
        begin() + SignedDuration::from_hours(self.hours.into())
    }

    /// How many people count as deactivated.
    pub fn spent(&self) -> u64 {
        self.budget.spent(Kind::Deactivations, self.now())
    }

    /// Whether a charge of this person counts.
    pub fn is_paid(&self, who: usize) -> bool {
        let charge = self.people[who].entry.and_then(|entry| entry.deactivation);
        charge.is_some_and(|charge| self.budget.paid().hour(charge, self.now()).is_some())
    }
}

/// When it begins. For the log no time passes but when a session is given up, so that states do not
/// differ by times alone.
pub fn begin() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

pub fn want(profile: Profile) -> Want {
    match told(profile) {
        Told::Active(print) => Want::Active(print),
        Told::Inactive => Want::Inactive,
    }
}

pub fn told(profile: Profile) -> Told {
    if profile == 0 {
        Told::Inactive
    } else {
        Told::Active([profile; 16].into())
    }
}
