//! DPoP nonces: one is current for a day, and earlier ones are accepted for three
//! more days.

use std::{
    collections::VecDeque,
    time::{Duration, SystemTime},
};

use crate::{clock::since, ids::Ids};

const CURRENT_FOR: Duration = Duration::from_hours(24);
const TAKEN_FOR: Duration = Duration::from_hours(24 * 3);

#[derive(Debug)]
pub(super) struct Nonces {
    current: String,
    began: SystemTime,
    /// Earlier ones, and when each stopped being current.
    earlier: VecDeque<(String, SystemTime)>,
    ids: Ids,
}

impl Nonces {
    pub(super) fn new(now: SystemTime) -> Self {
        let mut ids = Ids::default();
        Self {
            current: ids.nonce(),
            began: now,
            earlier: VecDeque::new(),
            ids,
        }
    }

    pub(super) fn current(&mut self, now: SystemTime) -> &str {
        if since(now, self.began) >= CURRENT_FOR {
            self.rotate(now);
        }
        &self.current
    }

    pub(super) fn takes(&mut self, nonce: &str, now: SystemTime) -> bool {
        if self.current(now) == nonce {
            return true;
        }
        self.earlier
            .retain(|(_, ended)| since(now, *ended) < TAKEN_FOR);
        self.earlier.iter().any(|(earlier, _)| earlier == nonce)
    }

    pub(super) fn rotate(&mut self, now: SystemTime) {
        let next = self.ids.nonce();
        let ended = std::mem::replace(&mut self.current, next);
        self.earlier.push_back((ended, now));
        self.began = now;
    }

    /// Rotates, and no longer accepts earlier ones.
    pub(super) fn invalidate(&mut self, now: SystemTime) {
        self.rotate(now);
        self.earlier.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn a_nonce_is_current_for_a_day_and_taken_for_three_more() {
        let start = SystemTime::UNIX_EPOCH + DAY * 1_000;
        let mut nonces = Nonces::new(start);
        let first = nonces.current(start).to_owned();

        assert_ne!(nonces.current(start + DAY), first);
        assert!(nonces.takes(&first, start + DAY * 4 - Duration::from_secs(1)));
        assert!(!nonces.takes(&first, start + DAY * 4));
    }
}
