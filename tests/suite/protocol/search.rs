//! A breadth-first search: every state that steps lead to, the nearest ones first, so that the
//! way to a broken promise is a shortest one.

use std::{
    collections::{HashSet, VecDeque},
    fmt,
    hash::{DefaultHasher, Hash, Hasher as _},
};

/// What happens, and whom or what it is about.
#[derive(Debug, Clone, Copy)]
pub struct Step(pub &'static str, pub usize);

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0, self.1)
    }
}

/// Something that is checked: where it begins, what can happen, and what must not.
pub trait Model {
    type State: Clone + Hash;

    fn first(&self) -> Self::State;
    fn steps(&self, state: &Self::State, after: &mut Vec<(Step, Self::State)>);
    fn broken(&self, state: &Self::State) -> Option<&'static str>;
}

/// What a search has found.
#[derive(Debug)]
pub struct Found {
    pub states: usize,
    pub broken: Option<Broken>,
}

/// A promise that does not hold, and a shortest way there.
#[derive(Debug)]
pub struct Broken {
    pub promise: &'static str,
    pub way: Vec<Step>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:", self.promise)?;
        self.way.iter().try_for_each(|step| writeln!(f, "  {step}"))
    }
}

/// Searches all of it, or until a promise is broken.
///
/// Of the states that were seen only a hash is kept: two that have the same one are as unlikely
/// as one in ten million where there are a million states.
pub fn search<M: Model>(model: &M) -> Found {
    let first = model.first();
    let mut seen = HashSet::from([hash(&first)]);
    let mut came_from = vec![(0, Step("begins", 0))];
    let mut queue = VecDeque::from([(0, first)]);
    let mut after = Vec::new();
    while let Some((at, state)) = queue.pop_front() {
        if let Some(promise) = model.broken(&state) {
            return Found {
                states: came_from.len(),
                broken: Some(Broken {
                    promise,
                    way: way(&came_from, at),
                }),
            };
        }
        model.steps(&state, &mut after);
        for (step, next) in after.drain(..) {
            if seen.insert(hash(&next)) {
                queue.push_back((came_from.len(), next));
                came_from.push((at, step));
            }
        }
    }
    Found {
        states: came_from.len(),
        broken: None,
    }
}

fn hash(state: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}

fn way(came_from: &[(usize, Step)], mut at: usize) -> Vec<Step> {
    let mut way = Vec::new();
    while at > 0 {
        let (before, step) = came_from[at];
        way.push(step);
        at = before;
    }
    way.reverse();
    way
}
