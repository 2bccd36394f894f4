//! One attribute of the profile: how it comes to its value.

use std::sync::Arc;

use super::{
    check, clean,
    text::{Subject, Text},
};

/// An attribute that the mapping sends.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) name: Arc<str>,
    pub(super) text: Text,
    pub(super) when_nothing: WhenNothing,
    /// Whether it is sent just as it renders.
    pub(super) as_is: bool,
}

/// What becomes of an attribute without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WhenNothing {
    /// It is cleared.
    Null,
    /// It is left out.
    Omit,
    /// Nobody can be without it.
    Reject,
}

/// What an attribute comes to.
pub(super) struct Value {
    /// What is sent; `None` for nothing.
    pub(super) now: Option<String>,
    /// What the first release would have sent, if it is something else.
    pub(super) before: Option<String>,
}

impl Sent {
    /// Its value for a record.
    pub(super) fn value(&self, subject: &Subject) -> Result<Value, String> {
        let text = self.text.render(subject)?;
        let trimmed = text.trim();
        // Most values are: nothing is copied for them.
        if !self.as_is && trimmed.is_ascii() && !(self.is_address() && is_dirty(trimmed)) {
            let now = if trimmed.len() == text.len() {
                text
            } else {
                trimmed.to_owned()
            };
            let now = (!now.is_empty()).then_some(now);
            return Ok(Value { now, before: None });
        }
        let before = trimmed.to_owned();
        let now = match (self.as_is, self.is_address()) {
            (true, _) => text,
            (false, true) => clean::address(text),
            (false, false) => clean::value(text),
        };
        if clean::ends(&now).is_empty() {
            let (now, before) = (None, None);
            return Ok(Value { now, before });
        }
        let before = (before != now).then_some(before);
        let now = Some(now);
        Ok(Value { now, before })
    }

    /// What is wrong with a value.
    pub(super) fn complaint(&self, value: &str) -> Option<String> {
        check::value(&self.name, value)
    }

    fn is_address(&self) -> bool {
        matches!(&*self.name, "userName" | "email" | "secondEmail")
    }
}

fn is_dirty(text: &str) -> bool {
    text.ends_with(';') || text.contains(':')
}
