//! A leaver in seconds: single-user calls, proven and then used.

use std::{collections::HashSet, time::Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use okta_emulator::{LoadKind, UserStatus};
use serde_json::json;

use super::Story;
use crate::{Trouble, live};

impl Story<'_> {
    /// Proves what single-user calls do, and then has the stream report a leaver.
    pub(super) async fn a_leaver_in_seconds(&mut self) -> Result<(), Trouble> {
        self.chapter(
            "A leaver in seconds",
            "Okta opens an import session every five minutes. Its calls for single users need \
             none, but Okta does not document what they do. So the function tries them on made-up \
             people before it uses them for real ones.",
        )?;
        let proven = self.command(&json!({"command": "prove"})).await?;
        self.check(
            proven["deactivate"] == "works" && proven["create"] == "works",
            "a single DELETE deactivates, as the made-up people's status shows",
            &format!("single-user calls are not proven: {proven}"),
        )?;
        let okta = &self.world.okta;
        let is_active = |id: &str| {
            let user = okta.user(id);
            user.is_some_and(|user| user.status == UserStatus::Active)
        };
        // Earlier chapters used up what the guard allows within a day. People who left then and
        // came back cost nothing more.
        let sessions = okta.sessions().into_iter();
        let told = sessions.flat_map(|session| okta.session_users(&session.id));
        let told = told.filter(|user| user.loaded == LoadKind::Delete);
        let let_go: HashSet<_> = told.map(|user| user.external_id).collect();
        let somebody = (0..self.people.count()).map(|n| self.person(n));
        let active: Vec<_> = somebody.filter(|(id, _)| is_active(id)).collect();
        let was_let_go = active.iter().find(|(id, _)| let_go.contains(id));
        let Some((id, name)) = was_let_go.or(active.first()).cloned() else {
            return Err("nobody is left who could leave".into());
        };
        let page = self.page;
        page.line("")?;
        page.paragraph(&format!(
            "{name} is dismissed while Okta opens no session. The stream reports it at once:"
        ))?;
        // What earlier chapters changed is told first.
        let sessions = okta.sessions().len();
        let follower = self.follower().await?;
        while live::next_is_there(follower).await? {}
        self.set(&id, "active", AttributeValue::Bool(false)).await?;
        let written = Instant::now();
        let follower = self.follower().await?;
        let told = live::until(follower, || !is_active(&id)).await?;
        let opened = okta.sessions().len() - sessions;
        self.check(
            told,
            &format!(
                "{name} is inactive at Okta {:.1} s after the change in the table, by a call and {opened} sessions",
                written.elapsed().as_secs_f64()
            ),
            &format!("{name} is still active at Okta"),
        )
    }
}
