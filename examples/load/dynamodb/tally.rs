//! Counts the requests to the tables, and their times.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// Requests by table and operation.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Tally {
    phases: Vec<Phase>,
    #[serde(skip)]
    began: Option<Instant>,
}

/// The requests of one operation on one table.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Phase {
    /// The table.
    pub table: String,
    /// The operation.
    pub operation: String,
    /// The number of requests.
    pub requests: u64,
    /// Read units.
    pub read_units: f64,
    /// Write units.
    pub write_units: f64,
    /// When the first was answered, counted from the first request of all.
    pub first: Duration,
    /// When the last was answered.
    pub last: Duration,
}

impl Tally {
    pub(super) fn add(&mut self, table: &str, operation: &str, read_units: f64, write_units: f64) {
        let at = self.began.get_or_insert_with(Instant::now).elapsed();
        let known = self
            .phases
            .iter()
            .position(|it| it.table == table && it.operation == operation);
        let at_index = known.unwrap_or_else(|| {
            self.phases.push(Phase {
                table: table.to_owned(),
                operation: operation.to_owned(),
                first: at,
                ..Phase::default()
            });
            self.phases.len() - 1
        });
        let phase = &mut self.phases[at_index];
        phase.requests += 1;
        phase.read_units += read_units;
        phase.write_units += write_units;
        phase.last = at;
    }

    /// The operations, in the order of their first requests.
    pub fn phases(&self) -> &[Phase] {
        &self.phases
    }

    /// The read and write units of a table.
    pub fn units(&self, table: &str) -> (f64, f64) {
        let of_table = self.phases.iter().filter(|it| it.table == table);
        of_table.fold((0.0, 0.0), |(reads, writes), it| {
            (reads + it.read_units, writes + it.write_units)
        })
    }
}
