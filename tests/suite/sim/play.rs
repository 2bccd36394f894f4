//! Playing a history, and what comes of it.

use std::{panic::AssertUnwindSafe, rc::Rc, task::Poll, time::Duration};

use dynamodb_identity_source::{
    handler::{Answer, InvocationError},
    mutation::{self, Mutation, Small},
    sync::Report,
};
use okta_emulator::Fault;
use serde_json::{Value, json};
use tokio::task::LocalSet;

use super::{
    history::{Act, Death, History, Invocation, What},
    promises::{self, Broken},
    world::World,
};

/// How many full runs may be needed once all is quiet.
const ROUNDS: usize = 14;

/// What came of a history.
pub struct Played {
    pub broken: Option<Broken>,
    /// Every call of DynamoDB and of Okta.
    pub trace: Vec<String>,
}

/// Plays a history in a runtime of its own, whose time is its own.
pub fn play(history: &History, bug: Option<Mutation>) -> Played {
    fastrand::seed(history.seed);
    mutation::set(bug);
    mutation::play_in_small(Some(Small {
        entities: history.entities,
        requests: history.requests,
    }));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let played = std::panic::catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(LocalSet::new().run_until(to_its_end(history)))
    }));
    mutation::set(None);
    mutation::play_in_small(None);
    played.unwrap_or_else(|_| Played {
        broken: Some(Broken::of("nothing panics", "see above")),
        trace: Vec::new(),
    })
}

async fn to_its_end(history: &History) -> Played {
    let world = World::of(history).await;
    let mut invocations = Vec::new();
    for (number, step) in history.steps.iter().enumerate() {
        tokio::time::sleep(Duration::from_millis(step.after)).await;
        if let Some(invocation) = act(&world, number, &step.act) {
            invocations.push(invocation);
        }
    }
    for invocation in invocations {
        invocation.await.unwrap();
    }
    world.heal();
    // Long enough for every import to be done, and for every lease to end.
    tokio::time::sleep(Duration::from_secs(7_200)).await;
    let mut broken = until_there_is_nothing_to_do(&world).await.err();
    tokio::time::sleep(Duration::from_secs(7_200)).await;
    if broken.is_none() {
        broken = promises::kept(&world, history).await.err();
    }
    let mut trace = world.tables.watcher().trace.clone();
    trace.extend(world.okta.requests().into_iter().map(|request| {
        let at = world.since_the_beginning(request.at).as_millis();
        format!(
            "{at:>9} ms  okta: {} {} {} {:?}",
            request.method, request.path, request.status, request.faults
        )
    }));
    Played { broken, trace }
}

fn act(world: &Rc<World>, number: usize, act: &Act) -> Option<tokio::task::JoinHandle<()>> {
    match act {
        Act::Put { slot, row } => world.put(*slot, *row),
        Act::Delete { slot } => world.delete(*slot),
        Act::Move { from, to } => world.relocate(*from, *to),
        Act::Invoke(invocation) => {
            let (world, invocation) = (Rc::clone(world), invocation.clone());
            return Some(tokio::task::spawn_local(async move {
                Box::pin(invoke(&world, &format!("run{number}"), &invocation)).await;
            }));
        }
        Act::Database(fault) => world.tables.inject(fault.clone()),
        Act::Okta(fault) => {
            let at = Fault::on(fault.method, fault.path)
                .nth(fault.nth)
                .times(fault.times);
            world.okta.inject(at.then(fault.effect.clone()));
        }
        Act::Rotate { okta, secret } => world.rotate(*okta, *secret),
        Act::ForeignSession => drop(world.okta.open_foreign_session()),
        Act::ForgetSession => {
            if let Some(last) = world.okta.sessions().last() {
                world.okta.forget_session(&last.id);
            }
        }
    }
    None
}

async fn invoke(
    world: &World,
    run: &str,
    invocation: &Invocation,
) -> Option<Result<Answer, InvocationError>> {
    let (event, delivered) = event(world, run, &invocation.what);
    let timeout = Duration::from_secs(invocation.timeout);
    let killed = match invocation.death {
        Some(Death::After(milliseconds)) => timeout.min(Duration::from_millis(milliseconds)),
        _ => timeout,
    };
    let container = world.container();
    container.caller.serve(run, invocation.death);
    world
        .tables
        .watcher()
        .began
        .insert(run.to_owned(), world.now());
    let deadline = world.clock.now() + timeout;
    let answers = world.okta.request_count();
    let mut work = Box::pin(container.function.invoke(&event, run, deadline));
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
    let said = match &answer {
        None => "dies".to_owned(),
        Some(Ok(Answer::Report(report))) => format!(
            "answers +{} -{} more {} skipped {} withheld {}",
            report.upserts,
            report.deactivations,
            report.more,
            report.skipped.is_some(),
            report.withheld.deactivations.count
        ),
        Some(Ok(_)) => "answers".to_owned(),
        Some(Err(error)) => format!("fails: {error}"),
    };
    world.tables.watcher().trace(world.now(), run, &said);
    if answer.is_some() {
        world.give_back(container);
    }
    let done =
        matches!(&answer, Some(Ok(Answer::Batch(batch))) if batch.batch_item_failures.is_empty());
    if !done {
        // It comes back.
        let mut stream = world.stream.borrow_mut();
        delivered
            .into_iter()
            .rev()
            .for_each(|record| stream.push_front(record));
    }
    answer
}

/// The event, and the stream records in it, which nobody else is given meanwhile.
fn event(world: &World, run: &str, what: &What) -> (Value, Vec<Value>) {
    let mut watcher = world.tables.watcher();
    let event = match what {
        What::Schedule => {
            json!({"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": {}})
        }
        What::Sync { allow: None } => json!({"command": "sync"}),
        What::Sync { allow: Some(allow) } => {
            watcher.allowed.insert(run.to_owned(), *allow);
            json!({"command": "sync", "allowDeactivations": allow})
        }
        // Whom Okta refused by mistake is quarantined until somebody says that it was one.
        What::LastSync => {
            watcher.allowed.insert(run.to_owned(), 1_000);
            json!({"command": "sync", "allowDeactivations": 1_000, "retryRefused": true})
        }
        What::Plan => json!({"command": "plan"}),
        What::Push { slots } => {
            watcher.told.insert(run.to_owned());
            let mut model = world.model.borrow_mut();
            let rows: Vec<_> = slots
                .iter()
                .filter_map(|slot| Some((*slot, *model.rows.get(slot)?)))
                .collect();
            model.pushed.extend(rows.iter().map(|(_, row)| row.person));
            let records: Vec<_> = rows
                .iter()
                .map(|(slot, row)| model.record(*slot, row))
                .collect();
            json!({"command": "push", "records": records})
        }
        What::Stream {
            from,
            count,
            backwards,
            again,
        } => {
            let mut stream = world.stream.borrow_mut();
            let from = (*from).min(stream.len().saturating_sub(1));
            let to = (from + count).min(stream.len());
            let mut records: Vec<_> = stream.range(from..to).cloned().collect();
            if !again {
                stream.drain(from..to);
            }
            if *backwards {
                records.reverse();
            }
            let keep = if *again { Vec::new() } else { records.clone() };
            return (json!({"Records": records}), keep);
        }
    };
    (event, Vec::new())
}

async fn until_there_is_nothing_to_do(world: &World) -> Result<(), Broken> {
    let mut quiet = 0;
    for round in 0..ROUNDS {
        let sync = Invocation {
            what: What::LastSync,
            timeout: 900,
            death: None,
        };
        let answer = Box::pin(invoke(world, &format!("quiet{round}"), &sync)).await;
        let report: Box<Report> = match answer {
            Some(Ok(Answer::Report(report))) => report,
            Some(Ok(other)) => panic!("a report was expected, not {other:?}"),
            Some(Err(error)) => return Err(Broken::of(promises::ENDS_WELL, error)),
            None => return Err(Broken::of(promises::ENDS_WELL, "a run of nothing dies")),
        };
        let nothing =
            report.upserts + report.deactivations == 0 && !report.more && report.skipped.is_none();
        quiet = if nothing { quiet + 1 } else { 0 };
        if quiet == 2 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(1_300)).await;
    }
    Err(Broken::of(
        promises::ENDS,
        format!("{ROUNDS} runs were not enough"),
    ))
}
