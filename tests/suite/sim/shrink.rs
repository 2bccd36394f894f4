//! A failing history without all that it fails without.

use dynamodb_identity_source::mutation::Mutation;

use super::{
    history::{Act, History},
    play::play,
};

/// Plays no more than so many histories.
const TRIES: usize = 400;

/// The smallest history found that breaks the same promise.
pub fn shrunk(history: &History, bug: Option<Mutation>, promise: &str) -> History {
    let mut smallest = history.clone();
    let mut tries = TRIES;
    let mut breaks = |history: &History| {
        tries = tries.saturating_sub(1);
        tries > 0
            && play(history, bug)
                .broken
                .is_some_and(|broken| broken.promise == promise)
    };
    let mut chunk = smallest.steps.len().div_ceil(2);
    while chunk > 0 {
        let mut from = 0;
        while from < smallest.steps.len() {
            let mut without = smallest.clone();
            let to = (from + chunk).min(without.steps.len());
            let gone: u64 = without.steps.drain(from..to).map(|step| step.after).sum();
            // What follows happens when it did.
            if let Some(next) = without.steps.get_mut(from) {
                next.after += gone;
            }
            if breaks(&without) {
                smallest = without;
            } else {
                from += chunk;
            }
        }
        chunk /= 2;
    }
    for at in 0..smallest.steps.len() {
        let mut simpler = smallest.clone();
        simpler.steps[at].after = 0;
        if breaks(&simpler) {
            smallest = simpler;
        }
        let mut simpler = smallest.clone();
        if let Act::Invoke(invocation) = &mut simpler.steps[at].act
            && invocation.death.take().is_some()
            && breaks(&simpler)
        {
            smallest = simpler;
        }
    }
    smallest
}
