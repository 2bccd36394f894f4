//! Prints the figures.

use std::time::Duration;

use clap::ValueEnum as _;

use crate::{
    Scenario,
    dynamodb::{HISTORY, Phase, STATE, USERS},
    function::Measured,
    scenarios::sessions,
    servers::Served,
};

const LEDGER: &str = "read the ledger";
const READ: &str = "read, map and compare";
const WRITES: &str = "write the ledger";
const HISTORY_KEPT: &str = "keep the history";

/// Prints the machine that the figures are from.
pub fn machine() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("On {cores} cores, which the function shares with the servers");
}

/// One scenario at one size.
pub fn scenario(scenario: Scenario, users: u64, measured: &Measured, served: &Served) {
    let name = scenario.to_possible_value();
    let name = name.as_ref().map_or("", |it| it.get_name());
    // Small items are read and written from beginning to end, and in a first load the phases take
    // turns.
    let is_one = !matches!(scenario, Scenario::FirstLoad | Scenario::Verify);
    figures(name, users, is_one, measured, served);
}

/// The figures for so many users. If several runs take turns, the phases' times mean nothing.
pub fn figures(name: &str, users: u64, is_one: bool, measured: &Measured, served: &Served) {
    println!("\n{name}, {} users", thousands(users));
    println!(
        "  phase                     seconds      users/s   requests    units read     written"
    );
    let phases = phases(served);
    for (at, (title, of_phase)) in phases.iter().enumerate() {
        // When the last page of the ledger is answered, it still has to be processed.
        let next = phases.get(at + 1).filter(|_| *title == LEDGER);
        let until = next.and_then(|(_, next)| next.iter().map(|it| it.first).min());
        phase(title, users, is_one, of_phase, until);
    }
    let Measured {
        wall,
        processor,
        peak,
        reports,
    } = measured;
    println!(
        "  {:<24} {:>8.2} {:>12}",
        "all",
        wall.as_secs_f64(),
        rate(users, *wall)
    );
    println!(
        "  {:<24} {:>8.2} {:>12} a core",
        "processor time",
        processor.as_secs_f64(),
        rate(users, *processor)
    );
    println!("  peak memory {:.0} MB", *peak as f64 / 1e6);
    if !served.okta.is_empty() {
        let calls = served.okta.iter();
        let calls: Vec<_> = calls
            .map(|(call, count)| format!("{call} {}", thousands(*count)))
            .collect();
        println!("  Okta: {}; refused {}", calls.join(", "), served.refused);
    }
    let all: usize = reports.iter().map(|report| sessions(report).len()).sum();
    if all > 0 {
        println!("  {all} sessions in {} invocations", reports.len());
    }
}

/// The function's phases, as the tables see them.
fn phases(served: &Served) -> Vec<(&'static str, Vec<&Phase>)> {
    let of = |table: &str, operations: &[&str]| -> Vec<&Phase> {
        let phases = served.dynamodb.phases().iter();
        phases
            .filter(|it| it.table == table && operations.contains(&it.operation.as_str()))
            .collect()
    };
    let phases = [
        (LEDGER, of(STATE, &["Scan"])),
        (READ, of(USERS, &["Scan"])),
        ("records in hand", of(USERS, &["BatchGetItem"])),
        ("entries and small items", of(STATE, &["BatchGetItem"])),
        (
            WRITES,
            of(
                STATE,
                &["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"],
            ),
        ),
        (HISTORY_KEPT, of(HISTORY, &["PutItem", "UpdateItem"])),
    ];
    let phases = phases.into_iter();
    phases.filter(|(_, phases)| !phases.is_empty()).collect()
}

fn phase(title: &str, users: u64, is_one: bool, phases: &[&Phase], until: Option<Duration>) {
    let requests: u64 = phases.iter().map(|it| it.requests).sum();
    let reads: f64 = phases.iter().map(|it| it.read_units).sum();
    let writes: f64 = phases.iter().map(|it| it.write_units).sum();
    let first = phases.iter().map(|it| it.first).min().unwrap_or_default();
    let last = until.or_else(|| phases.iter().map(|it| it.last).max());
    let last = last.unwrap_or_default();
    let lasts_once = is_one && [LEDGER, READ].contains(&title);
    let (seconds, rate) = if lasts_once {
        let took = last.saturating_sub(first);
        (format!("{:.2}", took.as_secs_f64()), rate(users, took))
    } else {
        (String::new(), String::new())
    };
    println!(
        "  {title:<24} {seconds:>8} {rate:>12} {:>10} {:>13} {:>11}",
        thousands(requests),
        thousands(reads as u64),
        thousands(writes as u64)
    );
}

/// How time and memory grow from each size to the next.
pub fn growth(series: &[(u64, Measured)]) {
    let Some((_, rest)) = series.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return;
    };
    println!("\n       users    seconds   µs/user   peak MB   bytes for each user more");
    let before = std::iter::once(None).chain(series.iter().map(Some));
    for (before, (users, measured)) in before.zip(series) {
        let more = before.map_or_else(String::new, |(fewer, then)| {
            let bytes = measured.peak as f64 - then.peak as f64;
            format!("{:.0}", bytes / (*users as f64 - *fewer as f64))
        });
        println!(
            "  {:>10} {:>10.2} {:>9.2} {:>9.0}   {more:>24}",
            thousands(*users),
            measured.wall.as_secs_f64(),
            measured.wall.as_secs_f64() * 1e6 / *users as f64,
            measured.peak as f64 / 1e6
        );
    }
    let ((first, least), (last, most)) = (&series[0], &rest[rest.len() - 1]);
    println!(
        "  peak memory is {:.2} times as much for {:.0} times as many users",
        most.peak as f64 / least.peak as f64,
        *last as f64 / *first as f64
    );
    println!(
        "  {:.0} bytes a user from the smallest to the largest",
        (most.peak as f64 - least.peak as f64) / (*last as f64 - *first as f64)
    );
}

fn rate(users: u64, time: Duration) -> String {
    thousands((users as f64 / time.as_secs_f64().max(1e-9)) as u64)
}

/// `1,234,567`
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
