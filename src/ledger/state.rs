//! The small items of the state table that every run reads first, in one request.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Binding, Ledger, LedgerError, Mode, Switch, Versioned, Written, binding,
    log::{SessionLog, from_unnumbered},
    switch,
};
use crate::dynamodb::Item;

/// The keys of the log's item, of the guard's, and of the log without numbers.
const LOG: &str = "log";
const GUARD: &str = "guard";
const UNNUMBERED: &str = "sessions";

/// What every run reads first. `G` is the guard's memory, which is the guard's business.
#[derive(Debug)]
pub struct State<G> {
    /// What became of sessions.
    pub log: Versioned<SessionLog>,
    /// What the ledger is about.
    pub binding: Versioned<Binding>,
    /// Whether runs may tell Okta anything.
    pub switch: Switch,
    /// What the guard remembers.
    pub guard: Versioned<G>,
    /// How many users a release without a guard left active. 0 if there was none.
    pub active_before: u64,
}

impl Ledger {
    /// Reads what every run reads first. A state table without entries and without a switch is as
    /// `start` says. One with entries is running.
    ///
    /// # Errors
    /// When it could not be read.
    pub async fn state<G: Serialize + DeserializeOwned + Default>(
        &self,
        start: Mode,
    ) -> Result<State<G>, LedgerError> {
        let keys = [LOG, GUARD, UNNUMBERED, binding::PK, switch::PK];
        let items = self.items(keys.map(str::to_owned)).await?;
        let item = |pk: &str| items.iter().find(|item| has_key(item, pk));
        let (log, active_before) = numbered(item(LOG), item(UNNUMBERED))?;
        let switch = Versioned::<Switch>::from_item(item(switch::PK))?;
        let is_new = !log.exists() && item(UNNUMBERED).is_none();
        let switch = match start {
            Mode::Paused if !switch.exists() && is_new && !self.has_entries().await? => Switch {
                mode: Mode::Paused,
                ..Switch::default()
            },
            _ => switch.value,
        };
        Ok(State {
            log,
            binding: Versioned::from_item(item(binding::PK))?,
            switch,
            guard: Versioned::from_item(item(GUARD))?,
            active_before,
        })
    }

    /// The log, read again.
    ///
    /// # Errors
    /// When it could not be read.
    pub async fn read_log(&self) -> Result<Versioned<SessionLog>, LedgerError> {
        let items = self.items([LOG, UNNUMBERED].map(str::to_owned)).await?;
        let item = |pk: &str| items.iter().find(|item| has_key(item, pk));
        Ok(numbered(item(LOG), item(UNNUMBERED))?.0)
    }

    /// Writes the log, unless somebody else has written it since it was read.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn write_log(&self, log: &mut Versioned<SessionLog>) -> Result<Written, LedgerError> {
        self.write(LOG, log).await
    }

    /// Writes what the guard remembers, unless somebody else has written it since it was read.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn write_guard<G: Serialize>(
        &self,
        guard: &mut Versioned<G>,
    ) -> Result<Written, LedgerError> {
        self.write(GUARD, guard).await
    }

    /// What the guard remembers, read again.
    ///
    /// # Errors
    /// When it could not be read.
    pub async fn read_guard<G: Serialize + DeserializeOwned + Default>(
        &self,
    ) -> Result<Versioned<G>, LedgerError> {
        let items = self.items([GUARD.to_owned()]).await?;
        Versioned::from_item(items.first())
    }

    async fn has_entries(&self) -> Result<bool, LedgerError> {
        let mut pages = self
            .client
            .scan()
            .table_name(&self.table)
            .consistent_read(true)
            .filter_expression("begins_with(pk, :user)")
            .expression_attribute_values(":user", AttributeValue::S("user#".to_owned()))
            .projection_expression("pk")
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| LedgerError::of("scanning", &error))?;
            if page.items.is_some_and(|items| !items.is_empty()) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn has_key(item: &Item, pk: &str) -> bool {
    item.get("pk")
        .and_then(|value| value.as_s().ok())
        .is_some_and(|value| value == pk)
}

/// The log, or what a release without session numbers left, and how many users it left active.
fn numbered(
    log: Option<&Item>,
    unnumbered: Option<&Item>,
) -> Result<(Versioned<SessionLog>, u64), LedgerError> {
    let mut log = Versioned::<SessionLog>::from_item(log)?;
    let mut active = 0;
    if let Some(unnumbered) = unnumbered
        && !log.exists()
    {
        (log.value, active) = from_unnumbered(unnumbered);
    }
    Ok((log, active))
}
