//! What a single GET says about somebody that an import has carried.

use crate::{ledger::Told, mapping::Profile, okta::UserProfile};

/// What Okta has of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// What it was told, as far as that can be seen.
    AsTold,
    /// It does not have them, and they must be active.
    Missing,
    /// Other values than were sent in these attributes.
    Different(Vec<String>),
    /// It still shows them, and they must be inactive.
    StillThere,
}

/// Compares what Okta has with what it was told. `profile` is what was sent, if that is known.
///
/// An attribute that Okta does not show, or shows as null, may be one that the app does not have.
/// That is the doctor's business, and not a refusal.
pub(super) fn seen(told: Told, profile: Option<&Profile>, had: Option<&UserProfile>) -> Seen {
    match (told, had) {
        (Told::Active(_), None) => Seen::Missing,
        (Told::Inactive, None) => Seen::AsTold,
        (Told::Inactive, Some(_)) => Seen::StillThere,
        (Told::Active(_), Some(had)) => {
            let sent = profile.into_iter().flat_map(Profile::iter);
            let differs = differs(sent, had);
            if differs.is_empty() {
                Seen::AsTold
            } else {
                Seen::Different(differs)
            }
        }
    }
}

/// The attributes in which Okta shows another value than was sent.
pub(in crate::sync) fn differs<'p>(
    sent: impl Iterator<Item = (&'p str, Option<&'p str>)>,
    had: &UserProfile,
) -> Vec<String> {
    let differs = |name: &str, sent: Option<&str>| {
        let Some(Some(has)) = had.get(name) else {
            return false;
        };
        let is_address = matches!(name, "userName" | "email" | "secondEmail");
        match sent {
            Some(sent) if is_address => sent.to_lowercase() != has.to_lowercase(),
            Some(sent) => sent.trim() != has.trim(),
            None => !has.trim().is_empty(),
        }
    };
    sent.filter(|(name, value)| differs(name, *value))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_sdk_dynamodb::types::AttributeValue;
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::mapping::{Mapped, Mapping};

    fn profile(title: &str) -> Profile {
        let mapping = json!({"externalId": "{{ id }}", "profile": {"userName": "{{ id }}@Example.com",
            "email": "{{ id }}@example.com", "title": "{{ title }}", "city": "{{ city }}"}});
        let mapping = Mapping::from_json(&mapping.to_string()).unwrap();
        let item = [("id", "ada"), ("title", title)];
        let item: HashMap<_, _> = item
            .iter()
            .map(|(name, value)| ((*name).to_owned(), AttributeValue::S((*value).to_owned())))
            .chain([("active".to_owned(), AttributeValue::Bool(true))])
            .collect();
        match mapping.map(item.into(), Timestamp::UNIX_EPOCH) {
            Mapped::Active(_, profile) => profile,
            other => panic!("{other:?}"),
        }
    }

    fn had(values: &[(&str, Option<&str>)]) -> UserProfile {
        let values = values.iter();
        values
            .map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned)))
            .collect()
    }

    #[test]
    fn only_another_value_is_a_difference_not_one_that_okta_does_not_show() {
        let profile = profile("Dr");
        let told = Told::Active(profile.fingerprint());
        let seen = |had: Option<&UserProfile>| seen(told, Some(&profile), had);
        let names = [
            ("userName", Some("ada@example.COM")),
            ("email", Some("ada@example.com")),
        ];

        assert_eq!(seen(None), Seen::Missing);
        assert_eq!(seen(Some(&had(&names))), Seen::AsTold);
        let null = [("title", None), ("city", Some(""))];
        assert_eq!(seen(Some(&had(&null))), Seen::AsTold);
        let other = [("title", Some("Prof")), ("city", Some("Oslo"))];
        let differs = vec!["city".to_owned(), "title".to_owned()];
        assert_eq!(seen(Some(&had(&other))), Seen::Different(differs));
    }

    #[test]
    fn a_leaver_whom_okta_still_shows_is_not_as_told() {
        let shown = had(&[("userName", Some("ada"))]);

        assert_eq!(seen(Told::Inactive, None, None), Seen::AsTold);
        assert_eq!(seen(Told::Inactive, None, Some(&shown)), Seen::StillThere);
    }
}
