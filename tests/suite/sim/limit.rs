//! What a limit allows, reckoned apart from the product.

use std::fmt;

/// A share in percent, a count, or both, of which the smaller holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub share: Option<u64>,
    pub count: Option<u64>,
}

impl Limit {
    pub const fn count(count: u64) -> Self {
        Self {
            share: None,
            count: Some(count),
        }
    }

    pub const fn share(share: u64) -> Self {
        Self {
            share: Some(share),
            count: None,
        }
    }

    /// How many of so many people; a share allows at least so many.
    pub fn of(self, people: u64, at_least: u64) -> u64 {
        let share = self.share.map(|share| match share {
            0 => 0,
            share => (people * share / 100).max(at_least),
        });
        share
            .unwrap_or(u64::MAX)
            .min(self.count.unwrap_or(u64::MAX))
    }
}

/// As the environment has it.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = self.share.map(|share| format!("{share}%"));
        let count = self.count.map(|count| count.to_string());
        let parts: Vec<_> = share.into_iter().chain(count).collect();
        f.write_str(&parts.join(","))
    }
}
