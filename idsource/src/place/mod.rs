//! Where the function is: a stack in the cloud, or this process. Both are asked in the same way.

mod empty;
mod local;
mod stack;

use serde_json::Value;

pub(crate) use local::Local;
pub(crate) use stack::{Followed, Stack};

use crate::{cli::Cli, failure::Failure};

/// Where the function is.
#[derive(Debug)]
pub(crate) enum Place {
    /// A deployed stack.
    Stack(Box<Stack>),
    /// This process.
    Local(Box<Local>),
}

/// What a command needs of the function that answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// To look: the stack's reader answers, if it has one.
    Look,
    /// To check everything: the writer answers, or the reader if the caller may ask only that.
    Check,
    /// To change something.
    Change,
}

impl Place {
    /// Finds it.
    ///
    /// # Errors
    /// When nothing says where it is, or it is not there.
    pub(crate) async fn of(cli: &Cli) -> Result<Self, Failure> {
        let set = || std::env::var("IDSOURCE_STACK").ok();
        let stack = cli
            .stack
            .clone()
            .or_else(|| set().filter(|name| !name.is_empty()));
        match (stack, cli.local) {
            (_, true) => Ok(Self::Local(Box::new(Local::start(cli)))),
            (Some(name), false) => {
                if cli.local_mapping.is_some() {
                    return Err(Failure::usage(
                        "--mapping before the command needs --local. For a candidate's plan: \
                         `idsource --stack NAME plan --mapping FILE`",
                    ));
                }
                Ok(Self::Stack(Box::new(Stack::find(&name).await?)))
            }
            (None, false) => Err(Failure::usage(
                "where is the function? Use --stack NAME for a stack, --local for this process",
            )),
        }
    }

    /// Asks the function, once.
    ///
    /// # Errors
    /// What the function answers, or why it could not be asked.
    pub(crate) async fn ask(&self, payload: &Value, need: Need) -> Result<Value, Failure> {
        match self {
            Self::Stack(stack) => stack.ask(payload, need).await,
            Self::Local(local) => local.ask(payload).await,
        }
    }

    /// Org, stack and account, to show before something changes there.
    pub(crate) async fn describe(&self) -> String {
        let (org, place) = match self {
            Self::Stack(stack) => (stack.org(), stack.describe()),
            Self::Local(local) => (local.org(), "this process".to_owned()),
        };
        let account = match self.caller().await {
            Ok(caller) => format!("account {}", caller.account),
            Err(_) => "no AWS account".to_owned(),
        };
        format!(
            "Org {}, {place}, {account}.",
            org.as_deref().unwrap_or("unknown")
        )
    }

    /// Who is signed in at AWS.
    ///
    /// # Errors
    /// When AWS does not say.
    pub(crate) async fn caller(&self) -> Result<Caller, Failure> {
        let config = match self {
            Self::Stack(stack) => stack.config.clone(),
            Self::Local(_) => {
                aws_config::defaults(aws_config::BehaviorVersion::latest())
                    .retry_config(aws_config::retry::RetryConfig::disabled())
                    .timeout_config(
                        aws_config::timeout::TimeoutConfig::builder()
                            .operation_timeout(std::time::Duration::from_secs(5))
                            .build(),
                    )
                    .load()
                    .await
            }
        };
        let asked = aws_sdk_sts::Client::new(&config)
            .get_caller_identity()
            .send();
        let identity = asked
            .await
            .map_err(|why| Failure::aws("asking AWS who you are", &why))?;
        Ok(Caller {
            account: identity.account.unwrap_or_default(),
            arn: identity.arn.unwrap_or_default(),
        })
    }

    /// The operator's name: their ARN, or without AWS their user name on this machine.
    ///
    /// # Errors
    /// For a stack, when AWS does not say who the operator is.
    pub(crate) async fn by(&self) -> Result<String, Failure> {
        match (self, self.caller().await) {
            (_, Ok(caller)) => Ok(caller.arn),
            (Self::Stack(_), Err(why)) => Err(why),
            (Self::Local(_), Err(_)) => {
                let name = std::env::var("USER").or_else(|_| std::env::var("USERNAME"));
                Ok(format!(
                    "{} on this machine",
                    name.as_deref().unwrap_or("somebody")
                ))
            }
        }
    }

    /// Whether there is a state table: before anything is deployed there is none.
    pub(crate) fn has_state_table(&self) -> bool {
        matches!(self, Self::Stack(_)) || Local::has_state_table()
    }

    /// The start of a command line for this place.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Stack(stack) => format!("idsource --stack {}", stack.name),
            Self::Local(local) => local.words.clone(),
        }
    }
}

/// Who is signed in at AWS.
#[derive(Debug)]
pub(crate) struct Caller {
    /// The account's number.
    pub(crate) account: String,
    /// The user or role, and the session.
    pub(crate) arn: String,
}
