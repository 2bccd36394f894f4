//! What stands between a bad read and a company that is locked out.
//!
//! XaaS has no import safeguards of its own (Okta's developer guide): what is
//! loaded is done.

use super::{Plan, plan::Scope};

/// How many deactivations one run may push.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DeactivationLimit {
    /// A share of the users known active, in percent; at least [`DeactivationLimit::AT_LEAST`].
    Percent(f64),
    /// So many; 0 means none at all.
    Count(u64),
}

impl Default for DeactivationLimit {
    fn default() -> Self {
        Self::Percent(10.0)
    }
}

impl DeactivationLimit {
    /// What a percentage allows even in a small directory.
    pub const AT_LEAST: u64 = 5;

    /// Reads `10%` or `25`.
    ///
    /// # Errors
    /// Says what to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("\"{text}\" is neither a percentage such as 10% nor a count such as 25");
        match text.trim().strip_suffix('%') {
            Some(percent) => match percent.trim().parse::<f64>() {
                // Nought per cent is meant as none at all, not as five.
                Ok(0.0) => Ok(Self::Count(0)),
                Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(Self::Percent(percent)),
                _ => Err(wrong()),
            },
            None => text.trim().parse().map(Self::Count).map_err(|_| wrong()),
        }
    }

    /// How many that is where `active` users are known active.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count, rounded down"
    )]
    pub fn of(self, active: u64) -> u64 {
        match self {
            Self::Percent(percent) => {
                ((active as f64 * percent / 100.0).floor() as u64).max(Self::AT_LEAST)
            }
            Self::Count(count) => count,
        }
    }
}

/// The safeguard of one run. The limit is fixed by the run's first plan, and what earlier
/// sessions of the run deactivated counts too.
#[derive(Debug)]
pub(super) struct Safeguard {
    limit: DeactivationLimit,
    allowed_by_caller: u64,
    fixed: Option<u64>,
    pushed: u64,
    tripped: bool,
}

impl Safeguard {
    pub(super) fn new(limit: DeactivationLimit, allow: Option<u64>) -> Self {
        Self {
            limit,
            allowed_by_caller: allow.unwrap_or(0),
            fixed: None,
            pushed: 0,
            tripped: false,
        }
    }

    /// Takes out of the plan the deactivations that must wait.
    pub(super) fn check(&mut self, plan: &mut Plan) {
        let found = plan.deactivations_found();
        // A share of nobody would let nobody go; the records say how large the directory is to be.
        let (base, of_whom) = match plan.known_active {
            0 => (plan.counts.active, "users to be active"),
            known => (known, "users known active"),
        };
        let allowed = *self
            .fixed
            .get_or_insert_with(|| self.limit.of(base).max(self.allowed_by_caller));
        if found == 0 {
            return;
        }
        if let Scope::Whole {
            known_users: known @ 1..,
        } = plan.scope
            && plan.counts.scanned == 0
        {
            plan.withhold_all(format!(
                "the users table holds no record at all while {known} users are known: check USERS_TABLE and the table; \
                 nobody is deactivated on an empty read, whatever the limit"
            ));
        } else if self.tripped || self.pushed + found > allowed {
            self.tripped = true;
            plan.withhold_all(format!(
                "{} deactivations are more than the {allowed} that MAX_DEACTIVATIONS allows ({base} {of_whom}): check \
                 the users table; if they are right, invoke {{\"command\":\"sync\",\"allowDeactivations\":{}}}",
                self.pushed + found,
                self.pushed + found
            ));
        }
    }

    /// Counts what a session has deactivated.
    pub(super) fn pushed(&mut self, deactivations: u64) {
        self.pushed += deactivations;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_lets_small_directories_breathe() {
        let limit = DeactivationLimit::parse("10%").unwrap();

        assert_eq!(
            [0, 10, 59, 60, 1_000_000].map(|active| limit.of(active)),
            [5, 5, 5, 6, 100_000]
        );
    }

    #[test]
    fn nought_means_none_at_all() {
        for text in ["0", "0%", " 0 "] {
            assert_eq!(
                DeactivationLimit::parse(text).unwrap().of(1_000),
                0,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_neither_says_what_to_write() {
        for text in ["", "ten", "101%", "-1", "-5%", "NaN%", "1.5"] {
            assert!(
                DeactivationLimit::parse(text).unwrap_err().contains("10%"),
                "{text}"
            );
        }
    }
}
