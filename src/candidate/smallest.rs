//! The first of many, in order, without holding the others.

use std::collections::BTreeMap;

/// At most this many values: those with the smallest keys.
#[derive(Debug)]
pub(super) struct Smallest<T> {
    limit: usize,
    values: BTreeMap<(String, String), T>,
}

impl<T> Smallest<T> {
    pub(super) fn new(limit: usize) -> Self {
        let values = BTreeMap::new();
        Self { limit, values }
    }

    /// Takes a value, which is made only if it is one of them.
    pub(super) fn take(&mut self, key: (String, String), value: impl FnOnce() -> T) {
        let is_one = self.values.len() < self.limit
            || self
                .values
                .last_key_value()
                .is_some_and(|(last, _)| key < *last);
        if is_one {
            self.values.insert(key, value());
        }
        if self.values.len() > self.limit {
            self.values.pop_last();
        }
    }

    pub(super) fn into_values(self) -> impl Iterator<Item = T> {
        self.values.into_values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_the_same_in_whatever_order_they_come() {
        for order in [[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [3, 5, 1, 4, 2]] {
            let mut first = Smallest::new(3);
            for n in order {
                first.take((n.to_string(), String::new()), || n);
            }

            assert_eq!(first.into_values().collect::<Vec<_>>(), [1, 2, 3]);
        }
    }
}
