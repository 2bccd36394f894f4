//! What may go wrong, drawn at random.

use std::{collections::BTreeMap, time::Duration};

use okta_emulator::{Applied, Effect, Poison, Refused, SessionEnd};

use super::{
    generate::{Chance, pick},
    history::{DatabaseEffect, DatabaseFault, OktaFault},
};

impl Chance {
    /// Something that goes wrong between the function and DynamoDB.
    pub fn database_fault(&mut self) -> DatabaseFault {
        let rng = &mut self.rng;
        let call = pick(
            rng,
            &[
                "",
                "Scan users",
                "Scan identity",
                "BatchGetItem users",
                "BatchGetItem identity",
                "BatchWriteItem",
                "UpdateItem",
                "PutItem",
                "PutItem identity-source-state user#",
                "PutItem identity-source-state guard",
                "PutItem identity-source-state log",
                "GetItem",
                "DeleteItem",
            ],
        );
        let effect = match (rng.u32(0..8), call) {
            (0..2, "Scan users") => DatabaseEffect::ShortPage,
            (0..3, "BatchGetItem users" | "BatchGetItem identity" | "BatchWriteItem") => {
                DatabaseEffect::Unprocessed
            }
            (3..5, "Scan users") => DatabaseEffect::Slow(rng.u64(1_000..240_000)),
            (0..2, _) => DatabaseEffect::Throttled,
            (2, _) => DatabaseEffect::InternalError,
            (3, _) => DatabaseEffect::CloseBefore,
            (4, _) => DatabaseEffect::CloseAfter,
            (5, _) => DatabaseEffect::Late(rng.u64(10..2_000_000)),
            _ if rng.u32(0..4) == 0 => DatabaseEffect::Slow(rng.u64(40_000..1_000_000)),
            _ => DatabaseEffect::Slow(rng.u64(10..40_000)),
        };
        // One is overcome by trying again, many are not.
        DatabaseFault {
            call,
            skip: rng.usize(0..6),
            times: pick(rng, &[1, 1, 2, 5, 15]),
            effect,
        }
    }

    /// Something that goes wrong at Okta, or on the way there.
    pub fn okta_fault(&mut self) -> OktaFault {
        let rng = &mut self.rng;
        let (method, path) = pick(
            rng,
            &[
                ("*", "/**"),
                ("POST", "/sessions"),
                ("GET", "/sessions"),
                ("GET", "/sessions/*"),
                ("DELETE", "/sessions/*"),
                ("POST", "/sessions/*/bulk-upsert"),
                ("POST", "/sessions/*/bulk-delete"),
                ("POST", "/sessions/*/bulk-upsert"),
                ("POST", "/sessions/*/bulk-delete"),
                ("POST", "/sessions/*/start-import"),
                ("POST", "/sessions/*/start-import"),
            ],
        );
        let is_start = path.ends_with("start-import");
        let ends = [SessionEnd::Error, SessionEnd::Expired, SessionEnd::Closed];
        let everybody = Poison::ExternalIds(vec![super::records::id(rng.u8(0..self.people))]);
        let somebody = everybody.clone();
        let is_permanent = rng.u32(0..6) == 0;
        let hours = |hours: u64| Duration::from_secs(hours * 3_600);
        let effect = match rng.u32(0..24) {
            16 | 17 if is_start => Effect::ImportWakes {
                after: pick(rng, &[hours(1), hours(10), hours(23), hours(26), hours(40)]),
            },
            18..20 if is_start => Effect::ImportEnds {
                how: SessionEnd::Error,
                applied: pick(rng, &[Applied::Half, Applied::First(1), Applied::All]),
            },
            20..22 if is_start => Effect::ImportFails {
                poison: somebody,
                applied: pick(rng, &[Applied::Nobody, Applied::Half]),
            },
            22 if is_start => Effect::ImportRefuses {
                poison: somebody,
                reason: Refused::default(),
            },
            16..18 => Effect::StatusLags {
                time: Duration::from_secs(rng.u64(1..22)),
            },
            18 => Effect::RefuseEntitiesWith {
                status: pick(rng, &[413, 422]),
                poison: somebody,
                named: rng.bool(),
            },
            19 => Effect::DoneLater {
                after: Duration::from_secs(rng.u64(1..600)),
            },
            20 => Effect::AnswerStatus {
                status: pick(rng, &["TRIGGERED", "PAUSED"]).to_owned(),
            },
            0..4 if is_start => Effect::SessionEnds {
                how: pick(
                    rng,
                    &[SessionEnd::Error, SessionEnd::Error, SessionEnd::Expired],
                ),
            },
            4..6 if is_start => Effect::ImportTakes {
                time: Duration::from_secs(rng.u64(1..3_000)),
            },
            6 if is_start => Effect::Cooldown {
                time: Duration::from_secs(rng.u64(300..1_200)),
            },
            0 => Effect::Status {
                status: pick(rng, &[500, 502, 503]),
                code: "E0000009".to_owned(),
                causes: Vec::new(),
            },
            1 => Effect::Status {
                status: pick(rng, &[400, 403, 404]),
                code: "E0000001".to_owned(),
                causes: Vec::new(),
            },
            2 => Effect::RateLimited {
                headers: BTreeMap::from([("retry-after".to_owned(), rng.u64(1..30).to_string())]),
            },
            3 => Effect::Delay {
                time: Duration::from_secs(rng.u64(1..45)),
            },
            4 => Effect::DelayAnswer {
                time: Duration::from_secs(rng.u64(1..45)),
            },
            5 | 6 => Effect::CloseBefore,
            7..10 => Effect::CloseAfter,
            10 => Effect::Truncate,
            11 => Effect::NotJson,
            12 => Effect::AnswerStatus {
                status: pick(rng, &["PAUSED", "WAITING"]).to_owned(),
            },
            13 => Effect::SessionEnds {
                how: pick(rng, &ends),
            },
            _ => Effect::RefuseEntities {
                poison: everybody,
                named: rng.bool(),
            },
        };
        OktaFault {
            method,
            path,
            nth: rng.u64(1..4),
            times: if is_permanent {
                1_000
            } else {
                pick(rng, &[1, 1, 1, 2, 6])
            },
            effect,
        }
    }
}
