//! A chapter about groups: departments become groups, people move and leave, and an export goes wrong.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodb_identity_source::{handler::Function, mapping::DEFAULT_MAPPING};
use serde_json::{Value, json};

use super::{Story, guard::Before};
use crate::{
    Trouble,
    chapter::{Chapter, Expected, Face},
    groups::ExpectedGroups,
    live,
    page::thousands,
    people::{name, text},
    rows::Item,
};

/// What makes departments groups.
const RULE: &str = r#"{"each": "department", "externalId": "dept-{{ item }}", "displayName": "{{ department_name }}"}"#;
/// The departments, as records have them, and their names.
const DEPARTMENTS: [(&str, &str); 3] = [
    ("eng", "Engineering"),
    ("ops", "Operations"),
    ("fin", "Finance"),
];
const ENG: usize = 0;
const OPS: usize = 1;
const FIN: usize = 2;
/// Departments are assigned in turn, so that the first three people are in one each.
const MOVER: usize = ENG;
const LEAVER: usize = FIN;
const NEW_NAME: &str = "Operations and Logistics";
/// How many people have a department. With fewer, half of their memberships would be less than the
/// guard always allows.
const PEOPLE: std::ops::RangeInclusive<usize> = 48..=120;
/// The number of people per department is even: a group that has lost one of its members may
/// then lose half of the others.
const ROUND: usize = 2 * DEPARTMENTS.len();
/// The first so many people have no department: a later chapter lets some of them leave and return,
/// and would take them out of their groups once more.
const WITHOUT: usize = 5;

/// The people with departments, and what the chapter tracks about them.
struct Staff {
    records: Vec<Item>,
    /// The number of records in the table.
    read: u64,
    /// Who is in which group at Okta.
    members: BTreeMap<String, BTreeSet<String>>,
}

impl Story<'_> {
    /// Departments become groups. Afterwards nobody active is in any of them.
    pub(super) async fn departments_become_groups(&mut self) -> Result<(), Trouble> {
        let Some(mut staff) = Staff::of(self.backup().await?) else {
            return Ok(());
        };
        let mut mapping: Value = serde_json::from_str(DEFAULT_MAPPING)?;
        mapping["groups"] = json!([serde_json::from_str::<Value>(RULE)?]);
        let mapping = mapping.to_string();
        let function = self.world.function(&[("MAPPING", &mapping)]);
        self.groups_are_made(&function, &mut staff).await?;
        self.somebody_moves(&function, &mut staff).await?;
        self.somebody_leaves_a_department(&function, &mut staff)
            .await?;
        self.a_department_is_renamed(&function, &mut staff).await?;
        self.half_lose_their_department(&function, &mut staff)
            .await?;
        self.groups_are_given_up(&staff).await?;
        if self.streamed() {
            self.the_stream_has_nothing_to_add().await?;
        }
        Ok(())
    }

    /// Two runs: one makes the groups, and the next puts people into them.
    async fn groups_are_made(
        &mut self,
        function: &Function,
        staff: &mut Staff,
    ) -> Result<(), Trouble> {
        let people = staff.records.len() as u64;
        self.chapter(
            "Departments become groups",
            &format!(
                "{} people get a department in the table. In the mapping (MAPPING), a rule makes \
                 each department a group:",
                thousands(people)
            ),
        )?;
        self.page.line("")?;
        self.page.paragraph(RULE)?;
        self.page.line("")?;
        self.page.paragraph(
            "The first run creates the groups. Their members are told once the groups have landed.",
        )?;
        for n in 0..staff.records.len() {
            staff.assign(n, n % DEPARTMENTS.len());
        }
        self.put_back(&staff.records).await?;
        let made = ExpectedGroups {
            made: DEPARTMENTS.len() as u64,
            waiting: people,
            ..ExpectedGroups::default()
        };
        self.of_groups(function, staff, made).await?;
        for n in 0..DEPARTMENTS.len() {
            let members = staff.of_department(n);
            let members = members.iter().map(|n| text(&staff.records[*n], "id"));
            staff.members.insert(group(n), members.collect());
        }
        self.then("So the next run adds the members:")?;
        let joins = ExpectedGroups {
            joins: people,
            ..ExpectedGroups::default()
        };
        self.of_groups(function, staff, joins).await?;
        self.groups_are_as_they_should_be(staff)
    }

    async fn somebody_moves(
        &mut self,
        function: &Function,
        staff: &mut Staff,
    ) -> Result<(), Trouble> {
        let (id, name) = staff.person(MOVER);
        self.then(&format!(
            "{name} moves from {} to {}. The user stays the same, but two memberships change:",
            DEPARTMENTS[ENG].1, DEPARTMENTS[OPS].1
        ))?;
        staff.assign(MOVER, OPS);
        self.put_back(&staff.some(&[MOVER])).await?;
        let moves = ExpectedGroups {
            joins: 1,
            leaves: 1,
            ..ExpectedGroups::default()
        };
        self.of_groups(function, staff, moves).await?;
        staff.members.entry(group(ENG)).or_default().remove(&id);
        staff.members.entry(group(OPS)).or_default().insert(id);
        self.groups_are_as_they_should_be(staff)
    }

    async fn somebody_leaves_a_department(
        &mut self,
        function: &Function,
        staff: &mut Staff,
    ) -> Result<(), Trouble> {
        let (id, name) = staff.person(LEAVER);
        self.then(&format!(
            "{name}, of {}, leaves: the record says `active`: false. Okta is told to deactivate \
             the user, and nothing about the group. People who return are in the groups that their \
             record names by then.",
            DEPARTMENTS[FIN].1
        ))?;
        let record = &mut staff.records[LEAVER];
        record.insert("active".to_owned(), AttributeValue::Bool(false));
        self.put_back(&staff.some(&[LEAVER])).await?;
        self.group_leaver = Some(id.clone());
        let expected = Expected {
            read: staff.read,
            unchanged: staff.read - 1,
            deactivations: 1,
            active: self.world.okta.active_count() as u64 - 1,
            sessions: 1,
            face: Some(Face::inactive(id, name)),
            ..Expected::default()
        };
        self.invoked(function, self.schedule, &expected).await?;
        self.groups_are_as_they_should_be(staff)
    }

    async fn a_department_is_renamed(
        &mut self,
        function: &Function,
        staff: &mut Staff,
    ) -> Result<(), Trouble> {
        self.then(&format!(
            "{} is called \"{NEW_NAME}\" from now on. The group's id comes from `department`, \
             which stays the same. So one group changes, and nobody leaves or joins.",
            DEPARTMENTS[OPS].1
        ))?;
        let people = staff.of_department(OPS);
        for n in &people {
            staff.set(*n, "department_name", NEW_NAME);
        }
        self.put_back(&staff.some(&people)).await?;
        let renamed = ExpectedGroups {
            renamed: 1,
            ..ExpectedGroups::default()
        };
        self.of_groups(function, staff, renamed).await?;
        let groups = self.world.okta.groups();
        let called = groups.get(&group(OPS)).map(|it| it.display_name.clone());
        self.check(
            called.as_deref() == Some(NEW_NAME),
            &format!("Okta calls the group \"{NEW_NAME}\""),
            &format!("Okta calls the group {called:?}"),
        )?;
        self.groups_are_as_they_should_be(staff)
    }

    /// An export leaves out half of the departments, and is fixed.
    async fn half_lose_their_department(
        &mut self,
        function: &Function,
        staff: &mut Staff,
    ) -> Result<(), Trouble> {
        let departments = (0..DEPARTMENTS.len()).map(|n| staff.of_department(n));
        let departments: Vec<_> = departments.collect();
        let all: usize = departments.iter().map(Vec::len).sum();
        let lost: Vec<_> = departments
            .iter()
            .flat_map(|people| people.iter().skip(1).step_by(2).copied())
            .collect();
        self.then(&format!(
            "Then an export goes wrong: half of the records, {} of {}, are written without their \
             department. Each of them looks like somebody who leaves a group. \
             MAX_MEMBERSHIP_REMOVALS is 20 %, with 20 always allowed, counted over 24 hours.",
            thousands(lost.len() as u64),
            thousands(all as u64)
        ))?;
        let before = staff.records.clone();
        for n in &lost {
            staff.records[*n].remove("department");
        }
        self.put_back(&staff.some(&lost)).await?;
        let withheld = ExpectedGroups {
            withheld: lost.len() as u64,
            ..ExpectedGroups::default()
        };
        self.of_groups(function, staff, withheld).await?;
        self.groups_are_as_they_should_be(staff)?;

        self.then("The export is fixed. Nothing is withheld any more, and the latch opens:")?;
        staff.records = before;
        self.put_back(&staff.some(&lost)).await?;
        self.of_groups(function, staff, ExpectedGroups::default())
            .await?;
        let guard = self.guard_of("membershipRemovals").await?;
        self.check(
            guard["withheld"] == json!(0) && guard["since"].is_null(),
            "the latch is open",
            &format!("the guard says {guard}"),
        )?;
        self.groups_are_as_they_should_be(staff)
    }

    /// The mapping no longer has the rule: what looks like an accident is approved.
    async fn groups_are_given_up(&mut self, staff: &Staff) -> Result<(), Trouble> {
        let departments = (0..DEPARTMENTS.len()).map(|n| staff.of_department(n));
        let all: usize = departments.map(|people| people.len()).sum();
        let all = all as u64;
        self.then(
            "Finally the groups are given up: the rule is removed from the mapping. Everybody \
             loses their group, and the guard cannot know that this is intended.",
        )?;
        let withheld = ExpectedGroups {
            withheld: all,
            ..ExpectedGroups::default()
        };
        let run = self.of_groups(self.function, staff, withheld).await?;
        let Some(digest) = run.withheld_memberships().digest.clone() else {
            return self.check(false, "", "there is no digest to approve");
        };
        self.then("An operator approves it:")?;
        let granted = self
            .command(&json!({"command": "approve", "digest": digest, "by": "ada@example.com"}))
            .await?;
        self.check(
            granted["approved"] == json!(all) && granted["kind"] == "membershipRemovals",
            &format!(
                "{} people are approved, and the next run takes them out of their groups",
                thousands(all)
            ),
            "the approval is not for these people",
        )?;
        let leaves = ExpectedGroups {
            leaves: all,
            ..ExpectedGroups::default()
        };
        self.of_groups(self.function, staff, leaves).await?;
        let groups = self.world.okta.groups();
        let mut members = groups.values().flat_map(|group| &group.members);
        let is_empty = members.all(|member| !self.world.is_active(member));
        self.check(
            is_empty && groups.len() == DEPARTMENTS.len(),
            "the groups are still there, without active members",
            &format!("Okta has these groups: {groups:?}"),
        )
    }

    /// Each change came by the stream as well, after full runs had already told it.
    async fn the_stream_has_nothing_to_add(&mut self) -> Result<(), Trouble> {
        let page = self.page;
        let sessions = self.world.okta.sessions().len();
        let follower = self.follower().await?;
        page.wait(|| "following the stream".to_owned(), async {
            while live::next_is_there(follower).await? {}
            Ok::<_, Trouble>(())
        })
        .await?;
        let opened = self.world.okta.sessions().len() - sessions;
        self.check(
            opened == 0,
            "the stream brings these changes too, and has nothing to add",
            &format!("the stream opened {opened} sessions"),
        )
    }

    /// A run that tells only this.
    async fn of_groups(
        &mut self,
        function: &Function,
        staff: &Staff,
        groups: ExpectedGroups,
    ) -> Result<Chapter, Trouble> {
        let is_told = groups.is_told();
        let expected = Expected {
            read: staff.read,
            unchanged: staff.read,
            active: self.world.okta.active_count() as u64,
            sessions: u64::from(is_told),
            calls: (!is_told).then_some(0),
            groups,
            ..Expected::default()
        };
        self.invoked(function, self.schedule, &expected).await
    }

    fn then(&self, text: &str) -> Result<(), Trouble> {
        self.page.line("")?;
        Ok(self.page.paragraph(text)?)
    }

    /// Checks that Okta's groups have exactly the right members.
    fn groups_are_as_they_should_be(&mut self, staff: &Staff) -> Result<(), Trouble> {
        let groups = self.world.okta.groups();
        let members: BTreeMap<_, _> = groups
            .iter()
            .map(|(id, group)| (id.clone(), group.members.clone()))
            .collect();
        let sizes = DEPARTMENTS.iter().enumerate().map(|(n, _)| {
            let id = group(n);
            let size = members.get(&id).map_or(0, BTreeSet::len);
            format!("{} in {id}", thousands(size as u64))
        });
        let sizes: Vec<_> = sizes.collect();
        self.check(
            members == staff.members,
            &format!("exactly the right people are members: {}", sizes.join(", ")),
            &format!(
                "Okta has {members:?}, but the members should be {:?}",
                staff.members
            ),
        )
    }
}

impl Staff {
    /// Some of the people in the table, none of them with a department yet. `None` if there are too
    /// few.
    fn of(before: Before) -> Option<Self> {
        let Before { active, inactive } = before;
        let read = (active.len() + inactive.len()) as u64;
        let first = active.len() / WITHOUT;
        let people = (active.len() - first).min(*PEOPLE.end()) / ROUND * ROUND;
        PEOPLE.contains(&people).then(|| Self {
            records: active.into_iter().skip(first).take(people).collect(),
            read,
            members: BTreeMap::new(),
        })
    }

    /// A person's id and name.
    fn person(&self, n: usize) -> (String, String) {
        let record = &self.records[n];
        (text(record, "id"), name(record))
    }

    /// The records of some of them.
    fn some(&self, people: &[usize]) -> Vec<Item> {
        people.iter().map(|n| self.records[*n].clone()).collect()
    }

    fn set(&mut self, n: usize, attribute: &str, value: &str) {
        let value = AttributeValue::S(value.to_owned());
        self.records[n].insert(attribute.to_owned(), value);
    }

    /// Assigns somebody to a department.
    fn assign(&mut self, n: usize, department: usize) {
        let (department, name) = DEPARTMENTS[department];
        self.set(n, "department", department);
        self.set(n, "department_name", name);
    }

    /// The people whose records put them into a department's group.
    fn of_department(&self, department: usize) -> Vec<usize> {
        let is_in = |record: &Item| {
            record.get("active") == Some(&AttributeValue::Bool(true))
                && text(record, "department") == DEPARTMENTS[department].0
        };
        let people = self.records.iter().enumerate();
        let people = people.filter(|(_, record)| is_in(record));
        people.map(|(n, _)| n).collect()
    }
}

/// The group of a department.
fn group(department: usize) -> String {
    format!("dept-{}", DEPARTMENTS[department].0)
}
