//! The last chapters: the table is emptied, and the guard protects nearly everybody.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;

use super::{DELETED, LEAVER, STREAM_LEAVER, Story};
use crate::{
    Trouble,
    chapter::{Expected, Face},
    page::{Fact, thousands},
    rows::Item,
    support::USERS,
    writes,
};

/// How many of the people whose records vanish really left.
const REALLY_LEFT: usize = 2;

/// The table as it was, and who is active at Okta.
pub(super) struct Before {
    /// Records that say active, in the order in which they vanish.
    pub(super) active: Vec<Item>,
    /// Records that say inactive.
    pub(super) inactive: Vec<Item>,
}

impl Story<'_> {
    pub(super) async fn the_table_is_emptied(&mut self) -> Result<(), Trouble> {
        let before = self.backup().await?;
        let let_go = self.record_by_record(&before).await?;
        self.who_really_left(&before, let_go).await?;
        self.the_rest_is_put_back(&before).await
    }

    /// All records, as in a backup.
    pub(super) async fn backup(&self) -> Result<Before, Trouble> {
        let mut pages = self
            .world
            .dynamodb
            .scan()
            .table_name(USERS)
            .into_paginator()
            .items()
            .send();
        let (mut active, mut inactive) = (Vec::new(), Vec::new());
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| writes::explain(&error))?;
            if item.get("active") == Some(&AttributeValue::Bool(true)) {
                active.push(item);
            } else {
                inactive.push(item);
            }
        }
        active.sort_by_key(id);
        inactive.sort_by_key(id);
        Ok(Before { active, inactive })
    }

    /// The records vanish one by one. Returns how many people the guard let through.
    async fn record_by_record(&mut self, before: &Before) -> Result<u64, Trouble> {
        let title = "The table is emptied, record by record";
        if !self.streamed() {
            self.chapter(
                title,
                "A script deletes every record. (The embedded DynamoDB has no streams for so many people.)",
            )?;
            let all = before.active.iter().chain(&before.inactive);
            self.delete(&all.map(id).collect::<Vec<_>>()).await?;
            self.empty_read(before.active.len() as u64).await?;
            return Ok(0);
        }
        let guard = self.guard_of_deactivations().await?;
        let number = |name: &str| guard[name].as_u64().unwrap_or_default();
        let (limit, spent) = (number("limit"), number("spent"));
        let left = limit.saturating_sub(spent);
        // Two batches fit, and the third does not.
        let at_once = usize::try_from(left / 2)?.max(1);
        self.chapter(
            title,
            &format!(
                "A script deletes one record after another. The stream brings the deletions to \
                 the function in small batches, and each of them looks like a few people leaving. \
                 MAX_DEACTIVATIONS is 10 %, which is {limit} people within 24 hours, counted \
                 across all triggers. {spent} were deactivated already."
            ),
        )?;
        let active = self.world.okta.active_count() as u64;
        let sessions = self.world.okta.sessions().len();
        let mut batches = 0;
        let all: Vec<_> = before
            .active
            .iter()
            .chain(&before.inactive)
            .map(id)
            .collect();
        for ids in all.chunks(at_once) {
            for id in ids {
                self.world.delete(id).await;
            }
            let page = self.page;
            let follower = self.follower().await?;
            page.wait(
                || "following the stream".to_owned(),
                follower.drain(ids.len() as u64),
            )
            .await?;
            batches += 1;
        }
        let still = self.world.okta.active_count() as u64;
        let opened = (self.world.okta.sessions().len() - sessions) as u64;
        let let_go = active - still;
        let expected_go = (at_once as u64 * 2).min(left);
        let passed = self.page.compare(
            (
                "The stream",
                &[
                    Fact::expected("records deleted", all.len() as u64, all.len() as u64),
                    Fact::expected("batches", batches, all.len().div_ceil(at_once) as u64),
                    Fact::expected("sessions", opened, 2),
                ],
            ),
            (
                "Okta's side",
                &[
                    Fact::expected("users active before", active, active),
                    Fact::expected("users deactivated", let_go, expected_go),
                    Fact::expected("users active now", still, active - expected_go),
                ],
            ),
        )?;
        self.failed += usize::from(!passed);
        let latched = self.guard_of_deactivations().await?;
        let now_spent = latched["spent"].as_u64().unwrap_or_default();
        self.check(
            passed && now_spent == spent + let_go && now_spent <= limit,
            &format!(
                "the guard let {let_go} deactivations through, then latched: {now_spent} of \
                 {limit} are spent, the rest are withheld"
            ),
            &format!("{let_go} people were deactivated, and the guard says {latched}"),
        )?;
        self.page.line("")?;
        self.page.paragraph(
            "Then the schedule fires. A users table without any records is an accident, not a day \
             on which everybody left: all removals are withheld, and no approval lifts that.",
        )?;
        self.empty_read(before.active.len() as u64 - let_go).await?;
        Ok(let_go)
    }

    /// A full run over an empty table.
    async fn empty_read(&mut self, withheld: u64) -> Result<(), Trouble> {
        let active = self.world.okta.active_count() as u64;
        let run = self
            .scheduled(&Expected {
                withheld,
                active,
                calls: Some(0),
                ..Expected::default()
            })
            .await?;
        self.check(
            run.withheld().digest.is_none(),
            "there is no digest to approve",
            "an empty read can be approved",
        )
    }

    /// Half of the records are back. Among the missing ones are people who did leave.
    async fn who_really_left(&mut self, before: &Before, let_go: u64) -> Result<(), Trouble> {
        let (back, missing) = before.active.split_at(before.active.len() / 2);
        let left = &missing[..REALLY_LEFT];
        let names: Vec<_> = left.iter().map(crate::people::name).collect();
        self.chapter(
            "Some of them did leave",
            &format!(
                "{} records are put back from a backup. Of the {} that are still missing, two belong to people who \
                 did leave: {}. The next full run{} lists the people it withholds under a digest.",
                thousands((back.len() + before.inactive.len()) as u64),
                thousands(missing.len() as u64),
                names.join(" and "),
                if let_go > 0 {
                    format!(" reactivates the {let_go} people who were deactivated, and")
                } else {
                    String::new()
                },
            ),
        )?;
        self.put_back(back).await?;
        self.put_back(&before.inactive).await?;
        let read = (back.len() + before.inactive.len()) as u64;
        // The people who were deactivated are back in the table, and so at Okta.
        let reactivated = let_go;
        let active = self.world.okta.active_count() as u64;
        let withheld = missing.len() as u64;
        let run = self
            .scheduled(&Expected {
                read,
                unchanged: read - reactivated,
                upserts: reactivated,
                reactivated,
                withheld,
                active: active + reactivated,
                sessions: u64::from(reactivated > 0),
                ..Expected::default()
            })
            .await?;
        let Some(digest) = run.withheld().digest.clone() else {
            return self.check(false, "", "there is no digest to approve");
        };

        let only: Vec<_> = left.iter().map(id).collect();
        self.page.line("")?;
        self.page
            .paragraph("An operator approves exactly these two people:")?;
        let granted = self
            .command(&json!({"command": "approve", "digest": digest, "only": only, "by": "ada@example.com"}))
            .await?;
        self.check(
            granted["approved"] == json!(REALLY_LEFT),
            "two people are approved, and the next run deactivates them",
            "the approval is not for these two people",
        )?;
        let gone = REALLY_LEFT as u64;
        self.scheduled(&Expected {
            read,
            unchanged: read,
            deactivations: gone,
            withheld: withheld - gone,
            active: active + reactivated - gone,
            sessions: 1,
            face: left
                .first()
                .map(|item| Face::inactive(id(item), crate::people::name(item))),
            ..Expected::default()
        })
        .await?;
        Ok(())
    }

    /// The other records are back: nothing waits any more, and the latch opens.
    async fn the_rest_is_put_back(&mut self, before: &Before) -> Result<(), Trouble> {
        let missing = &before.active[before.active.len() / 2..];
        let back = &missing[REALLY_LEFT..];
        self.chapter(
            "The others are put back",
            &format!(
                "The other {} records are put back as well. Nothing is withheld any more, and the latch opens.",
                thousands(back.len() as u64)
            ),
        )?;
        self.put_back(back).await?;
        let read = (before.active.len() + before.inactive.len() - REALLY_LEFT) as u64;
        self.scheduled(&Expected {
            read,
            unchanged: read,
            active: self.world.okta.active_count() as u64,
            calls: Some(0),
            ..Expected::default()
        })
        .await?;
        let guard = self.guard_of_deactivations().await?;
        self.check(
            guard["withheld"] == json!(0) && guard["since"].is_null(),
            "the latch is open",
            &format!("the guard says {guard}"),
        )?;
        self.only_leavers_are_gone(before)
    }

    /// In the end Okta matches the table.
    fn only_leavers_are_gone(&mut self, before: &Before) -> Result<(), Trouble> {
        let missing = &before.active[before.active.len() / 2..];
        let mut left: BTreeSet<_> = missing[..REALLY_LEFT].iter().map(id).collect();
        left.extend([LEAVER, DELETED].map(|n| self.person(n).0));
        if self.streamed() {
            left.insert(self.person(STREAM_LEAVER).0);
        }
        left.extend(self.group_leaver.clone());
        let directory = self.world.okta.directory();
        let inactive = directory
            .iter()
            .filter(|(_, user)| user.status != okta_emulator::UserStatus::Active);
        let inactive: BTreeSet<_> = inactive.map(|(id, _)| id.clone()).collect();
        let people = inactive.len();
        self.check(
            inactive == left,
            &format!("Okta has deactivated the {people} people who left, and nobody else"),
            &format!("Okta has deactivated {inactive:?}, but {left:?} left"),
        )
    }
}

fn id(item: &Item) -> String {
    crate::people::text(item, "id")
}
