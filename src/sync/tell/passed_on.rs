//! Logins that are passed on. Okta has a login once. Somebody who takes over a login that somebody
//! else in a session is giving up waits until that person was told, because nobody knows in which
//! order Okta imports people. If each waits for another there is no order, and all are told.

use std::collections::{HashMap, HashSet};

use crate::{
    ledger::{IdHash, LoginMark, Told},
    sync::hand::Ready,
};

/// The logins that people of one session are giving up, and who gives up which.
#[derive(Debug, Default)]
pub(super) struct PassedOn {
    given_up: HashMap<LoginMark, IdHash>,
}

/// Somebody who must have a login.
#[derive(Debug, Clone, Copy)]
struct Mover {
    wants: LoginMark,
    has: Option<LoginMark>,
}

impl PassedOn {
    /// Of people who are about to be told, those who must wait for others.
    pub(super) fn later<'r>(&mut self, people: impl Iterator<Item = &'r Ready>) -> HashSet<IdHash> {
        let movers = people.filter_map(|ready| {
            let before = ready.before.as_ref();
            let before = before.filter(|before| matches!(before.told, Told::Active(_)));
            let mover = Mover {
                wants: ready.login?,
                has: before.and_then(|before| before.login),
            };
            Some((ready.suspect.id, mover))
        });
        self.wait(&movers.collect())
    }

    fn wait(&mut self, movers: &HashMap<IdHash, Mover>) -> HashSet<IdHash> {
        for (id, Mover { wants, has }) in movers {
            if let Some(has) = has.filter(|has| has != wants) {
                self.given_up.insert(has, *id);
            }
        }
        let waits = |id: &IdHash| self.waits(*id, movers);
        movers.keys().copied().filter(waits).collect()
    }

    /// Whether somebody else gives up what this one wants, and does not in the end wait for them.
    fn waits(&self, id: IdHash, movers: &HashMap<IdHash, Mover>) -> bool {
        let before = |id: &IdHash| {
            let wants = movers.get(id)?.wants;
            self.given_up.get(&wants).filter(|other| *other != id)
        };
        let mut at = id;
        for _ in 0..movers.len() {
            match before(&at) {
                Some(other) if *other == id => return false,
                Some(other) => at = *other,
                None => break,
            }
        }
        at != id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::ExternalId;

    fn id(name: &str) -> IdHash {
        IdHash::of(&ExternalId::parse(name.to_owned()).unwrap())
    }

    /// People, each with the login that they have and the one that they want.
    fn waits(passed_on: &mut PassedOn, people: &[(&str, &str, &str)]) -> Vec<String> {
        let mover = |has: &str, wants: &str| Mover {
            wants: LoginMark::of(wants),
            has: (!has.is_empty()).then(|| LoginMark::of(has)),
        };
        let movers = people
            .iter()
            .map(|(name, has, wants)| (id(name), mover(has, wants)))
            .collect();
        let waits = passed_on.wait(&movers);
        let names = people.iter().map(|(name, ..)| *name);
        names
            .filter(|name| waits.contains(&id(name)))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn whoever_wants_what_another_gives_up_waits_along_a_chain() {
        let chain = [
            ("a", "1", "2"),
            ("b", "2", "3"),
            ("c", "3", "4"),
            ("d", "", "1"),
        ];
        assert_eq!(waits(&mut PassedOn::default(), &chain), ["a", "b", "d"]);
        // People with other changes only give nothing up.
        let same = [("a", "1", "1"), ("b", "2", "1"), ("c", "3", "9")];
        assert_eq!(waits(&mut PassedOn::default(), &same), Vec::<String>::new());
    }

    #[test]
    fn nobody_of_a_ring_waits_and_whoever_wants_one_of_their_logins_does() {
        let ring = [
            ("a", "1", "2"),
            ("b", "2", "3"),
            ("c", "3", "1"),
            ("d", "4", "1"),
        ];
        // Of a and d, who want what c gives up and what a gives up, only d is outside the ring.
        assert_eq!(waits(&mut PassedOn::default(), &ring), ["d"]);
    }

    #[test]
    fn what_was_given_up_in_an_earlier_request_of_the_session_counts() {
        let mut passed_on = PassedOn::default();
        assert!(waits(&mut passed_on, &[("a", "1", "2")]).is_empty());
        assert_eq!(waits(&mut passed_on, &[("b", "", "1")]), ["b"]);
    }
}
