//! From a configuration to what runs need.

use std::{sync::Arc, time::Duration};

use tokio::sync::OnceCell;

use crate::{
    clock::Clock,
    config::{Config, ConfigError, MappingSource, Settings},
    ledger::{Binding, Ledger},
    mapping::{DEFAULT_MAPPING, Mapping, MappingError},
    okta::{Beyond, CredentialsError, CredentialsFrom, Okta},
    sdk::Sdk,
    sync::{AppRules, Run},
    users::UsersTable,
};

/// A configuration that can be used, and what it is turned into.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) config: Config,
    mapping: Arc<Mapping>,
    run: OnceCell<Run>,
}

/// Why nothing can be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The environment is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The mapping is wrong.
    #[error(transparent)]
    Mapping(#[from] MappingError),
}

impl Ready {
    pub(crate) fn new(
        settings: &Settings,
        mapping: Result<Arc<Mapping>, MappingError>,
    ) -> Result<Self, StartError> {
        Ok(Self {
            config: settings.complete()?,
            mapping: mapping?,
            run: OnceCell::new(),
        })
    }

    /// What runs need. The first invocation that needs a client builds it, not the start.
    pub(crate) async fn run(&self, sdk: &Sdk, clock: Clock) -> Result<&Run, CredentialsError> {
        self.run
            .get_or_try_init(|| async {
                let config = &self.config;
                let credentials = sdk.credentials(&config.credentials).await?;
                let app = if config.profile_checks {
                    AppRules::of(Okta::for_schemas(
                        config.org_url.clone(),
                        config.identity_source.clone(),
                        sdk.credentials(&config.credentials).await?,
                        clock,
                    ))
                } else {
                    AppRules::default()
                };
                let beyond = [
                    sdk.credentials(&config.credentials).await?,
                    sdk.credentials(&config.credentials).await?,
                    sdk.credentials(&config.credentials).await?,
                    sdk.credentials(&config.credentials).await?,
                ];
                let singles = sdk.credentials(&config.credentials).await?;
                let okta = |credentials: CredentialsFrom| {
                    let (org, source) = (config.org_url.clone(), config.identity_source.clone());
                    if config.read_only {
                        Okta::for_reading(org, source, credentials, clock)
                    } else {
                        Okta::new(org, source, credentials, clock)
                    }
                };
                let dynamodb = sdk.dynamodb().await;
                Ok(Run {
                    users: UsersTable::new(dynamodb.clone(), config.users_table.clone())
                        .at_most(config.read_units_per_second),
                    mapping: Arc::clone(&self.mapping),
                    ledger: Ledger::new(dynamodb, config.state_table.clone(), clock)
                        .with_history(config.history_table.clone()),
                    binding: Binding {
                        org: config.org_url.to_string(),
                        identity_source: config.identity_source.to_string(),
                        external_id: self.mapping.external_id_template().to_owned(),
                        ..Binding::default()
                    },
                    start: config.start,
                    okta: okta(credentials),
                    singles: okta(singles),
                    fast_lane: usize::from(config.fast_lane),
                    app,
                    beyond: Beyond::new(&config.org_url, &config.identity_source, beyond, clock),
                    limits: config.limits,
                    watch: config.watch,
                    history: Duration::from_secs(u64::from(config.history_days) * 24 * 60 * 60),
                    reads_only: config.read_only,
                })
            })
            .await
    }
}

/// Compiles the mapping, wherever it is kept.
pub(crate) fn compile(source: &MappingSource) -> Result<Mapping, MappingError> {
    match source {
        MappingSource::Default => Mapping::from_json(DEFAULT_MAPPING),
        MappingSource::Inline(json) => Mapping::from_json(json),
        MappingSource::File(path) => {
            let json = std::fs::read_to_string(path).map_err(|why| MappingError::File {
                path: path.clone(),
                why: why.to_string(),
            })?;
            Mapping::from_json(&json)
        }
    }
}
