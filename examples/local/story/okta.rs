//! A chapter about what Okta has: a user is edited there, and the edit is repaired.

use okta_emulator::UserStatus;
use serde_json::json;

use super::{MOVER, Story, days::NEW_TITLE};
use crate::{
    Trouble,
    chapter::{Expected, Face},
};

impl Story<'_> {
    /// An admin edits the mover at Okta. Runs cannot notice that.
    pub(super) async fn an_admin_edits_somebody(
        &mut self,
        records: u64,
        active: u64,
    ) -> Result<(), Trouble> {
        let (id, name) = self.person(MOVER);
        self.chapter(
            "An admin edits somebody at Okta",
            &format!(
                "In Okta's console an admin makes {name} \"Head of Everything\". The table says \
                 otherwise, but runs compare it with what Okta was told. So the schedule's run \
                 notices nothing."
            ),
        )?;
        self.world
            .okta
            .admin_edits(&id, "title", Some("Head of Everything"))?;
        let nothing_new = Expected {
            read: records,
            unchanged: records,
            active,
            calls: Some(0),
            ..Expected::default()
        };
        self.scheduled(&nothing_new).await?;
        self.page.line("")?;
        self.page.paragraph(
            "A verification asks Okta what it has. With \"repair\", the next run tells people \
             again who differ. The verification itself tells nobody.",
        )?;
        let answer = self
            .command(&json!({"command": "verify", "repair": true}))
            .await?;
        self.check(
            answer["different"] == 1 && answer["examples"]["different"][0]["externalId"] == *id,
            "only the edited user is found",
            "something other than only the edited user is found",
        )?;
        self.scheduled(&Expected {
            read: records,
            unchanged: records - 1,
            upserts: 1,
            updated: 1,
            active,
            sessions: 1,
            face: Some(Face {
                id,
                name,
                status: UserStatus::Active,
                title: Some(NEW_TITLE),
            }),
            ..Expected::default()
        })
        .await?;
        Ok(())
    }
}
