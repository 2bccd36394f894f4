//! Groups in a history: teams that records put people into.

use fastrand::Rng;
use okta_emulator::Effect;

use super::{
    generate::pick,
    history::{Act, Deed, History, Row, Step, What},
    limit::Limit,
};

/// How many teams there are. The last one may be there before us.
pub const TEAMS: u8 = 3;

/// How groups are told, where records give any.
#[derive(Debug, Clone, Copy)]
pub struct Teams {
    /// `MAX_MEMBERSHIP_REMOVALS`.
    pub removals: Limit,
    /// `deleteEmptyGroups`.
    pub deletes: bool,
    /// Whether the last team is a group that somebody else has made.
    pub foreign: bool,
}

/// A team's external id.
pub fn group(team: u8) -> String {
    format!("t{team}")
}

/// Whether somebody in these teams is in this one.
pub fn is_in(teams: u8, team: u8) -> bool {
    teams >> team & 1 == 1
}

/// Every third history is about teams, too. That is drawn from other numbers, so that all else stays
/// as it was.
pub fn add(history: &mut History) {
    let mut rng = Rng::with_seed(history.seed ^ 0x0007_ea25);
    if rng.u32(0..3) > 0 {
        return;
    }
    let foreign = rng.u32(0..3) == 0;
    history.teams = Some(Teams {
        removals: pick(
            &mut rng,
            &[
                Limit::count(1),
                Limit::count(3),
                Limit::share(20),
                Limit::count(100),
                Limit::count(100),
            ],
        ),
        deletes: rng.bool(),
        foreign,
    });
    // Whoever is in every team is told so by one session.
    history.requests = history.requests.max(2 * usize::from(TEAMS));
    let mut moved = Vec::new();
    for (nth, step) in history.steps.iter_mut().enumerate() {
        match &mut step.act {
            Act::Put { slot, row } => {
                row.teams = teams(&mut rng);
                // Often nothing but the teams change.
                if rng.u32(0..3) == 0 {
                    let row = Row {
                        teams: teams(&mut rng),
                        ..*row
                    };
                    moved.push((nth + rng.usize(1..6), Act::Put { slot: *slot, row }));
                }
            }
            Act::Invoke(invocation) => {
                if let What::Push { rows, .. } = &mut invocation.what {
                    rows.iter_mut()
                        .for_each(|(_, row)| row.teams = teams(&mut rng));
                }
            }
            Act::Okta(fault) if rng.u32(0..3) == 0 => {
                let is_plain = !matches!(
                    fault.effect,
                    Effect::SessionEnds { .. }
                        | Effect::ImportEnds { .. }
                        | Effect::ImportFails { .. }
                        | Effect::ImportRefuses { .. }
                        | Effect::ImportTakes { .. }
                        | Effect::ImportWakes { .. }
                        | Effect::ImportRepeats { .. }
                        | Effect::Cooldown { .. }
                );
                if is_plain {
                    (fault.method, fault.path) = pick(
                        &mut rng,
                        &[
                            ("POST", "/sessions/*/bulk-groups-upsert"),
                            ("POST", "/sessions/*/bulk-groups-delete"),
                            ("POST", "/sessions/*/bulk-group-memberships-upsert"),
                            ("POST", "/sessions/*/bulk-group-memberships-delete"),
                            ("GET", "/groups/*"),
                        ],
                    );
                }
            }
            _ => {}
        }
    }
    if history.has_admins() {
        let teams = if foreign { TEAMS - 1 } else { TEAMS };
        for _ in 0..rng.u8(0..3) {
            let deed = Deed::Regroup(rng.u8(0..teams), rng.bool());
            let person = rng.u8(0..history.people);
            moved.push((
                rng.usize(0..=history.steps.len()),
                Act::Admin { person, deed },
            ));
        }
    }
    for (place, act) in moved.into_iter().rev() {
        let after = pick(&mut rng, &[0, 1_000, 30_000, 400_000]);
        let place = place.min(history.steps.len());
        history.steps.insert(place, Step { after, act });
    }
}

fn teams(rng: &mut Rng) -> u8 {
    rng.u8(0..1 << TEAMS)
}
