//! When all is quiet: full runs, with days between them, until there is nothing left to do.

use std::{collections::BTreeMap, time::Duration};

use dynamodb_identity_source::{
    handler::{Answer, InvocationError},
    ledger::{IdHash, Ledger},
    mapping::ExternalId,
    sync::{Report, RunError},
};
use okta_emulator::SessionStatus;

use super::{
    history::{Invocation, What},
    invoke::invoke,
    model::{PEOPLE, Wanted},
    promises::{self, Broken},
    records::id,
    seen::Push,
    world::World,
};
use crate::support::STATE;

/// How many full runs may be needed once all is quiet.
const ROUNDS: usize = 40;
/// A cooldown and more.
const A_WHILE: Duration = Duration::from_secs(1_300);
const A_DAY: Duration = Duration::from_secs(25 * 3_600);

/// Rounds of what a calm day brings: pushes are repeated, a full run, and somebody who approves of
/// what it withholds. Where people were changed at Okta, each run comes after a verification that
/// repairs.
pub async fn until_there_is_nothing_to_do(world: &World, verifies: bool) -> Result<(), Broken> {
    world.heal();
    let last_date = world.model.borrow().last_date();
    tokio::time::sleep(last_date.saturating_sub(world.now())).await;
    // Long enough for every lease to end.
    tokio::time::sleep(A_WHILE).await;
    told(world, "resume", What::Resume).await?;
    let mut quiet = 0;
    for round in 0..ROUNDS {
        let pushes = pushed_again(world, round).await?;
        if verifies {
            verified(world, round).await?;
        }
        let report = full(world, round).await?;
        let approved = approved(world, round, &report).await?;
        // Whom Okta refuses inside imports is told again by every run.
        let told = (report.upserts + report.deactivations).saturating_sub(report.refused.count);
        let of_groups = &report.groups;
        let memberships = of_groups.memberships.added + of_groups.memberships.removed;
        let told = told + of_groups.upserts + of_groups.deletions + memberships;
        let nothing = told + report.waiting == 0
            && !report.more
            && report.skipped.is_none()
            && approved == 0
            && pushes == 0;
        quiet = if nothing { quiet + 1 } else { 0 };
        let importing = world
            .okta
            .sessions()
            .iter()
            .any(|session| session.status == SessionStatus::Triggered);
        // Whom a session carries that Okta has forgotten is told again a day later.
        if quiet >= 2 && !importing && !is_waited_for(world).await {
            return Ok(());
        }
        // Pushes may wait until a day's budget is free again.
        let only_pushes = told + report.waiting == 0 && approved == 0 && pushes > 0;
        let waits = report.waiting > 0 || quiet >= 2 || only_pushes;
        tokio::time::sleep(if waits { A_DAY } else { A_WHILE }).await;
    }
    Err(Broken::of(
        promises::ENDS,
        format!("{ROUNDS} runs were not enough"),
    ))
}

async fn is_waited_for(world: &World) -> bool {
    let ledger = Ledger::new(world.client(), STATE.to_owned(), world.clock);
    let log = ledger.read_log().await.unwrap().value;
    // Of whom nobody can say anything, nobody is told anything again either.
    let says = |person: &u8| world.model.borrow().wanted(*person) != Wanted::Anything;
    let people = (0..PEOPLE).filter(says);
    let ids: Vec<_> = people
        .map(|person| IdHash::of(&ExternalId::parse(id(person)).unwrap()))
        .collect();
    let entries = ledger.entries(&ids, &log).await.unwrap();
    // What a call has told is confirmed within an hour.
    log.unended() > 0 || entries.iter().any(|entry| log.is_done(entry.session))
}

async fn told(world: &World, run: &str, what: What) -> Result<Option<Answer>, Broken> {
    let invocation = Invocation {
        what,
        timeout: 900,
        death: None,
    };
    match Box::pin(invoke(world, run, &invocation)).await {
        Some(Ok(answer)) => Ok(Some(answer)),
        Some(Err(InvocationError::Run(RunError::PushUnfinished { .. }))) => Ok(None),
        Some(Err(error)) => Err(Broken::of(promises::ENDS_WELL, format!("{run}: {error}"))),
        None => Err(Broken::of(
            promises::ENDS_WELL,
            format!("{run} dies of nothing"),
        )),
    }
}

async fn full(world: &World, round: usize) -> Result<Box<Report>, Broken> {
    match told(world, &format!("quiet{round}"), What::LastSync).await? {
        Some(Answer::Report(report)) => Ok(report),
        other => panic!("a report was expected, not {other:?}"),
    }
}

async fn verified(world: &World, round: usize) -> Result<(), Broken> {
    let what = What::Verify {
        adopt: false,
        repair: true,
    };
    match told(world, &format!("verify{round}"), what).await? {
        Some(Answer::Verified(_)) => Ok(()),
        other => panic!("a verification was expected, not {other:?}"),
    }
}

/// Repeats the pushes that are not done, person by person, as not all may fit what is allowed
/// within a day; gives how many there were.
async fn pushed_again(world: &World, round: usize) -> Result<usize, Broken> {
    {
        let pushes = &mut world.seen.borrow_mut().pushes;
        // Records of one and the same person stay together: they contradict each other.
        let alone = |push: Push| {
            let mut people: BTreeMap<u8, Vec<_>> = BTreeMap::new();
            for (slot, row) in push.rows {
                people.entry(row.person).or_default().push((slot, row));
            }
            people
                .into_values()
                .map(move |rows| Push { rows, at: push.at })
        };
        *pushes = std::mem::take(pushes).into_iter().flat_map(alone).collect();
    }
    let pushes = world.seen.borrow().pushes.len();
    for nth in 0..pushes {
        // Those that are still not done are put back at the end.
        told(
            world,
            &format!("push{round}.{nth}"),
            What::PushAgain { nth: 0 },
        )
        .await?;
    }
    Ok(pushes)
}

/// Approves of all that a run withholds; gives how many people that let through.
async fn approved(world: &World, round: usize, report: &Report) -> Result<u64, Broken> {
    let mut people = 0;
    let withheld = [
        &report.withheld.updates,
        &report.withheld.deactivations,
        &report.withheld.membership_removals,
    ];
    let digests: Vec<_> = withheld
        .into_iter()
        .filter(|kind| kind.count > 0)
        .filter_map(|kind| kind.digest.as_ref())
        .collect();
    for (nth, digest) in digests.iter().enumerate() {
        let all = world.seen.borrow().digests.clone();
        let place = all
            .iter()
            .rev()
            .position(|known| *known == digest.to_string());
        let what = What::Approve {
            nth: place.unwrap_or(0),
        };
        let answer = told(world, &format!("approve{round}.{nth}"), what).await?;
        if let Some(Answer::Granted(granted)) = answer {
            people += granted.approved;
        }
    }
    Ok(people)
}
