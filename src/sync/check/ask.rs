//! Asking Okta about people, one by one.

use std::time::Duration;

use futures::{StreamExt as _, stream};

use super::{
    Cause, Check, Off,
    logins::Logins,
    seen::{Seen, seen},
};
use crate::{
    ledger::{Entry, IdHash, Import, Number, SessionLog, Told},
    mapping::{ExternalId, Profile},
    okta::{Calls, Error, OrgUser, UserProfile},
    sync::RunError,
};

/// People who are not as told are asked for once more after this: an import may show a little
/// later.
const ONCE_MORE: Duration = Duration::from_secs(5);
/// How many requests run at once.
const IN_FLIGHT: usize = 5;

/// What came of asking for people, one by one.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) off: Vec<Off>,
    pub(super) fine: Vec<IdHash>,
    /// Whether Okta answered about all of them.
    pub(super) answered: bool,
    /// Whether a deactivated person is no longer shown.
    pub(super) vanish: bool,
    /// Who has which login.
    pub(super) logins: Logins,
}

impl Check<'_> {
    /// Asks for the people of a session who were told nothing since.
    pub(super) async fn ask(
        &self,
        number: Number,
        import: &Import,
        vanish: bool,
        log: &SessionLog,
    ) -> Result<Asked, RunError> {
        let ids: Vec<_> = import
            .people
            .iter()
            .filter_map(|id| ExternalId::parse(id.as_str()).ok())
            .map(|id| IdHash::of(&id))
            .collect();
        let entries = self.run.ledger.entries(&ids, log).await?;
        let is_of_it = |entry: &Entry| {
            let can_be_asked_for = Calls::can_ask_for(entry.external_id.as_str());
            entry.session == number && !entry.doubtful && can_be_asked_for
        };
        let entries: Vec<_> = entries.into_iter().filter(is_of_it).collect();
        let mut open = self.with_profiles(entries).await?;
        let mut asked = Asked {
            answered: true,
            vanish,
            ..Asked::default()
        };
        for round in 0..2 {
            if open.is_empty() {
                break;
            }
            if round > 0 {
                if self.time.now() + ONCE_MORE >= self.until {
                    asked.answered = false;
                    break;
                }
                tokio::time::sleep(ONCE_MORE).await;
            }
            // One that is not answered hides nobody else.
            open = self.round(open, round > 0, &mut asked).await;
        }
        Ok(asked)
    }

    /// Asks for people once. Gives those to ask for once more. In the `last` round there are none.
    async fn round(
        &self,
        open: Vec<(Entry, Option<Profile>)>,
        last: bool,
        asked: &mut Asked,
    ) -> Vec<(Entry, Option<Profile>)> {
        let calls = self.run.beyond.singles.by(self.until);
        let answers: Vec<_> = stream::iter(&open)
            .map(|(entry, _)| calls.user(entry.external_id.as_str()))
            .buffered(IN_FLIGHT)
            .collect()
            .await;
        let mut more = Vec::new();
        for ((entry, profile), answer) in open.into_iter().zip(answers) {
            let id = IdHash::of(&entry.external_id);
            let had = match answer {
                Ok(had) => had,
                // It is about this one alone, or nobody may ask: there is nothing to see.
                Err(
                    Error::Refused(_)
                    | Error::Unreadable { .. }
                    | Error::Forbidden(_)
                    | Error::NotFound(_),
                ) => continue,
                Err(error) => {
                    tracing::warn!(%error, "what Okta made of a user will be seen later");
                    asked.answered = false;
                    continue;
                }
            };
            asked
                .logins
                .note(&entry.external_id, had.as_ref(), profile.as_ref());
            let seen = seen(entry.told, profile.as_ref(), had.as_ref());
            // Somebody that a single-user call has deleted says nothing about people that sessions
            // delete.
            asked.vanish |=
                seen == Seen::AsTold && entry.told == Told::Inactive && entry.called.is_none();
            let cause = match seen {
                Seen::AsTold => {
                    asked.fine.push(id);
                    continue;
                }
                _ if !last => {
                    more.push((entry, profile));
                    continue;
                }
                Seen::Missing => Cause::Missing,
                Seen::Different(names) => Cause::Different(names),
                Seen::StillThere => match self.still_there(had.as_ref(), asked.vanish).await {
                    Some(cause) => cause,
                    None => {
                        asked.fine.push(id);
                        continue;
                    }
                },
            };
            let login = profile.as_ref().and_then(Profile::login);
            asked.off.push(Off {
                entry,
                cause,
                login,
            });
        }
        more
    }

    /// Whether somebody that Okta still shows is refused. It may well show deactivated people.
    /// Their status says it, if it may be seen. Else: whether others vanish.
    async fn still_there(&self, had: Option<&UserProfile>, vanish: bool) -> Option<Cause> {
        let login = had.and_then(|had| had.get("userName").cloned().flatten());
        let user = match login {
            Some(login) => {
                let users = &self.run.beyond.users;
                let user = users
                    .ask(self.until, async |calls| calls.org_user(&login).await)
                    .await;
                user.ok().flatten().flatten()
            }
            None => None,
        };
        match user {
            Some(user) if user.is_deactivated() => None,
            Some(OrgUser { status, .. }) => Some(Cause::StillThere {
                status: Some(status),
            }),
            None => vanish.then_some(Cause::StillThere { status: None }),
        }
    }
}
