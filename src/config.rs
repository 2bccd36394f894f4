//! Every setting: its environment variable, meaning and default.

use std::{fmt, time::Duration};

use secrecy::SecretString;

use crate::okta::{IdentitySourceId, OrgUrl};
use crate::{
    guard::{Kind, Limit, Limits},
    ledger::Mode,
};

/// What the environment tells the function.
#[derive(Debug, Clone)]
pub struct Config {
    /// `OKTA_ORG_URL`: the org's address, `https://{yourOktaDomain}`. Plain http is accepted only
    /// for a loopback host or `host.docker.internal`. Required.
    pub org_url: OrgUrl,
    /// `OKTA_IDENTITY_SOURCE_ID`: the id of the Custom Identity Source app, `0oa…`. Required.
    pub identity_source: IdentitySourceId,
    /// `OKTA_CREDENTIALS_SECRET_ARN` or `OKTA_CREDENTIALS`: the first is the ARN of the Secrets
    /// Manager secret that has the credentials for Okta. The second is the same JSON inline, for
    /// local runs: `{"apiToken":"…"}` or `{"clientId":"…","privateKey":"…","keyId":"…"}`. It is not
    /// used if the ARN is set. One of the two is required.
    pub credentials: CredentialsSource,
    /// `USERS_TABLE`: the table that is the source of truth, by name or ARN. Required.
    pub users_table: String,
    /// `STATE_TABLE`: the function's own table, by name or ARN, for ledger, lease and sessions. Its
    /// key is `pk` (string). Required.
    pub state_table: String,
    /// `MAPPING`: the mapping as JSON, or the path of a bundled file. Default: the mapping of the
    /// sample table, `src/mapping/default.json`.
    pub mapping: MappingSource,
    /// The limits of the guard. Each is a variable of its own, documented in `Limits`.
    pub limits: Limits,
    /// `START`: what a new state table is, `running` or `paused`. One that has entries already is
    /// running until somebody pauses it. Default `running`. The template's parameter `Start` says
    /// `paused`.
    pub start: Mode,
    /// `PUSH`: `on` or `off`. With `off`, a push is the error `PushForbidden`. Default `off`.
    pub push: bool,
    /// `FAST_LANE`: up to how many changes of a stream batch or a push are told by single-user
    /// calls, once these are proven. A whole number up to 100. `0` means never. Default `20`.
    pub fast_lane: u8,
    /// `HISTORY_TABLE`: a table like the state table that keeps what runs did. Default: the state
    /// table keeps it, and every full run reads it along with the ledger.
    pub history_table: Option<String>,
    /// `WATCH_SECONDS`: for how many seconds a run watches the import that it started. The next run
    /// settles an import that is still open then. Default `60`.
    pub watch: Duration,
    /// `READ_UNITS_PER_SECOND`: how many read units of the users table a run takes in a second at
    /// most, for a table with provisioned capacity. `0` means as many as the table answers. Default
    /// `0`.
    pub read_units_per_second: Option<u32>,
    /// `PLAN_VALUES`: `allow` or `deny`. With `allow`, `plan` and `explain` answer attributes'
    /// values to anybody who may invoke the function. Default `deny`.
    pub plan_values: bool,
    /// `PROFILE_CHECKS`: `on` or `off`. With `on`, profiles are checked against the app's schema
    /// before they are sent, which needs the scope `okta.schemas.read`. Default `off`.
    pub profile_checks: bool,
    /// `HISTORY_DAYS`: for how many days what runs did is kept, up to 3650. `0` means not at all.
    /// Default `90`.
    pub history_days: u16,
    /// `READ_ONLY`: `on` or `off`. With `on`, only what looks is served, and everything else is an
    /// error. Default `off`. The template's second function has `on`.
    pub read_only: bool,
}

/// What could be read of the environment. The doctor uses what is right in it.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) org_url: Option<OrgUrl>,
    pub(crate) identity_source: Option<IdentitySourceId>,
    pub(crate) credentials: Option<CredentialsSource>,
    pub(crate) users_table: Option<String>,
    pub(crate) state_table: Option<String>,
    pub(crate) mapping: MappingSource,
    limits: Option<Limits>,
    start: Option<Mode>,
    pub(crate) push: Option<bool>,
    pub(crate) fast_lane: Option<u8>,
    pub(crate) history_table: Option<String>,
    watch: Option<Duration>,
    read_units_per_second: Option<Option<u32>>,
    plan_values: Option<bool>,
    profile_checks: Option<bool>,
    history_days: Option<u16>,
    read_only: Option<bool>,
    /// What is wrong, one line each.
    pub(crate) wrong: Vec<String>,
}

/// Where the credentials for Okta come from.
#[derive(Debug, Clone)]
pub enum CredentialsSource {
    /// `OKTA_CREDENTIALS_SECRET_ARN`: the ARN of a Secrets Manager secret.
    Secret(String),
    /// `OKTA_CREDENTIALS`: the credentials' JSON itself, for local runs.
    Inline(SecretString),
}

/// Where the mapping comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MappingSource {
    /// The default mapping.
    Default,
    /// JSON in the variable itself.
    Inline(String),
    /// The path of a file next to the function.
    File(String),
}

/// All that is wrong with the environment, one line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError(Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration cannot be used: {}", self.0.join("; "))
    }
}

impl Config {
    /// Reads the configuration through `lookup`, which gives a variable's value.
    ///
    /// # Errors
    /// Names every variable that is missing or malformed, and what to put there.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Settings::from_lookup(lookup).complete()
    }
}

impl Settings {
    /// Reads what can be read, and says what cannot.
    pub(crate) fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let mut wrong = Wrong(Vec::new());
        // Files have marks at the beginning and line breaks at the end that no value has.
        let set = |name: &str| {
            let value = lookup(name)?;
            let value = value.trim_start_matches('\u{feff}').trim();
            (!value.is_empty()).then(|| value.to_owned())
        };

        let org_url = wrong.require(set("OKTA_ORG_URL"), "OKTA_ORG_URL", OrgUrl::parse);
        let identity_source = wrong.require(
            set("OKTA_IDENTITY_SOURCE_ID"),
            "OKTA_IDENTITY_SOURCE_ID",
            IdentitySourceId::parse,
        );
        let credentials = match (set("OKTA_CREDENTIALS_SECRET_ARN"), set("OKTA_CREDENTIALS")) {
            (Some(arn), _) => Some(CredentialsSource::Secret(arn)),
            (None, Some(json)) => Some(CredentialsSource::Inline(SecretString::from(json))),
            (None, None) => {
                wrong.add(
                    "OKTA_CREDENTIALS_SECRET_ARN is not set: give the ARN of the secret with \
                     Okta's credentials (or, for a local run, the JSON itself in OKTA_CREDENTIALS)",
                );
                None
            }
        };
        let users_table = wrong.require(set("USERS_TABLE"), "USERS_TABLE", table_name);
        let state_table = wrong.require(set("STATE_TABLE"), "STATE_TABLE", table_name);
        if users_table.is_some() && users_table == state_table {
            wrong.add("STATE_TABLE names the users table: give the ledger a table of its own");
        }
        let limit = |wrong: &mut Wrong, kind: Kind| match set(kind.variable()) {
            None => Some(Limit::default_of(kind)),
            given => wrong.require(given, kind.variable(), Limit::parse),
        };
        let limits = (
            limit(&mut wrong, Kind::Deactivations),
            limit(&mut wrong, Kind::Updates),
            limit(&mut wrong, Kind::MembershipRemovals),
        );
        let limits = match limits {
            (Some(deactivations), Some(updates), Some(membership_removals)) => Some(Limits {
                deactivations,
                updates,
                membership_removals,
            }),
            _ => None,
        };
        let start = match set("START") {
            None => Some(Mode::Running),
            given => wrong.require(given, "START", |text| match text.trim() {
                "running" => Ok(Mode::Running),
                "paused" => Ok(Mode::Paused),
                _ => Err("give running or paused"),
            }),
        };
        let is_on = |wrong: &mut Wrong, name: &str| match set(name) {
            None => Some(false),
            given => wrong.require(given, name, |text| match text.trim() {
                "on" => Ok(true),
                "off" => Ok(false),
                _ => Err("give on or off"),
            }),
        };
        let push = is_on(&mut wrong, "PUSH");
        let fast_lane = match set("FAST_LANE") {
            None => Some(20),
            given => wrong.require(given, "FAST_LANE", |text| {
                let changes = text.trim().parse().ok().filter(|changes| *changes <= 100);
                changes.ok_or("give a whole number up to 100, such as 20, or 0 for never")
            }),
        };
        let profile_checks = is_on(&mut wrong, "PROFILE_CHECKS");
        let read_only = is_on(&mut wrong, "READ_ONLY");
        let history_table = match set("HISTORY_TABLE") {
            None => None,
            given => wrong.require(given, "HISTORY_TABLE", table_name),
        };
        if history_table.is_some() && history_table == users_table {
            wrong.add("HISTORY_TABLE names the users table: give the history a table of its own");
        }
        let watch = match set("WATCH_SECONDS") {
            None => Some(Duration::from_secs(60)),
            given => wrong.require(given, "WATCH_SECONDS", |text| {
                text.trim()
                    .parse()
                    .map(Duration::from_secs)
                    .map_err(|_| "give a whole number of seconds, such as 60")
            }),
        };
        let read_units_per_second =
            match set("READ_UNITS_PER_SECOND").as_deref() {
                None | Some("0") => Some(None),
                given => wrong.require(given.map(str::to_owned), "READ_UNITS_PER_SECOND", |text| {
                    match text.parse() {
                        Ok(units) => Ok(Some(units)),
                        Err(_) => {
                            Err("give a whole number of read units, such as 500, or 0 for no cap")
                        }
                    }
                }),
            };
        let plan_values = match set("PLAN_VALUES") {
            None => Some(false),
            given => wrong.require(given, "PLAN_VALUES", |text| match text.trim() {
                "allow" => Ok(true),
                "deny" => Ok(false),
                _ => Err("give allow or deny"),
            }),
        };
        let history_days = match set("HISTORY_DAYS") {
            None => Some(90),
            given => wrong.require(given, "HISTORY_DAYS", |text| {
                let days = text.trim().parse().ok().filter(|days| *days <= 3_650);
                days.ok_or("give a whole number of days up to 3650, such as 90, or 0 for none")
            }),
        };
        let mapping = match set("MAPPING") {
            None => MappingSource::Default,
            // JSON that was encoded twice is not a path either.
            Some(text) if text.starts_with(['{', '"']) => MappingSource::Inline(text),
            Some(path) => MappingSource::File(path),
        };

        Self {
            org_url,
            identity_source,
            credentials,
            users_table,
            state_table,
            mapping,
            limits,
            start,
            push,
            fast_lane,
            history_table,
            watch,
            read_units_per_second,
            plan_values,
            profile_checks,
            history_days,
            read_only,
            wrong: wrong.0,
        }
    }

    /// Whether the variable forbids changes.
    pub(crate) fn reads_only(&self) -> bool {
        self.read_only == Some(true)
    }

    /// The configuration, if nothing is wrong with it.
    pub(crate) fn complete(&self) -> Result<Config, ConfigError> {
        let complete = || {
            Some(Config {
                org_url: self.org_url.clone()?,
                identity_source: self.identity_source.clone()?,
                credentials: self.credentials.clone()?,
                users_table: self.users_table.clone()?,
                state_table: self.state_table.clone()?,
                mapping: self.mapping.clone(),
                limits: self.limits?,
                start: self.start?,
                push: self.push?,
                fast_lane: self.fast_lane?,
                history_table: self.history_table.clone(),
                watch: self.watch?,
                read_units_per_second: self.read_units_per_second?,
                plan_values: self.plan_values?,
                profile_checks: self.profile_checks?,
                history_days: self.history_days?,
                read_only: self.read_only?,
            })
        };
        complete()
            .filter(|_| self.wrong.is_empty())
            .ok_or_else(|| ConfigError(self.wrong.clone()))
    }
}

struct Wrong(Vec<String>);

impl Wrong {
    fn add(&mut self, what: impl Into<String>) {
        self.0.push(what.into());
    }

    fn require<T, E: fmt::Display>(
        &mut self,
        value: Option<String>,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let Some(value) = value else {
            self.add(format!("{name} is not set"));
            return None;
        };
        parse(&value)
            .map_err(|why| self.add(format!("{name}: {why}")))
            .ok()
    }
}

/// The names that DynamoDB allows, or the ARN of a table.
fn table_name(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.:/".contains(c);
    if (3..=1024).contains(&text.len()) && text.chars().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err("give a table's name (3 to 255 letters, digits, '_', '-', '.') or its ARN")
    }
}

#[cfg(test)]
mod tests;
