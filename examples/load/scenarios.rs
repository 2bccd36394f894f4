//! The scenarios, and the checks that make their figures count.

use serde_json::Value;

use crate::{
    Arguments, Scenario, Trouble,
    dynamodb::{self, STATE, USERS},
    function::Measured,
    groups, pace, processes,
    servers::Served,
    table, to_the_end, verification,
};

/// Okta's limits: users per request, requests per session (Okta's developer guide).
const USERS_PER_REQUEST: u64 = 200;
const USERS_PER_SESSION: u64 = 10_000;

/// Plays all scenarios in the arguments.
pub fn play(arguments: &Arguments) -> Result<(), Trouble> {
    table::machine();
    for scenario in &arguments.scenario {
        match scenario {
            Scenario::Pace => pace::play()?,
            Scenario::VerifyPace => verification::pace()?,
            Scenario::ToTheEnd => {
                for users in &arguments.users {
                    to_the_end::play(*users, arguments)?;
                }
            }
            Scenario::Groups => {
                for users in &arguments.users {
                    groups::play(*users, arguments)?;
                }
            }
            _ => at_sizes(*scenario, arguments)?,
        }
    }
    Ok(())
}

fn at_sizes(scenario: Scenario, arguments: &Arguments) -> Result<(), Trouble> {
    let mut series = Vec::new();
    for users in &arguments.users {
        let (measured, served) = processes::measure(scenario, *users, arguments)?;
        let users = u64::from(*users);
        if scenario == Scenario::Verify {
            verification::expect(users, &measured, &served)?;
        } else {
            expect(scenario, users, &measured, &served)?;
        }
        one_scan(scenario, users, arguments.record_bytes, &served)?;
        table::scenario(scenario, users, &measured, &served);
        series.push((users, measured));
    }
    table::growth(&series);
    Ok(())
}

/// Figures of a run that did not do its work are worthless.
fn expect(
    scenario: Scenario,
    users: u64,
    measured: &Measured,
    served: &Served,
) -> Result<(), Trouble> {
    let last = measured.reports.last().ok_or("no report")?;
    let changed = users.div_ceil(100);
    let leaving = users.div_ceil(1000);
    let (upserts, deactivations) = match scenario {
        Scenario::Changed => (changed - leaving, leaving),
        Scenario::FirstLoad => (users, 0),
        _ => (0, 0),
    };
    // A first load's last report counts what was left for it.
    let of_all = |name: &str| {
        let sessions = measured.reports.iter().flat_map(sessions);
        sessions.filter_map(|it| it[name].as_u64()).sum::<u64>()
    };
    let is = |what: &str, is: u64, expected: u64| {
        if is == expected {
            Ok(())
        } else {
            Err(format!("{what}: {is} instead of {expected}, in {last}"))
        }
    };
    is("scanned", last["scanned"].as_u64().unwrap_or(0), users)?;
    is("upserts", of_all("upserts"), upserts)?;
    is("deactivations", of_all("deactivations"), deactivations)?;
    if scenario == Scenario::FirstLoad {
        is("active at Okta", served.active, users)?;
    }
    let called = |what: &str| {
        let found = served.okta.iter().find(|(call, _)| call == what);
        found.map_or(0, |(_, count)| *count)
    };
    is(
        "loads",
        called("POST bulk-upsert") + called("POST bulk-delete"),
        upserts.div_ceil(USERS_PER_REQUEST) + deactivations.div_ceil(USERS_PER_REQUEST),
    )?;
    is(
        "imports",
        called("POST start-import"),
        (upserts + deactivations).div_ceil(USERS_PER_SESSION),
    )?;
    if !served.violations.is_empty() {
        return Err(format!("Okta's rules were broken: {:?}", served.violations).into());
    }
    consumed(measured, served)
}

/// The reports must agree with the tables' own counts.
pub fn consumed(measured: &Measured, served: &Served) -> Result<(), Trouble> {
    let consumed = |table: &str, units: &str| -> f64 {
        let reports = measured.reports.iter();
        let units = reports.filter_map(|it| it["consumed"][table][units].as_f64());
        units.sum()
    };
    let reported = [
        consumed("usersTable", "readUnits"),
        consumed("stateTable", "readUnits"),
        consumed("stateTable", "writeUnits"),
    ];
    let (users_read, _) = served.dynamodb.units(USERS);
    let (state_read, written) = served.dynamodb.units(STATE);
    if reported != [users_read, state_read, written] {
        return Err(format!(
            "the reports count {reported:?} units, the tables {:?}",
            [users_read, state_read, written]
        )
        .into());
    }
    Ok(())
}

/// Whatever changed, both tables are read once. Further reads are only of what is in hand.
fn one_scan(
    scenario: Scenario,
    users: u64,
    record_bytes: u32,
    served: &Served,
) -> Result<(), Trouble> {
    let in_hand = match scenario {
        Scenario::Plan | Scenario::Unchanged => 0,
        Scenario::Changed => users.div_ceil(100),
        // Everybody, one of Okta's pages at a time.
        Scenario::Verify => users,
        // Its joiners exceed what one look holds.
        Scenario::FirstLoad
        | Scenario::ToTheEnd
        | Scenario::Pace
        | Scenario::VerifyPace
        | Scenario::Groups => {
            return Ok(());
        }
    };
    let pages = [
        (USERS, dynamodb::scan_units(users, record_bytes.into())),
        (
            STATE,
            dynamodb::scan_units(users, dynamodb::ENTRY_BYTES as u64),
        ),
    ];
    for (table, units) in pages {
        let scanned = read(served, table, "Scan");
        if scanned != units {
            return Err(
                format!("scans of {table} read {scanned} units, one scan is {units}").into(),
            );
        }
    }
    let records = read(served, USERS, "BatchGetItem");
    let expected = in_hand as f64 * dynamodb::read_units(record_bytes as usize);
    if records != expected {
        return Err(format!("{records} units of records in hand, instead of {expected}").into());
    }
    Ok(())
}

/// The read units that one operation used on a table.
pub fn read(served: &Served, table: &str, operation: &str) -> f64 {
    let phases = served.dynamodb.phases().iter();
    let phases = phases.filter(|it| it.table == table && it.operation == operation);
    phases.map(|it| it.read_units).sum()
}

/// The sessions of a report.
pub fn sessions(report: &Value) -> &[Value] {
    report["sessions"].as_array().map_or(&[], Vec::as_slice)
}
