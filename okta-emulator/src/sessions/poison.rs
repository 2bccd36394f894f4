//! Selects users.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::Deserialize;

/// The users that Okta refuses.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Poison {
    /// Those with one of these externalIds.
    ExternalIds(Vec<String>),
    /// Those with an attribute that contains this text.
    Attribute {
        /// The attribute.
        name: String,
        /// The text.
        contains: String,
    },
    /// Those that meet this condition. Not available over HTTP.
    #[serde(skip)]
    When(Predicate),
}

/// A condition on a user: on the externalId and the attributes sent.
type Predicate = Arc<dyn Fn(&str, &BTreeMap<String, Option<String>>) -> bool + Send + Sync>;

impl Poison {
    /// Users that meet this condition on the externalId and the attributes
    /// sent.
    pub fn when(
        predicate: impl Fn(&str, &BTreeMap<String, Option<String>>) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self::When(Arc::new(predicate))
    }

    pub(crate) fn is(&self, external_id: &str, profile: &BTreeMap<String, Option<String>>) -> bool {
        match self {
            Self::ExternalIds(ids) => ids.iter().any(|id| id == external_id),
            Self::Attribute { name, contains } => profile
                .get(name)
                .and_then(Option::as_ref)
                .is_some_and(|value| value.contains(contains)),
            Self::When(predicate) => predicate(external_id, profile),
        }
    }
}

impl fmt::Debug for Poison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Poison({self})")
    }
}

impl fmt::Display for Poison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExternalIds(ids) => f.write_str(&ids.join(", ")),
            Self::Attribute { name, contains } => write!(f, "users with {contains:?} in {name}"),
            Self::When(_) => f.write_str("users of a test's choice"),
        }
    }
}
