//! Binary, as a mapping's templates see it.

use std::{fmt, sync::Arc};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use minijinja::value::{Object, ObjectRepr};

/// Binary of a record. It is not text, and nothing makes text of it except the filter `base64`.
#[derive(Debug)]
pub struct Binary(Vec<u8>);

impl Binary {
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// Its bytes as base64.
    #[must_use]
    pub fn base64(&self) -> String {
        BASE64_STANDARD.encode(&self.0)
    }
}

impl Object for Binary {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Equal if and only if the bytes are: the engine compares plain objects by this.
        f.write_str(&self.base64())
    }
}
