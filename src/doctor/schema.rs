//! The app's profile: whether it has every attribute that the mapping sends.

use std::collections::BTreeMap;

use super::{Round, advice, mapping::most, report::Notes};
use crate::{
    mapping::{Mapping, MappingError, Profile},
    okta::{Okta, ProfileSchema},
};

const WHERE: &str = "in the admin console at Directory > Profile Editor, in the app's profile";

pub(super) async fn check(
    okta: Option<&Okta>,
    mapping: Result<&Mapping, &MappingError>,
    profiles: &[Profile],
    round: &Round<'_>,
) -> Notes {
    let Ok(mapping) = mapping else {
        return Notes::skipped("mapping");
    };
    let Some(okta) = okta else {
        return Notes::skipped("identity source");
    };
    let sent: Vec<_> = mapping.profile_attributes().collect();
    match okta.by(round.deadline()).profile_schema().await {
        Ok(schema) => {
            let mut notes = compare(&sent, &schema);
            judge(profiles, &schema, &mut notes);
            notes
        }
        Err(error) => {
            let mut notes = Notes::default();
            notes.warn(
                format!("it cannot be read: {}", advice::said(&error)),
                format!(
                    "grant the service app the scope okta.schemas.read, or the token's admin a \
                     role that may view the app (no run needs either); or check yourself, {WHERE}, \
                     that it has {}",
                    sent.join(", ")
                ),
            );
            notes
        }
    }
}

/// What Okta would refuse among the records that were looked at.
fn judge(profiles: &[Profile], schema: &ProfileSchema, notes: &mut Notes) {
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let objections = profiles
        .iter()
        .map(|profile| schema.objections(profile.iter(), true));
    let refused = objections.filter(|reasons| !reasons.is_empty());
    let mut count = 0;
    for objections in refused {
        count += 1;
        for reason in objections {
            *reasons.entry(reason).or_default() += 1;
        }
    }
    if count > 0 {
        notes.warn(
            format!(
                "Okta would refuse {count} of {} users: {}",
                profiles.len(),
                most(reasons)
            ),
            format!("correct these records or the mapping, or what the app asks for {WHERE}"),
        );
    }
}

/// Okta silently drops what the app's profile does not have.
fn compare(sent: &[&str], schema: &ProfileSchema) -> Notes {
    let mut notes = Notes::default();
    let missing: Vec<_> = sent
        .iter()
        .copied()
        .filter(|name| schema.get(name).is_none())
        .collect();
    let not_strings: Vec<_> = sent
        .iter()
        .filter_map(|name| Some((name, schema.get(name)?)))
        .filter(|(_, attribute)| attribute.kind != "string")
        .map(|(name, attribute)| format!("{name} ({})", attribute.kind))
        .collect();
    let unsent: Vec<_> = schema
        .iter()
        .filter(|(name, attribute)| attribute.required && !sent.contains(name))
        .map(|(name, _)| name)
        .collect();
    if missing.is_empty() {
        notes.found(format!(
            "the app has all {} attributes that the mapping sends",
            sent.len()
        ));
    } else {
        notes.fail(
            format!(
                "the app does not have {}, which Okta drops silently",
                missing.join(", ")
            ),
            format!(
                "add {} {WHERE}, as strings with exactly these variable names, or take them out of \
                 the mapping",
                missing.join(", ")
            ),
        );
    }
    if !not_strings.is_empty() {
        notes.fail(
            format!("not strings in the app: {}", not_strings.join(", ")),
            format!("make them strings {WHERE}: the Identity Sources API takes nothing else"),
        );
    }
    if !unsent.is_empty() {
        notes.warn(
            format!(
                "the app requires {}, which the mapping does not send",
                unsent.join(", ")
            ),
            "add them to the mapping, or make them optional in the app's profile",
        );
    }
    notes
}
