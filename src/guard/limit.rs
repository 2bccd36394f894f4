//! How many people a kind of change may touch within 24 hours.

use std::fmt;

use super::Kind;

/// A limit: a share, a count, or both. With both, the smaller one holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// In percent of the people told active. It allows at least [`Kind::at_least`], unless it is
    /// zero.
    share: Option<f64>,
    /// A number. 0 means none at all.
    count: Option<u64>,
}

/// The limit of each kind of change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// `MAX_DEACTIVATIONS`: how many people may be deactivated within any 24 hours, by all runs
    /// together. A share such as `10%`, a count such as `25`, or both such as `10%,1000`, where the
    /// smaller one holds. A share is of the people told active, and allows at least 5. `0` and `0%`
    /// mean none at all. Default `10%,1000`.
    pub deactivations: Limit,
    /// `MAX_UPDATES`: how many people's profiles may change, or be reactivated, within any 24
    /// hours, by all runs together. Written like `MAX_DEACTIVATIONS`. A share allows at least 100.
    /// Default `50%`.
    pub updates: Limit,
    /// `MAX_MEMBERSHIP_REMOVALS`: how many group memberships may be taken away within any 24 hours,
    /// by all runs together. Written like `MAX_DEACTIVATIONS`. A share is of the memberships told,
    /// and allows at least 20. Default `20%`.
    pub membership_removals: Limit,
}

impl Limits {
    /// The limit of a kind.
    #[must_use]
    pub fn of(&self, kind: Kind) -> Limit {
        match kind {
            Kind::Deactivations => self.deactivations,
            Kind::Updates => self.updates,
            Kind::MembershipRemovals => self.membership_removals,
        }
    }
}

impl Limit {
    /// The default limit of a kind.
    #[must_use]
    pub fn default_of(kind: Kind) -> Self {
        let share = |percent| Self {
            share: Some(percent),
            count: None,
        };
        match kind {
            Kind::Deactivations => Self {
                count: Some(1_000),
                ..share(10.0)
            },
            Kind::Updates => share(50.0),
            Kind::MembershipRemovals => share(20.0),
        }
    }

    /// Reads `10%`, `25` or `10%,1000`.
    ///
    /// # Errors
    /// Says what to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "\"{text}\" is neither a percentage such as 10%, nor a count such as 25, nor both, \
                 such as 10%,1000"
            )
        };
        let mut limit = Self {
            share: None,
            count: None,
        };
        for part in text.split(',') {
            match part.trim().strip_suffix('%') {
                Some(percent) => {
                    let percent: f64 = percent.trim().parse().map_err(|_| wrong())?;
                    let valid = (0.0..=100.0).contains(&percent) && limit.share.is_none();
                    limit.share = Some(valid.then_some(percent).ok_or_else(wrong)?);
                }
                None if limit.count.is_none() => {
                    limit.count = Some(part.trim().parse().map_err(|_| wrong())?);
                }
                None => return Err(wrong()),
            }
        }
        Ok(limit)
    }

    /// How many people that is, with `base` people told active.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count, rounded down"
    )]
    pub fn of(self, base: u64, kind: Kind) -> u64 {
        let share = self.share.map(|percent| {
            if percent == 0.0 {
                0
            } else {
                ((base as f64 * percent / 100.0).floor() as u64).max(kind.at_least())
            }
        });
        let count = self.count.unwrap_or(u64::MAX);
        share.map_or(count, |share| share.min(count))
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.share, self.count) {
            (Some(share), Some(count)) => write!(f, "{share}%,{count}"),
            (Some(share), None) => write!(f, "{share}%"),
            (None, count) => write!(f, "{}", count.unwrap_or(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(text: &str, base: u64) -> u64 {
        Limit::parse(text).unwrap().of(base, Kind::Deactivations)
    }

    #[test]
    fn a_share_lets_small_directories_breathe() {
        assert_eq!(
            [0, 10, 59, 60, 1_000_000].map(|base| allowed("10%", base)),
            [5, 5, 5, 6, 100_000]
        );
    }

    #[test]
    fn of_a_share_and_a_count_the_smaller_holds() {
        assert_eq!(
            [60, 10_000, 1_000_000].map(|base| allowed("10%,1000", base)),
            [6, 1_000, 1_000]
        );
        assert_eq!(allowed(" 3 , 50% ", 1_000), 3);
    }

    #[test]
    fn zero_means_none_at_all() {
        for text in ["0", "0%", " 0 ", "10%,0", "0%,5"] {
            assert_eq!(allowed(text, 1_000), 0, "{text}");
        }
    }

    #[test]
    fn what_is_neither_says_what_to_write() {
        for text in [
            "", "ten", "101%", "500%", "-1", "-5%", "NaN%", "1.5", "5%,6%", "1,2", "5%,",
        ] {
            assert!(Limit::parse(text).unwrap_err().contains("10%"), "{text}");
        }
    }

    #[test]
    fn a_limit_is_written_as_it_is_read() {
        for text in ["10%", "25", "10%,1000", "0", "0.5%"] {
            assert_eq!(Limit::parse(text).unwrap().to_string(), text);
        }
    }
}
