//! A set of numbers, most of which follow one another.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A set of numbers as ranges, first and last each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ranges(BTreeMap<u64, u64>);

impl Ranges {
    /// Adds a number.
    pub fn insert(&mut self, number: u64) {
        if self.contains(number) {
            return;
        }
        let last = self.0.remove(&(number + 1)).unwrap_or(number);
        let before = self.0.range_mut(..number).next_back();
        match before {
            Some((_, end)) if *end + 1 == number => *end = last,
            _ => drop(self.0.insert(number, last)),
        }
    }

    /// Whether a number is in it.
    #[must_use]
    pub fn contains(&self, number: u64) -> bool {
        self.0
            .range(..=number)
            .next_back()
            .is_some_and(|(_, last)| *last >= number)
    }

    /// Takes out the numbers for which `forgettable` is true.
    pub fn retain(&mut self, forgettable: impl Fn(u64) -> bool) {
        let numbers: Vec<_> = self.iter().collect();
        if numbers.iter().any(|number| forgettable(*number)) {
            self.0.clear();
            for number in numbers {
                if !forgettable(number) {
                    self.insert(number);
                }
            }
        }
    }

    /// Whether there is no number in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every number.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }

    /// How many ranges there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Drops this many of the oldest ranges. Gives the highest number that was dropped.
    pub fn drop_oldest(&mut self, ranges: usize) -> Option<u64> {
        let mut highest = None;
        for _ in 0..ranges {
            highest = self.0.pop_first().map(|(_, last)| last).or(highest);
        }
        highest
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranges_are_a_set_in_fewer_words(
            numbers in proptest::collection::vec(0..60u64, 0..60),
            forgotten in proptest::collection::btree_set(0..60u64, 0..30),
        ) {
            let mut ranges = Ranges::default();
            let mut set = BTreeSet::new();
            for number in numbers {
                ranges.insert(number);
                set.insert(number);
            }
            ranges.retain(|number| forgotten.contains(&number));
            set.retain(|number| !forgotten.contains(number));

            prop_assert_eq!(ranges.iter().collect::<BTreeSet<_>>(), set.clone());
            for number in 0..62 {
                prop_assert_eq!(ranges.contains(number), set.contains(&number));
            }
        }
    }
}
