//! The id under which Okta is told about a user.

use std::fmt;

/// A user's id in the identity source: 1 to 512 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExternalId(String);

impl ExternalId {
    /// The longest external id, in characters (Okta's published API description).
    pub const MAX_CHARS: usize = 512;

    /// Takes a text that has the right length and is not blank.
    ///
    /// # Errors
    /// Says which of these it is not.
    pub fn parse(text: impl Into<String>) -> Result<Self, String> {
        let text = text.into();
        match text.chars().count() {
            _ if text.trim().is_empty() => Err("externalId: is empty".to_owned()),
            n if n > Self::MAX_CHARS => Err(format!(
                "externalId: has {n} characters, at most 512 are allowed"
            )),
            _ => Ok(Self(text)),
        }
    }

    /// The id of somebody who does not exist: not empty, and not long.
    pub(crate) fn made_up(text: String) -> Self {
        Self(text)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
