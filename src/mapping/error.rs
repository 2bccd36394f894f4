//! What is wrong with a mapping, in words that show where.

use std::fmt;

use super::{
    file::MEMBERS,
    language::{Complaint, nearest},
};

/// A mapping that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// The bundled file could not be read.
    #[error("MAPPING: cannot read the file {path}: {why}")]
    File {
        /// The path as it was given.
        path: String,
        /// The system's reason.
        why: String,
    },
    /// It is not the JSON of a mapping.
    #[error("MAPPING: not a mapping: {0}")]
    Json(String),
    /// A template or an expression does not compile.
    #[error("MAPPING: {attribute}, {place}: {why}{excerpt}")]
    Template {
        /// The attribute, such as `profile.userName`.
        attribute: String,
        /// Where in the template.
        place: Place,
        /// What is wrong there.
        why: String,
        /// The line it is in, with a mark under the place.
        excerpt: Excerpt,
    },
    /// A member has a value that it cannot have.
    #[error("MAPPING: {member}: {why}")]
    Member {
        /// Which one.
        member: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The profile lacks what every user needs.
    #[error("MAPPING: profile has no userName, and Okta creates no user without one")]
    NoUserName,
}

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters from 1.
    pub column: usize,
}

impl fmt::Display for Place {
    /// Most templates are one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            1 => write!(f, "column {}", self.column),
            line => write!(f, "line {line}, column {}", self.column),
        }
    }
}

/// A line of a text and a mark under a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    line: String,
    before: usize,
    width: usize,
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let marks = "^".repeat(self.width);
        write!(
            f,
            "\n  | {}\n  | {:before$}{marks}",
            self.line,
            "",
            before = self.before
        )
    }
}

/// Characters that an excerpt shows of a line.
const SHOWN: usize = 100;

impl Excerpt {
    /// The line of a text around these bytes.
    fn of(source: &str, at: &std::ops::Range<usize>) -> (Place, Self) {
        let start = floor(source, at.start);
        let end = floor(source, at.end.max(start));
        let begins = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = source[begins..].lines().next().unwrap_or("");
        let before = source[begins..start].chars().count();
        let marked = source[start..end].lines().next().unwrap_or("");
        let place = Place {
            line: source[..start].matches('\n').count() + 1,
            column: before + 1,
        };
        let skipped = (before + 20).saturating_sub(SHOWN);
        let excerpt = Self {
            line: line.chars().skip(skipped).take(SHOWN).collect(),
            before: before - skipped,
            width: marked
                .chars()
                .count()
                .clamp(1, SHOWN - (before - skipped).min(SHOWN - 1)),
        };
        (place, excerpt)
    }
}

fn floor(source: &str, at: usize) -> usize {
    let mut at = at.min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl MappingError {
    /// What is wrong, wherever the mapping comes from.
    pub(crate) fn what(&self) -> String {
        let said = self.to_string();
        said.strip_prefix("MAPPING: ")
            .map_or(said.clone(), str::to_owned)
    }

    /// What is wrong with the template of an attribute.
    pub(super) fn template(attribute: &str, source: &str, complaint: Complaint) -> Self {
        let (place, excerpt) = Excerpt::of(source, &complaint.at);
        Self::Template {
            attribute: attribute.to_owned(),
            place,
            why: complaint.why,
            excerpt,
        }
    }

    /// What is wrong with a mapping's JSON.
    pub(super) fn json(source: &str, error: &serde_json::Error) -> Self {
        let mut why = error.to_string();
        let mut misspelt = None;
        // serde says `unknown field `x`, expected one of …`.
        if let Some((_, rest)) = why.split_once("unknown field `")
            && let Some((written, _)) = rest.split_once('`')
            && let Some(known) = nearest(written, MEMBERS.into_iter())
        {
            let (line, column) = (error.line(), error.column());
            misspelt = Some(format!("\"{written}\""));
            why = format!(
                "unknown member {written}; did you mean {known}? at line {line} column {column}"
            );
        }
        let line = source.lines().nth(error.line().saturating_sub(1));
        if let Some(line) = line.filter(|_| error.line() > 0) {
            let begins = line.as_ptr() as usize - source.as_ptr() as usize;
            let at = match misspelt.and_then(|word| Some((line.find(&word)?, word.len()))) {
                Some((at, length)) => begins + at..begins + at + length,
                None => {
                    let at = begins + error.column().saturating_sub(1);
                    at..at
                }
            };
            let (_, excerpt) = Excerpt::of(source, &at);
            why = format!("{why}{excerpt}");
        }
        Self::Json(why)
    }
}
