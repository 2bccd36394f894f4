//! One attribute of the profile, and its value.

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
    /// Whether it is sent exactly as it renders.
    pub(super) as_is: bool,
    /// Whether it is an address.
    pub(super) is_address: bool,
}

/// What becomes of an attribute without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WhenNothing {
    /// It is cleared.
    Null,
    /// It is left out.
    Omit,
    /// The record is rejected.
    Reject,
}

/// What an attribute comes to.
pub(super) struct Value {
    /// What is sent. `None` for nothing.
    pub(super) now: Option<String>,
    /// What the first release would have sent, if it is something else.
    pub(super) before: Option<String>,
    /// Whether it is known to be plain.
    is_plain: bool,
}

impl Sent {
    /// Its value for a record.
    pub(super) fn value(&self, subject: &Subject) -> Result<Value, String> {
        let text = self.text.render(subject)?;
        // Most values are plain, without a space at their ends: nothing is copied for them.
        let is_clean = clean::is_plain(&text)
            && !text.starts_with(' ')
            && !text.ends_with(' ')
            && (!self.is_address || !is_dirty(&text));
        if is_clean {
            let now = (!text.is_empty()).then_some(text);
            return Ok(Value {
                now,
                before: None,
                is_plain: true,
            });
        }
        let before = text.trim().to_owned();
        let now = match (self.as_is, self.is_address) {
            (true, _) => text,
            (false, true) => clean::address(text),
            (false, false) => clean::value(text),
        };
        if clean::ends(&now).is_empty() {
            return Ok(Value {
                now: None,
                before: None,
                is_plain: false,
            });
        }
        let before = (before != now).then_some(before);
        let now = Some(now);
        Ok(Value {
            now,
            before,
            is_plain: false,
        })
    }

    /// What is wrong with a value.
    pub(super) fn complaint(&self, value: &Value) -> Option<String> {
        let now = value.now.as_deref()?;
        if value.is_plain {
            check::length(&self.name, now, now.len())
        } else {
            check::value(&self.name, now)
        }
    }
}

/// Whether an attribute is an address, or the login, which usually is one.
pub(super) fn is_address(name: &str) -> bool {
    matches!(name, "userName" | "email" | "secondEmail")
}

fn is_dirty(text: &str) -> bool {
    text.ends_with(';') || text.contains(':')
}
