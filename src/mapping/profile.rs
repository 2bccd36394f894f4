//! A user's profile, and what the ledger remembers of it.

use std::sync::Arc;

use super::{Fingerprint, Groups};

/// A profile's attributes in alphabetical order. `None` is sent as `null`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    attributes: Vec<(Arc<str>, Option<String>)>,
    /// Values that a rule of ours has changed since the first release, as they were before.
    before: Vec<(Arc<str>, String)>,
    /// The groups that its user must be in. They are not part of what is sent about the user.
    groups: Groups,
}

/// How a profile differs from what Okta was last told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// Not at all, or only because a rule of ours has changed: what Okta was told, complete.
    Same(Fingerprint),
    /// It only clears what was never told: attributes that used to be left out when empty.
    OnlyClears,
    /// It differs.
    Different,
}

impl Profile {
    pub(super) fn new(attributes: Vec<(Arc<str>, Option<String>)>) -> Self {
        Self {
            attributes,
            ..Self::default()
        }
    }

    /// The same, with some values as the first release would have sent them.
    pub(super) fn having_been(self, before: Vec<(Arc<str>, String)>) -> Self {
        Self { before, ..self }
    }

    /// The same for somebody who must be in these groups.
    pub(super) fn in_groups(self, groups: Groups) -> Self {
        Self { groups, ..self }
    }

    /// The groups that its user must be in.
    #[must_use]
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// The attributes and their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.attributes
            .iter()
            .map(|(name, value)| (&**name, value.as_deref()))
    }

    /// An attribute's value, if it has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(candidate, _)| *candidate == name)
            .and_then(|(_, value)| value)
    }

    /// The user's login, in the form in which logins are compared: Okta ignores case.
    #[must_use]
    pub fn login(&self) -> Option<String> {
        self.get("userName").map(str::to_lowercase)
    }

    /// The length of its names and values, in bytes: a little less than it takes as JSON.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.iter()
            .map(|(name, value)| name.len() + value.map_or(0, str::len))
            .sum()
    }

    /// What the ledger remembers of this profile.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.iter())
    }

    /// How it differs from what Okta was told, given by this fingerprint. If only a rule of ours
    /// changed, the person is not told again.
    #[must_use]
    pub fn since(&self, told: Fingerprint) -> Since {
        let filled = |(_, value): &(&str, Option<&str>)| value.is_some();
        let was = || {
            self.iter()
                .map(|(name, value)| (name, self.was(name, value)))
        };
        let now = self.fingerprint();
        if told == now {
            return Since::Same(now);
        }
        let before = (!self.before.is_empty()).then(|| Fingerprint::of(was()));
        if let Some(before) = before.filter(|before| told == *before) {
            Since::Same(before)
        } else if told == Fingerprint::of(self.iter().filter(filled))
            || told == Fingerprint::of(was().filter(filled))
        {
            Since::OnlyClears
        } else {
            Since::Different
        }
    }

    fn was<'p>(&'p self, name: &str, value: Option<&'p str>) -> Option<&'p str> {
        let mut before = self.before.iter();
        before
            .find(|(changed, _)| **changed == *name)
            .map_or(value, |(_, before)| Some(before.as_str()))
    }

    /// The names of the attributes in which two profiles differ.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let names: std::collections::BTreeSet<_> = self
            .iter()
            .chain(other.iter())
            .map(|(name, _)| name)
            .collect();
        let value = |profile: &Self, name: &str| {
            let mut attributes = profile.attributes.iter();
            attributes
                .find(|(known, _)| **known == *name)
                .map(|(_, value)| value.clone())
        };
        names
            .into_iter()
            .filter(|name| value(self, name) != value(other, name))
            .map(str::to_owned)
            .chain((!self.groups.same_as(&other.groups)).then(|| "groups".to_owned()))
            .collect()
    }
}

impl serde::Serialize for Profile {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(attributes: &[(&str, Option<&str>)]) -> Profile {
        let attributes = attributes.iter();
        Profile::new(
            attributes
                .map(|(name, value)| (Arc::from(*name), value.map(str::to_owned)))
                .collect(),
        )
    }

    #[test]
    fn a_profile_that_only_clears_is_told_apart_from_one_that_changes() {
        let told = profile(&[("userName", Some("ada"))]).fingerprint();

        let clears = profile(&[("title", None), ("userName", Some("ada"))]);
        let changes = profile(&[("title", Some("Dr")), ("userName", Some("ada"))]);

        assert_eq!(clears.since(told), Since::OnlyClears);
        let print = clears.fingerprint();
        assert_eq!(clears.since(print), Since::Same(print));
        assert_eq!(changes.since(told), Since::Different);
    }

    #[test]
    fn nobody_is_told_again_in_whom_only_a_rule_of_ours_changed() {
        let told = profile(&[("city", Some("Malmo\u{308}")), ("userName", Some("ada"))]);
        let before = vec![(Arc::from("city"), "Malmo\u{308}".to_owned())];
        let now =
            profile(&[("city", Some("Malmö")), ("userName", Some("ada"))]).having_been(before);

        for print in [told.fingerprint(), now.fingerprint()] {
            let held = Fingerprint::of_compared(print.compared());
            let Since::Same(whole) = now.since(held) else {
                panic!("it is the same");
            };
            assert_eq!(whole.as_bytes(), print.as_bytes());
        }
        let moved = profile(&[("city", Some("Oslo")), ("userName", Some("ada"))]);
        assert_eq!(now.since(moved.fingerprint()), Since::Different);
    }
}
