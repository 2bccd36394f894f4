//! Which calls a fault strikes, and how often.

use serde::{Deserialize, Serialize};

use super::Effect;

/// Something that goes wrong.
///
/// ```
/// use okta_emulator::{Effect, Fault};
///
/// // The second upsert of any session is done, and its answer lost.
/// let fault = Fault::on("POST", "/sessions/*/bulk-upsert")
///     .nth(2)
///     .then(Effect::CloseAfter);
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    #[serde(default = "any")]
    method: String,
    path: String,
    #[serde(default = "one")]
    nth: u64,
    /// For ever if it is null.
    #[serde(default = "once")]
    times: Option<u64>,
    effect: Effect,
}

impl Fault {
    /// The calls that it applies to: a method, or `*` for any, and a path.
    ///
    /// The path is the whole one, or, for calls of the identity source, the part
    /// after its id, such as `/sessions`. In it, `*` stands for any one segment,
    /// and `**` at the end for any rest.
    ///
    /// By default only the first such call is struck.
    /// The first such call is struck and no other, unless more is said.
    pub fn on(method: impl AsRef<str>, path: impl Into<String>) -> FaultAt {
        FaultAt {
            method: method.as_ref().to_owned(),
            path: path.into(),
            nth: 1,
            times: Some(1),
        }
    }
}

/// The calls that a fault strikes. [`then`](Self::then) makes it a fault.
#[derive(Clone, Debug)]
pub struct FaultAt {
    method: String,
    path: String,
    nth: u64,
    times: Option<u64>,
}

impl FaultAt {
    /// Lets the calls before the nth one pass. The first is 1.
    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = nth;
        self
    }

    /// Strikes so many calls, one after another.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Strikes every call from then on.
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// What happens to them.
    pub fn then(self, effect: Effect) -> Fault {
        let Self {
            method,
            path,
            nth,
            times,
        } = self;
        Fault {
            method,
            path,
            nth,
            times,
            effect,
        }
    }
}

impl Fault {
    fn is_about(&self, method: &str, path: &str, source_path: Option<&str>) -> bool {
        (self.method == "*" || self.method.eq_ignore_ascii_case(method))
            && (matches(&self.path, path)
                || source_path.is_some_and(|path| matches(&self.path, path)))
    }
}

/// A fault and what it has done so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultView {
    /// Its id.
    pub id: u64,
    /// The method it applies to, or `*`.
    pub method: String,
    /// The path it applies to.
    pub path: String,
    /// What it does, in words.
    pub effect: String,
    /// The calls it applied to so far.
    pub seen: u64,
    /// The calls it struck so far.
    pub struck: u64,
    /// Whether it will strike again.
    pub on: bool,
}

/// All injected faults.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    all: Vec<Injected>,
    made: u64,
}

#[derive(Debug)]
struct Injected {
    id: u64,
    fault: Fault,
    seen: u64,
    struck: u64,
}

impl Injected {
    fn on(&self) -> bool {
        self.fault.times.is_none_or(|times| self.struck < times)
    }
}

impl Faults {
    pub(crate) fn inject(&mut self, fault: Fault) -> u64 {
        self.made += 1;
        self.all.push(Injected {
            id: self.made,
            fault,
            seen: 0,
            struck: 0,
        });
        self.made
    }

    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let before = self.all.len();
        self.all.retain(|injected| injected.id != id);
        self.all.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.all.clear();
    }

    /// What happens to a call. `source_path` is its path below the identity
    /// source, if it is there.
    pub(crate) fn strike(
        &mut self,
        method: &str,
        path: &str,
        source_path: Option<&str>,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        for injected in &mut self.all {
            if !injected.fault.is_about(method, path, source_path) {
                continue;
            }
            injected.seen += 1;
            if injected.seen >= injected.fault.nth && injected.on() {
                injected.struck += 1;
                effects.push(injected.fault.effect.clone());
            }
        }
        effects
    }

    pub(crate) fn views(&self) -> Vec<FaultView> {
        self.all
            .iter()
            .map(|injected| FaultView {
                id: injected.id,
                method: injected.fault.method.clone(),
                path: injected.fault.path.clone(),
                effect: injected.fault.effect.to_string(),
                seen: injected.seen,
                struck: injected.struck,
                on: injected.on(),
            })
            .collect()
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    let mut path = path.split('/');
    for expected in pattern.split('/') {
        if expected == "**" {
            return true;
        }
        match path.next() {
            Some(segment) if expected == "*" || expected == segment => {}
            _ => return false,
        }
    }
    path.next().is_none()
}

fn any() -> String {
    "*".to_owned()
}

fn one() -> u64 {
    1
}

fn once() -> Option<u64> {
    Some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_matches_segment_by_segment() {
        for (pattern, path, expected) in [
            ("/sessions", "/sessions", true),
            ("/sessions", "/sessions/aps1", false),
            ("/sessions/*", "/sessions/aps1", true),
            ("/sessions/*", "/sessions", false),
            (
                "/sessions/*/bulk-upsert",
                "/sessions/aps1/bulk-upsert",
                true,
            ),
            (
                "/sessions/*/bulk-upsert",
                "/sessions/aps1/bulk-delete",
                false,
            ),
            ("/sessions/**", "/sessions/aps1/bulk-delete", true),
            ("/**", "/sessions", true),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_fault_strikes_from_the_nth_call_as_often_as_it_was_told() {
        let mut faults = Faults::default();
        faults.inject(
            Fault::on("POST", "/a")
                .nth(2)
                .times(2)
                .then(Effect::CloseBefore),
        );

        let struck: Vec<usize> = (0..5)
            .map(|_| faults.strike("POST", "/a", None).len())
            .collect();

        assert_eq!(struck, [0, 1, 1, 0, 0]);
        assert!(faults.strike("GET", "/a", None).is_empty());
    }
}
