//! How many requests a session still takes.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The bulk requests that a session takes.
#[derive(Debug)]
pub(in crate::okta) struct Budget {
    left: AtomicUsize,
}

impl Budget {
    pub(in crate::okta) fn new(requests: usize) -> Self {
        Self {
            left: AtomicUsize::new(requests),
        }
    }

    /// Takes one out, if there is one.
    pub(in crate::okta) fn take(&self) -> bool {
        self.left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            })
            .is_ok()
    }

    pub(in crate::okta) fn give_back(&self) {
        self.left.fetch_add(1, Ordering::SeqCst);
    }

    /// Sets one aside for a request that will be sent later.
    pub(in crate::okta) fn set_one_aside(&self) -> Option<Place<'_>> {
        self.take().then_some(Place { budget: self })
    }

    /// Sets this many aside, or none.
    pub(in crate::okta) fn set_aside(&self, requests: usize) -> Option<Vec<Place<'_>>> {
        self.left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(requests)
            })
            .ok()?;
        Some((0..requests).map(|_| Place { budget: self }).collect())
    }

    pub(in crate::okta) fn left(&self) -> usize {
        self.left.load(Ordering::SeqCst)
    }
}

/// A place among the requests that a session takes. Given back unless something was sent.
#[derive(Debug)]
pub struct Place<'a> {
    budget: &'a Budget,
}

impl<'a> Place<'a> {
    /// Its request was sent, or may have been.
    pub(in crate::okta) fn spend(self) {
        std::mem::forget(self);
    }

    pub(in crate::okta) fn budget(&self) -> &'a Budget {
        self.budget
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.budget.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_cannot_be_taken() {
        let budget = Budget::new(1);

        assert!(budget.take());
        assert!(!budget.take());
        budget.give_back();
        assert_eq!(budget.left(), 1);
    }

    #[test]
    fn all_requests_are_set_aside_or_none() {
        let budget = Budget::new(3);

        let places = budget.set_aside(2);

        assert_eq!(budget.left(), 1);
        assert!(budget.set_aside(2).is_none());
        assert_eq!(budget.left(), 1);
        drop(places);
        assert_eq!(budget.left(), 3);
    }
}
