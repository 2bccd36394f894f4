//! Ordinary days: the first plan, the first run, joiners, movers and leavers.

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodb_identity_source::okta::MAX_USERS;
use okta_emulator::UserStatus;
use serde_json::{Value, json};

use super::{DELETED, LEAVER, MOVER, STREAM_LEAVER, STREAM_MOVER, Story};
use crate::{
    Trouble,
    chapter::{Expected, Face},
    live::{self, Changes},
    page::thousands,
};

pub(super) const NEW_TITLE: &str = "Head of Operations";
/// The joiner in the stream.
pub(super) const JOINER: &str = "noor.joiner@example.com";
/// The guest, known by push alone.
pub(super) const GUEST: &str = "kim.guest@example.com";

impl Story<'_> {
    /// From a new stack to a push. Afterwards there are as many records as at first, and a guest.
    pub(super) async fn days(&mut self) -> Result<(), Trouble> {
        let all = self.people.count() as u64;
        self.the_first_plan(all).await?;
        self.run(
            "The first run",
            "The schedule fires again, and this time the run creates everybody in Okta.",
            Expected {
                read: all,
                upserts: all,
                created: all,
                active: all,
                sessions: all.div_ceil(MAX_USERS as u64),
                ..Expected::default()
            },
        )
        .await?;
        self.run(
            "Nothing changed",
            "The schedule fires again. No session is opened, and Okta is told nothing.",
            Expected {
                read: all,
                unchanged: all,
                active: all,
                calls: Some(0),
                ..Expected::default()
            },
        )
        .await?;

        let (id, name) = self.person(MOVER);
        self.set(&id, "title", AttributeValue::S(NEW_TITLE.to_owned()))
            .await?;
        self.run(
            "Somebody gets a new title",
            &format!("{name} is now \"{NEW_TITLE}\" in the table."),
            Expected {
                read: all,
                unchanged: all - 1,
                upserts: 1,
                updated: 1,
                active: all,
                sessions: 1,
                face: Some(Face {
                    id,
                    name,
                    status: UserStatus::Active,
                    title: Some(NEW_TITLE),
                }),
                ..Expected::default()
            },
        )
        .await?;

        let (id, name) = self.person(LEAVER);
        self.set(&id, "active", AttributeValue::Bool(false)).await?;
        self.run(
            "Somebody leaves",
            &format!("The record of {name} says `active`: false."),
            Expected {
                read: all,
                unchanged: all - 1,
                deactivations: 1,
                active: all - 1,
                sessions: 1,
                face: Some(self.inactive(LEAVER)),
                ..Expected::default()
            },
        )
        .await?;

        let (id, name) = self.person(DELETED);
        self.delete(&[id]).await?;
        self.run(
            "Somebody's record is deleted",
            &format!("The record of {name} is gone from the table. That deactivates them, too."),
            Expected {
                read: all - 1,
                unchanged: all - 1,
                deactivations: 1,
                active: all - 2,
                sessions: 1,
                face: Some(self.inactive(DELETED)),
                ..Expected::default()
            },
        )
        .await?;
        self.an_admin_edits_somebody(all - 1, all - 2).await?;
        if self.streamed() {
            self.changes_as_they_happen(all).await?;
        }
        self.a_push(all - 2).await
    }

    /// A new stack is paused: the schedule's run is a dry run until somebody resumes it.
    async fn the_first_plan(&mut self, all: u64) -> Result<(), Trouble> {
        self.chapter(
            "A new stack is paused",
            &format!(
                "{} people are in the users table, and Okta has nobody. The schedule fires, but a new stack \
                 starts paused (START=paused): the run reports what it would do, and changes nothing.",
                thousands(all)
            ),
        )?;
        let heard = self.world.okta.requests().len();
        self.scheduled(&Expected {
            dry_run: true,
            read: all,
            upserts: all,
            ..Expected::default()
        })
        .await?;
        let requests = self.world.okta.requests().split_off(heard);
        let telling = requests
            .iter()
            .filter(|it| it.method != "GET" && !it.path.ends_with("/token"));
        let telling = telling.count();
        self.check(
            telling == 0,
            "Okta got no call that changes anything",
            &format!("Okta got {telling} calls that may change something"),
        )?;
        self.page.line("")?;
        self.page
            .paragraph("The plan is right, so an operator resumes the function:")?;
        let answer = self
            .command(&json!({"command": "resume", "by": "ada@example.com", "reason": "the first plan is right"}))
            .await?;
        self.check(
            answer["switch"] == "running",
            "from now on, runs tell Okta",
            "the switch is not set to running",
        )
    }

    /// A joiner, a mover and a leaver, told at once because of the stream.
    async fn changes_as_they_happen(&mut self, all: u64) -> Result<(), Trouble> {
        let (mover, name) = self.person(STREAM_MOVER);
        let (leaver, leaver_name) = self.person(STREAM_LEAVER);
        self.chapter(
            "Changes as they happen",
            &format!(
                "Nobody has to wait for the schedule: the function follows the table's stream. \
                 Noor Joiner is added to the table, {name} becomes \"{NEW_TITLE}\", and the record \
                 of {leaver_name} says `active`: false."
            ),
        )?;
        self.follower().await?;
        self.world
            .put(
                json!({"id": JOINER, "active": true, "first_name": "Noor", "last_name": "Joiner",
                    "email": JOINER, "title": "Newcomer"}),
            )
            .await;
        self.set(&mover, "title", AttributeValue::S(NEW_TITLE.to_owned()))
            .await?;
        self.set(&leaver, "active", AttributeValue::Bool(false))
            .await?;
        let expected = Changes {
            created: 1,
            updated: 1,
            deactivated: 1,
            active: all - 2,
        };
        let page = self.page;
        let follower = self.follower().await?;
        let passed = live::watch(follower, page, &expected).await?;
        self.failed += usize::from(!passed);
        Ok(())
    }

    /// A push of somebody who is not in the table, and an older push that arrives late.
    async fn a_push(&mut self, active: u64) -> Result<(), Trouble> {
        self.chapter(
            "A push",
            "Another system has a guest who is not in the table. It invokes the function with the \
             record and the time at which it read the record. (PUSH=on allows pushes.)",
        )?;
        let now = self.world.clock.now();
        let push = |title: &str, at: jiff::Timestamp| -> Value {
            json!({"command": "push", "at": at.to_string(), "records": [{"id": GUEST, "active": true,
                "first_name": "Kim", "last_name": "Guest", "email": GUEST, "title": title}]})
        };
        let face = || {
            Some(Face {
                id: GUEST.to_owned(),
                name: "Kim Guest".to_owned(),
                status: UserStatus::Active,
                title: Some("Auditor"),
            })
        };
        self.event(
            &push("Auditor", now),
            &Expected {
                read: 1,
                upserts: 1,
                created: 1,
                active: active + 1,
                sessions: 1,
                face: face(),
                ..Expected::default()
            },
        )
        .await?;
        self.page.line("")?;
        self.page.paragraph(
            "A push that is an hour older arrives late, with the title \"Visitor\". What Okta has is newer, so \
             nothing changes.",
        )?;
        self.event(
            &push("Visitor", now - std::time::Duration::from_secs(3600)),
            &Expected {
                read: 1,
                active: active + 1,
                face: face(),
                ..Expected::default()
            },
        )
        .await?;
        Ok(())
    }
}
