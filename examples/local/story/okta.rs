//! A chapter about what Okta has: somebody is edited there, and it is put right.

use okta_emulator::UserStatus;
use serde_json::json;

use super::{MOVER, Story, days::NEW_TITLE};
use crate::{
    Trouble,
    chapter::{Expected, Face},
};

impl Story<'_> {
    /// An admin edits the mover at Okta, which runs cannot notice.
    pub(super) async fn an_admin_edits_somebody(
        &mut self,
        records: u64,
        active: u64,
    ) -> Result<(), Trouble> {
        let (id, name) = self.person(MOVER);
        self.chapter(
            "An admin edits somebody at Okta",
            &format!(
                "In Okta's console somebody makes {name} \"Head of Everything\". The table says otherwise, but runs go \
                 by what Okta was told: the schedule's run notices nothing."
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
            "A verification asks Okta what it has. With \"repair\", the next run tells again whoever is different; the \
             verification itself tells nobody.",
        )?;
        let answer = self
            .command(&json!({"command": "verify", "repair": true}))
            .await?;
        self.check(
            answer["different"] == 1 && answer["examples"]["different"][0]["externalId"] == *id,
            "the one who was edited is found, and nobody else",
            "not exactly the one who was edited is found",
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
