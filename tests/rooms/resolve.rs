//! Which module a name's item is defined in, through however many re-exports.

use std::collections::HashSet;

use crate::tree::{Module, Tree};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    Module(usize),
    Item(usize, String),
}

/// Names on the way, so that `use` which goes in a circle ends.
type Seen = HashSet<(usize, String)>;

impl Tree {
    /// Nothing where it is another crate's. A name may be a module's and a function's at once.
    pub(crate) fn resolve(&self, within: usize, path: &[String]) -> Vec<Target> {
        self.follow(within, path, &mut Seen::new())
    }

    fn follow(&self, within: usize, path: &[String], seen: &mut Seen) -> Vec<Target> {
        let Some((first, rest)) = path.split_first() else {
            return vec![Target::Module(within)];
        };
        let mut reached = match first.as_str() {
            "crate" => vec![Target::Module(0)],
            "self" => vec![Target::Module(within)],
            "super" => self.0[within]
                .parent
                .map(Target::Module)
                .into_iter()
                .collect(),
            name => self.look(within, name, seen),
        };
        for name in rest {
            // What leads on is the module, where a function has its name.
            if reached
                .iter()
                .any(|target| matches!(target, Target::Module(_)))
            {
                reached.retain(|target| matches!(target, Target::Module(_)));
            }
            reached = reached
                .into_iter()
                .flat_map(|target| self.step(target, name, seen))
                .collect();
        }
        reached
    }

    fn step(&self, from: Target, name: &str, seen: &mut Seen) -> Vec<Target> {
        match from {
            Target::Module(module) if name == "super" => self.0[module]
                .parent
                .map(Target::Module)
                .into_iter()
                .collect(),
            Target::Module(module) => self.look(module, name, seen),
            // A variant, a method, a constant of a type: it is where the type is.
            item @ Target::Item(..) => vec![item],
        }
    }

    fn look(&self, module: usize, name: &str, seen: &mut Seen) -> Vec<Target> {
        if !seen.insert((module, name.to_owned())) {
            return Vec::new();
        }
        let Module {
            children,
            items,
            taken,
            ..
        } = &self.0[module];
        let mut found: Vec<_> = children
            .get(name)
            .map(|child| Target::Module(*child))
            .into_iter()
            .collect();
        if items.contains(name) {
            found.push(Target::Item(module, name.to_owned()));
        }
        for taken in taken
            .iter()
            .filter(|taken| taken.local.as_deref() == Some(name))
        {
            // `use serde::Serialize as serde` names the crate, not itself: `seen` stops it.
            found.extend(self.follow(module, &taken.path, seen));
        }
        if found.is_empty() {
            for all in taken.iter().filter(|taken| taken.local.is_none()) {
                for from in self.follow(module, &all.path, &mut seen.clone()) {
                    if let Target::Module(from) = from {
                        found.extend(self.look(from, name, seen));
                    }
                }
            }
        }
        seen.remove(&(module, name.to_owned()));
        found
    }
}
