//! One invocation, and what is noted of its answer.

use std::{task::Poll, time::Duration};

use dynamodb_identity_source::{
    handler::{Answer, InvocationError},
    sync::{Report, RunError},
};

use super::{
    events::{Event, event},
    history::{Death, Invocation, What},
    promises::{self, Broken},
    seen::{Full, Push},
    world::World,
};

/// The answer; none if the invocation died.
pub type Heard = Option<Result<Answer, InvocationError>>;

/// Invokes the function, in a process that has nothing to do.
pub async fn invoke(world: &World, run: &str, invocation: &Invocation) -> Heard {
    let Event {
        payload,
        delivered,
        push,
    } = event(world, &invocation.what)?;
    let began = world.now();
    let active = world.okta.active_count() as u64 - 1;
    let timeout = Duration::from_secs(invocation.timeout);
    let killed = match invocation.death {
        Some(Death::After(milliseconds)) => timeout.min(Duration::from_millis(milliseconds)),
        _ => timeout,
    };
    let container = world.container();
    container.caller.serve(run, invocation.death);
    world.tables.watcher().began.insert(run.to_owned(), began);
    if matches!(invocation.what, What::Verify { .. }) {
        world.tables.watcher().verify.insert(run.to_owned());
    }
    let deadline = container.clock.now() + timeout;
    let answers = world.okta.request_count();
    let mut work = Box::pin(container.function.invoke(&payload, run, deadline));
    let alive = std::future::poll_fn(|context| {
        let heard = world.okta.request_count() - answers;
        if matches!(invocation.death, Some(Death::Okta { call }) if heard >= call) {
            return Poll::Ready(None);
        }
        work.as_mut().poll(context).map(Some)
    });
    let answer = tokio::select! {
        biased;
        () = container.caller.death() => None,
        answer = tokio::time::timeout(killed, alive) => answer.ok().flatten(),
    };
    drop(work);
    world
        .tables
        .watcher()
        .trace(world.now(), run, &in_words(answer.as_ref()));
    if answer.is_some() {
        world.give_back(container);
    }
    note(world, &invocation.what, (began, active), answer.as_ref());
    if let Some(push) = push {
        pushed(world, push, began, answer.as_ref());
    }
    let done =
        matches!(&answer, Some(Ok(Answer::Batch(batch))) if batch.batch_item_failures.is_empty());
    if done {
        promises::done(world, &delivered, began).await;
    } else {
        // It comes back.
        let mut stream = world.stream.borrow_mut();
        delivered
            .into_iter()
            .rev()
            .for_each(|record| stream.push_front(record));
    }
    answer
}

fn in_words(answer: Option<&Result<Answer, InvocationError>>) -> String {
    match answer {
        None => "dies".to_owned(),
        Some(Ok(Answer::Report(report))) => format!(
            "answers +{} -{} more {} skipped {} withheld {} waiting {} dry {}",
            report.upserts,
            report.deactivations,
            report.more,
            report.skipped.is_some(),
            report.withheld.count(),
            report.waiting,
            report.dry_run,
        ),
        Some(Ok(Answer::Batch(batch))) => {
            format!("answers done {}", batch.batch_item_failures.is_empty())
        }
        Some(Ok(_)) => "answers".to_owned(),
        Some(Err(error)) => format!("fails: {error}"),
    }
}

/// What is to be remembered of an answer.
fn note(
    world: &World,
    what: &What,
    (began, active): (Duration, u64),
    answer: Option<&Result<Answer, InvocationError>>,
) {
    let now = world.now();
    let mut seen = world.seen.borrow_mut();
    if let (Some(rebound), Some(Ok(Answer::Report(_) | Answer::Batch(_)))) = (seen.rebound, answer)
        && rebound <= began
        && seen.bound_again.is_none()
        && !matches!(answer, Some(Ok(Answer::Batch(batch))) if !batch.batch_item_failures.is_empty())
    {
        seen.broken
            .push(Broken::of(promises::BOUND, format!("{what:?}")));
    }
    match (what, answer) {
        (What::Schedule | What::Sync { .. } | What::LastSync, Some(Ok(Answer::Report(report)))) => {
            full(world, &mut seen, (began, active), report);
        }
        (What::Pause, Some(Ok(_))) => {
            let resumed = seen.last_resume;
            // One that sets it back may be on its way.
            if resumed.is_none_or(|at| at + Duration::from_secs(1_000) < began) {
                seen.paused.push((now, None));
            }
        }
        _ => {}
    }
}

fn full(
    world: &World,
    seen: &mut super::seen::Seen,
    (began, active): (Duration, u64),
    report: &Report,
) {
    let withheld = &report.withheld;
    for kind in [
        &withheld.deactivations,
        &withheld.updates,
        &withheld.membership_removals,
    ] {
        if let Some(digest) = &kind.digest
            && kind.count > 0
        {
            seen.digests.push(digest.to_string());
        }
    }
    if report.dry_run {
        return;
    }
    let now = world.now();
    if report.waiting == 0 {
        seen.waiting_since = None;
    }
    let since = *seen.waiting_since.get_or_insert(now);
    if now - since > promises::WAITED_FOR {
        let how = format!(
            "for {} h until {} ms",
            (now - since).as_secs() / 3_600,
            now.as_millis()
        );
        seen.broken.push(Broken::of(promises::WAITS, how));
    }
    let is_held = withheld.deactivations.digest.is_none();
    seen.full.push(Full {
        began,
        ended: now,
        active,
        withheld: if is_held {
            0
        } else {
            withheld.deactivations.count
        },
    });
}

/// A push that is not done comes back; one that is has landed.
fn pushed(
    world: &World,
    push: Push,
    began: Duration,
    answer: Option<&Result<Answer, InvocationError>>,
) {
    match answer {
        Some(Ok(Answer::Report(report))) if report.rejected.count == 0 => {
            if let Err(broken) = promises::landed(world, &push, began) {
                world.seen.borrow_mut().broken.push(broken);
            }
        }
        Some(Ok(_)) => {}
        Some(Err(InvocationError::Run(RunError::PushUnfinished { refused, .. })))
            if *refused > 0 =>
        {
            // Whom Okta has refused is refused until something about them changes.
            let mut model = world.model.borrow_mut();
            let people = push.rows.iter().map(|(_, row)| row.person);
            model.unsettled.extend(people);
        }
        _ => world.seen.borrow_mut().pushes.push(push),
    }
}
