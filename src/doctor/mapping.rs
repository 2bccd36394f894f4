//! What the mapping makes of real records: counts and names, never a value.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Round, report::Notes};
use crate::{
    aws::Trouble,
    mapping::{self, Mapped, Mapping, MappingError, Profile},
    users::{Attributes, Record, UsersTable},
};

/// How many records are looked at.
const RECORDS: i32 = 20;
/// How many different reasons for rejections are told.
const REASONS: usize = 5;

/// Some records, or why there are none. `None` if no table is known.
pub(super) type Sample = Option<Result<Vec<Record>, Trouble>>;

pub(super) async fn sample(users: Option<&(String, UsersTable)>, round: &Round<'_>) -> Sample {
    let (_, users) = users?;
    Some(match round.aws(Box::pin(users.sample(RECORDS))).await {
        Ok((records, _)) => Ok(records),
        Err(trouble) => Err(trouble),
    })
}

pub(super) fn check(
    mapping: Result<&Mapping, &MappingError>,
    sample: Option<&Result<Vec<Record>, Trouble>>,
    now: Timestamp,
) -> Notes {
    let mut notes = Notes::default();
    let mapping = match mapping {
        Ok(mapping) => mapping,
        Err(error) => {
            notes.fail(
                error.to_string(),
                "correct MAPPING; docs/tasks/mapping.md has examples",
            );
            return notes;
        }
    };
    notes.found(match mapping.attributes() {
        Attributes::All => "compiles and reads whole records".to_owned(),
        Attributes::Named(names) => format!("compiles and reads {}", sorted(names)),
    });
    match sample {
        Some(Ok(records)) if records.is_empty() => {
            notes.found("the users table has no records to try it on");
        }
        Some(Ok(records)) => try_on(records, mapping, now, &mut notes),
        Some(Err(_)) | None => {
            notes.warn(
                "it could not be tried on records",
                "fix what the check of users table says",
            );
        }
    }
    notes
}

/// The profiles of those records whose users must be active.
pub(super) fn profiles(
    mapping: Result<&Mapping, &MappingError>,
    sample: Option<&Result<Vec<Record>, Trouble>>,
    now: Timestamp,
) -> Vec<Profile> {
    let (Ok(mapping), Some(Ok(records))) = (mapping, sample) else {
        return Vec::new();
    };
    records
        .iter()
        .filter_map(|record| match mapping.map(as_read(record, mapping), now) {
            Mapped::Active(_, profile) => Some(profile),
            _ => None,
        })
        .collect()
}

/// A record as a run reads it.
fn as_read(record: &Record, mapping: &Mapping) -> Record {
    match mapping.attributes() {
        Attributes::All => record.clone(),
        Attributes::Named(names) => record.clone().only(names),
    }
}

fn try_on(records: &[Record], mapping: &Mapping, now: Timestamp, notes: &mut Notes) {
    let (mut active, mut inactive, mut upcoming, mut out_of_scope, mut rejected) = (0, 0, 0, 0, 0);
    let mut present: BTreeMap<&str, usize> =
        mapping.profile_attributes().map(|name| (name, 0)).collect();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for record in records {
        match mapping.map(as_read(record, mapping), now) {
            Mapped::Active(_, profile) => {
                active += 1;
                for (name, count) in &mut present {
                    *count += usize::from(profile.get(name).is_some());
                }
            }
            Mapped::Inactive(_) => inactive += 1,
            Mapped::Upcoming(_) => upcoming += 1,
            Mapped::OutOfScope { .. } => out_of_scope += 1,
            Mapped::Rejected(_, why) | Mapped::Unidentified(why) | Mapped::Impossible(why) => {
                rejected += 1;
                for reason in why {
                    *reasons.entry(reason).or_default() += 1;
                }
            }
        }
    }

    let total = records.len();
    let mut told = format!("of {total} records {active} are active, {inactive} inactive");
    if upcoming > 0 {
        told += &format!(", {upcoming} upcoming");
    }
    if out_of_scope > 0 {
        told += &format!(", {out_of_scope} out of scope");
    }
    notes.found(told);
    if active > 0 {
        let present: Vec<_> = present
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(name, count)| match active - count {
                0 => (*name).to_owned(),
                _ => format!("{name} ({count} of {active})"),
            })
            .collect();
        notes.found(format!("present: {}", present.join(", ")));
    }
    if rejected > 0 {
        let what = format!("{rejected} of {total} are rejected: {}", most(reasons));
        let todo = "correct these records or the mapping; {\"command\":\"plan\"} names them";
        if rejected == total {
            notes.fail(what, todo);
        } else {
            notes.warn(what, todo);
        }
    }
    absent(records, mapping, &present, active, notes);
}

/// An attribute that no record has is often a name that the table spells differently.
fn absent(
    records: &[Record],
    mapping: &Mapping,
    present: &BTreeMap<&str, usize>,
    active: usize,
    notes: &mut Notes,
) {
    let never: Vec<_> = present
        .iter()
        .filter(|(_, count)| active > 0 && **count == 0)
        .map(|(name, _)| (*name).to_owned())
        .collect();
    let unknown: Vec<_> = match mapping.attributes() {
        Attributes::All => Vec::new(),
        Attributes::Named(names) => names
            .iter()
            .filter(|name| *name != Record::WHOLE)
            .filter(|name| {
                !records
                    .iter()
                    .any(|record| record.attributes().contains_key(*name))
            })
            .cloned()
            .collect(),
    };
    if !unknown.is_empty() {
        notes.warn(
            format!(
                "no record has the attributes {}",
                suggested(&unknown, records)
            ),
            "check that the mapping writes the attributes' names as the table does; if they are \
             only rare, all is well",
        );
    }
    if !never.is_empty() {
        notes.warn(
            format!("absent everywhere: {}", sorted(&never)),
            "check that the mapping writes the attributes' names as the table does; if they are \
             only rare, all is well",
        );
    }
}

/// Names that no record has, each with the one that may be meant.
fn suggested(unknown: &[String], records: &[Record]) -> String {
    let known: std::collections::BTreeSet<&str> = records
        .iter()
        .flat_map(|record| record.attributes().keys().map(String::as_str))
        .collect();
    let mut names: Vec<_> = unknown
        .iter()
        .map(|name| match mapping::nearest(name, known.iter().copied()) {
            Some(meant) => format!("{name} (did you mean {meant}?)"),
            None => name.clone(),
        })
        .collect();
    names.sort();
    names.join(", ")
}

pub(super) fn most(reasons: BTreeMap<String, usize>) -> String {
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let more = reasons.len().saturating_sub(REASONS);
    let told: Vec<_> = reasons
        .iter()
        .take(REASONS)
        .map(|(reason, count)| format!("{reason} ({count}×)"))
        .collect();
    match more {
        0 => told.join(", "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}

fn sorted<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let mut names: Vec<_> = names.into_iter().map(String::as_str).collect();
    names.sort_unstable();
    names.join(", ")
}
