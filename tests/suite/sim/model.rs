//! What the users table says, and since when: a model that knows nothing of the product.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    dates::Stage,
    history::{Flaw, Layout, Row},
    records::profile,
};

/// The most people that a history is about.
pub const PEOPLE: u8 = 24;

/// The users table as it is, and how everybody stood at any time.
#[derive(Debug)]
pub struct Model {
    pub layout: Layout,
    pub rows: BTreeMap<u8, Row>,
    past: Vec<(Duration, Vec<Standing>)>,
    now: Duration,
    /// Who was ever to be let in.
    was_welcome: BTreeSet<u8>,
    /// What pushes said, and when they were made.
    pub pushed: BTreeMap<u8, Vec<(Duration, Row)>>,
    /// Who was perhaps unknown when a push said that they are inactive, which an older one then
    /// could not know.
    pub overtaken: BTreeSet<u8>,
    /// Who has ever had a record.
    pub had_record: BTreeSet<u8>,
    /// Under which key each has ever had a record.
    had_record_at: BTreeSet<(u8, u8)>,
    /// Whose record got another key, and when.
    pub moves: Vec<(Duration, u8)>,
    /// Of whom nobody can say what Okta is to have.
    pub unsettled: BTreeSet<u8>,
    /// Whom an admin has changed at Okta: a push about them cannot be read again to put it right.
    pub edited: BTreeSet<u8>,
    /// Whether inactive people may be strangers, as the ledger was bound to something else.
    pub rebound: bool,
    /// Whether the state table was lost: whom Okta has active without a record, nobody knows any more.
    pub lost: bool,
    /// Whether verifications repair in the end, which settle those whose record says that they left.
    pub repaired: bool,
}

/// How somebody stands at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// A record has them active and in scope, or may do so, or will: they must not be deactivated.
    pub protected: bool,
    /// A record has them active and in scope, or may do so: a share is of these.
    pub counts: bool,
    /// A record has them active and in scope: they may be let in.
    pub welcome: bool,
    /// A record is about them.
    pub recorded: bool,
    /// The table has no record in scope.
    pub empty: bool,
    pub wanted: Wanted,
    /// The groups that a record gives, or may give.
    pub teams: u8,
}

/// What Okta is to have in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    Active(BTreeMap<String, String>),
    NotActive,
    /// Nobody can say.
    Anything,
}

impl Model {
    pub fn new(layout: Layout) -> Self {
        let mut model = Self {
            layout,
            rows: BTreeMap::new(),
            past: Vec::new(),
            now: Duration::ZERO,
            was_welcome: BTreeSet::new(),
            pushed: BTreeMap::new(),
            overtaken: BTreeSet::new(),
            had_record: BTreeSet::new(),
            had_record_at: BTreeSet::new(),
            moves: Vec::new(),
            unsettled: BTreeSet::new(),
            edited: BTreeSet::new(),
            rebound: false,
            lost: false,
            repaired: false,
        };
        model.remember(Duration::ZERO);
        model
    }

    /// A push is made, or made again.
    pub fn push(&mut self, at: Duration, row: Row) {
        let said = self.pushed.entry(row.person).or_default();
        if said.iter().any(|(other, _)| *other > at) {
            self.overtaken.insert(row.person);
        }
        if !said.contains(&(at, row)) {
            said.push((at, row));
        }
    }

    /// To be called after each change, and when a date comes.
    pub fn remember(&mut self, now: Duration) {
        self.now = now;
        let recorded: Vec<_> = self.rows.values().map(|row| row.person).collect();
        self.had_record.extend(recorded);
        let rows = self.rows.iter();
        let named = rows.filter(|(_, row)| self.identifies(row));
        let at: Vec<_> = named.map(|(slot, row)| (*slot, row.person)).collect();
        self.had_record_at.extend(at);
        let standings: Vec<_> = (0..PEOPLE).map(|person| self.standing(person)).collect();
        let welcome = (0..PEOPLE).filter(|person| standings[usize::from(*person)].welcome);
        self.was_welcome.extend(welcome);
        self.past.push((now, standings));
    }

    fn identifies(&self, row: &Row) -> bool {
        self.layout != Layout::Attribute || row.flaw != Flaw::Nobody
    }

    fn about(&self, person: u8) -> impl Iterator<Item = &Row> {
        let rows = self.rows.values();
        rows.filter(move |row| row.person == person && self.identifies(row))
    }

    fn nobodies(&self) -> bool {
        let is_one = |row: &Row| row.in_scope && !self.identifies(row);
        self.rows.values().any(is_one)
    }

    /// Whether a record that says of nobody whom it is about has a key of this person's.
    fn unnamed_where_it_was(&self, person: u8) -> bool {
        let is_unnamed = |row: &Row| row.in_scope && !self.identifies(row);
        let unnamed = self.rows.iter().filter(|(_, row)| is_unnamed(row));
        let mut slots = unnamed.map(|(slot, _)| *slot);
        slots.any(|slot| self.had_record_at.contains(&(slot, person)))
    }

    fn may_be_known(&self, person: u8) -> bool {
        self.was_welcome.contains(&person) || self.pushed.contains_key(&person)
    }

    /// Whoever is inactive has had their time.
    fn stage(&self, row: &Row) -> Stage {
        if row.active {
            row.period.stage(self.now)
        } else {
            Stage::Over
        }
    }

    /// The last date that is in the table.
    pub fn last_date(&self) -> Duration {
        let dates = self.rows.values().flat_map(|row| row.period.dates());
        dates.max().unwrap_or_default()
    }

    fn nobody_is_in_scope(&self) -> bool {
        let is_in_scope = |row: &Row| row.in_scope && self.identifies(row);
        !self.rows.values().any(is_in_scope)
    }

    fn standing(&self, person: u8) -> Standing {
        let rows: Vec<_> = self.about(person).collect();
        let stage = |row: &Row| self.stage(row);
        let let_in =
            |row: &&Row| stage(row) == Stage::Present && row.in_scope && row.flaw != Flaw::Content;
        let any = |is: &dyn Fn(Stage) -> bool| {
            let anybody = rows.is_empty() && self.nobodies();
            anybody || rows.iter().any(|row| row.in_scope && is(stage(row)))
        };
        Standing {
            protected: any(&|stage| stage != Stage::Over),
            counts: any(&|stage| stage == Stage::Present),
            welcome: rows.iter().any(let_in),
            recorded: !rows.is_empty(),
            empty: self.nobody_is_in_scope() && rows.is_empty(),
            wanted: self.wanted(person),
            teams: self.may_be_in(&rows),
        }
    }

    /// The groups that these records give, all of them where nobody can say.
    fn may_be_in(&self, rows: &[&Row]) -> u8 {
        let of = |row: &&Row| match self.stage(row) {
            Stage::Present if row.flaw == Flaw::None && row.in_scope => row.teams,
            _ => u8::MAX,
        };
        // What is out of scope is nobody's record beside one that is not.
        let in_scope: Vec<_> = rows.iter().filter(|row| row.in_scope).collect();
        match &in_scope[..] {
            [] => u8::MAX,
            rows => rows.iter().map(|row| of(row)).fold(0, |all, one| all | one),
        }
    }

    /// The groups that somebody is to be in once all is done, where the table says so.
    pub fn teams(&self, person: u8) -> Option<u8> {
        let mut rows = self.about(person).filter(|row| row.in_scope);
        match (rows.next(), rows.next(), self.wanted(person)) {
            (Some(row), None, Wanted::Active(_)) => Some(row.teams),
            _ => None,
        }
    }

    /// Whether this was true of somebody at every moment from one time to another.
    pub fn throughout(
        &self,
        person: u8,
        (from, to): (Duration, Duration),
        is: impl Fn(&Standing) -> bool,
    ) -> bool {
        let before = self.past.iter().rev().find(|(at, _)| *at < from);
        let between = self.past.iter().filter(|(at, _)| (from..=to).contains(at));
        before
            .into_iter()
            .chain(between)
            .all(|(_, all)| is(&all[usize::from(person)]))
    }

    /// The most people who were to be active at any time until then.
    pub fn most_active(&self, until: Duration) -> usize {
        let past = self.past.iter().take_while(|(at, _)| *at <= until);
        let active = |all: &[Standing]| all.iter().filter(|one| one.counts).count();
        past.map(|(_, all)| active(all)).max().unwrap_or(0)
    }

    /// What somebody is to be, and since when.
    pub fn wanted_since(&self, person: u8) -> Option<(&Wanted, Duration)> {
        let person = usize::from(person);
        let (_, last) = self.past.last()?;
        let wanted = &last[person].wanted;
        let mut same = self.past.iter().rev();
        let same = same
            .by_ref()
            .take_while(|(_, all)| all[person].wanted == *wanted);
        let since = same.map(|(at, _)| *at).last()?;
        Some((wanted, since))
    }

    /// What Okta is to have of somebody once all is done.
    pub fn wanted(&self, person: u8) -> Wanted {
        if self.unsettled.contains(&person) {
            return Wanted::Anything;
        }
        // What is out of scope is nobody's record; it says why somebody has none.
        let is_out = self.about(person).any(|row| !row.in_scope);
        let rows: Vec<_> = self.about(person).filter(|row| row.in_scope).collect();
        let held = self.nobody_is_in_scope();
        let wanted = match rows[..] {
            [] if is_out && self.pushed.contains_key(&person) => Wanted::Anything,
            [] if is_out && held => Wanted::Anything,
            [] if is_out && self.nobodies() => Wanted::Anything,
            [] if is_out => Wanted::NotActive,
            [] if self.pushed.contains_key(&person) => self.pushed_last(person),
            [] if self.nobodies() || held => Wanted::Anything,
            [] => Wanted::NotActive,
            [row] if self.stage(row) == Stage::Over && self.unnamed_where_it_was(person) => {
                Wanted::Anything
            }
            [row] if self.stage(row) == Stage::Over => Wanted::NotActive,
            // Whom Okta knows stays as they are.
            [row] if self.stage(row) == Stage::Upcoming && self.may_be_known(person) => {
                Wanted::Anything
            }
            [row] if self.stage(row) == Stage::Upcoming => Wanted::NotActive,
            [row] if row.flaw == Flaw::Content => Wanted::Anything,
            [row] => Wanted::Active(profile(row)),
            _ => Wanted::Anything,
        };
        match wanted {
            Wanted::NotActive if self.rebound => Wanted::Anything,
            Wanted::NotActive if self.lost && !(self.repaired && rows.len() == 1) => {
                Wanted::Anything
            }
            wanted => wanted,
        }
    }

    /// What the newest push says of somebody whom only pushes are about.
    fn pushed_last(&self, person: u8) -> Wanted {
        if self.had_record.contains(&person) || self.edited.contains(&person) {
            return Wanted::Anything;
        }
        let pushes = self.pushed[&person].iter();
        let usable = pushes
            .clone()
            .filter(|(_, row)| row.flaw == Flaw::None || !row.active || !row.in_scope);
        let newest = usable.map(|(at, _)| *at).max();
        // Of several records of one push, one that cannot be sent discredits the others, too.
        let newest: Vec<_> = pushes.filter(|(at, _)| Some(*at) == newest).collect();
        match newest[..] {
            [] => Wanted::NotActive,
            [(_, row)] if !row.in_scope => Wanted::Anything,
            [(_, row)] if !row.active && self.overtaken.contains(&person) => Wanted::Anything,
            [(_, row)] if !row.active => Wanted::NotActive,
            [(_, row)] => Wanted::Active(profile(row)),
            _ => Wanted::Anything,
        }
    }
}
