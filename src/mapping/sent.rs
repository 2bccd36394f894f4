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
        let is_clean = trimmed.is_ascii() && !(self.is_address() && is_dirty(trimmed));
        let (now, before) = if is_clean && !self.as_is {
            (trimmed.to_owned(), None)
        } else {
            let before = trimmed.to_owned();
            let now = match (self.as_is, self.is_address()) {
                (true, _) => text,
                (false, true) => clean::address(text),
                (false, false) => clean::value(text),
            };
            let before = (before != now).then_some(before);
            (now, before)
        };
        let empty = clean::ends(&now).is_empty();
        Ok(Value {
            now: (!empty).then_some(now),
            before: before.filter(|_| !empty),
        })
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
