//! The function in this process, with the caller's own AWS credentials.

use std::path::PathBuf;

use dynamodb_identity_source::{
    clock::Clock,
    handler::{Function, Sdk},
};
use jiff::{Timestamp, ToSpan as _};
use serde_json::Value;

use super::empty;
use crate::{cli::Cli, failure::Failure, show};

/// The function in this process.
#[derive(Debug)]
pub(crate) struct Local {
    function: tokio::sync::OnceCell<Function>,
    mapping: Option<PathBuf>,
    /// The start of a command line for this place.
    pub(crate) words: String,
}

/// The commands that write nothing, and so work without a state table.
const LOOKS: [&str; 3] = ["plan", "explain", "doctor"];

impl Local {
    /// The function, configured by this process's environment.
    pub(crate) fn start(cli: &Cli) -> Self {
        let files = [("env-file", &cli.env_file), ("mapping", &cli.local_mapping)];
        let files = files
            .into_iter()
            .filter_map(|(name, file)| Some((name, file.as_ref()?)));
        let files = files
            .map(|(name, file)| format!(" --{name} {}", show::quoted(&file.display().to_string())));
        Self {
            function: tokio::sync::OnceCell::new(),
            mapping: cli.local_mapping.clone(),
            words: format!("idsource --local{}", files.collect::<String>()),
        }
    }

    /// Whether the environment names a state table.
    pub(crate) fn has_state_table() -> bool {
        std::env::var("STATE_TABLE").is_ok_and(|name| !name.trim().is_empty())
    }

    /// The org, by its address.
    pub(crate) fn org(&self) -> Option<String> {
        std::env::var("OKTA_ORG_URL").ok()
    }

    /// Asks the function as Lambda would.
    ///
    /// # Errors
    /// What the function answers.
    pub(crate) async fn ask(&self, payload: &Value) -> Result<Value, Failure> {
        let command = payload["command"].as_str().unwrap_or_default();
        if !Self::has_state_table() && !LOOKS.contains(&command) {
            return Err(Failure::usage(format!(
                "{command} needs a state table: set STATE_TABLE. Without one, only plan, explain and doctor work"
            )));
        }
        let function = self.function.get_or_init(|| self.function()).await;
        let now = Timestamp::now();
        // Unique, since log and history identify runs by it.
        let id = format!("local-{:x}-{:x}", now.as_nanosecond(), std::process::id());
        let deadline = now + 15.minutes();
        match Box::pin(function.invoke(payload, &id, deadline)).await {
            Ok(answer) => serde_json::to_value(answer)
                .map_err(|why| Failure::failed(format!("the answer is not JSON: {why}"))),
            Err(error) => Err(Failure::Function {
                kind: error.name().to_owned(),
                message: error.to_string(),
            }),
        }
    }

    async fn function(&self) -> Function {
        let sdk = if Self::has_state_table() {
            Sdk::Environment
        } else {
            Sdk::Given(Box::new(empty::config().await))
        };
        let mapping = self.mapping.as_ref().map(|file| file.display().to_string());
        let lookup = |name: &str| match name {
            "MAPPING" if mapping.is_some() => mapping.clone(),
            "STATE_TABLE" if !Self::has_state_table() => Some(empty::TABLE.to_owned()),
            _ => std::env::var(name).ok(),
        };
        Function::new(lookup, sdk, Clock::System)
    }
}
