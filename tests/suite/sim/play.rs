//! Playing a history, and what comes of it.

use std::{panic::AssertUnwindSafe, rc::Rc, time::Duration};

use dynamodb_identity_source::mutation::{self, Mutation, Small};
use okta_emulator::Fault;
use tokio::task::LocalSet;

use super::{
    ending,
    history::{Act, Deed, History},
    invoke::invoke,
    promises::{self, Broken},
    records::{address, id},
    teams::group,
    world::World,
};

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
        segments: 2,
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
    world.model.borrow_mut().repaired = history.verifies();
    let mut broken = ending::until_there_is_nothing_to_do(&world, history.verifies())
        .await
        .err();
    let seen = world.seen.borrow_mut().broken.drain(..).next();
    broken = seen.or(broken);
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
        Act::Prove => world.prove(),
        Act::Rebind => world.rebind(),
        Act::LoseState => world.lose_the_state(),
        Act::Occupy { person } => world.okta.occupy_login(&address(*person)),
        Act::Vacate { person } => world.okta.vacate_login(&address(*person)),
        Act::Admin { person, deed } => {
            let (okta, id) = (&world.okta, id(*person));
            world.model.borrow_mut().edited.insert(*person);
            // Whom Okta does not have, nobody changes there.
            let _: Result<(), String> = match deed {
                Deed::Edit(nth) => {
                    okta.admin_edits(&id, "firstName", Some(&format!("Edited{nth}")))
                }
                Deed::Deactivate => okta.admin_deactivates(&id),
                Deed::Reactivate => okta.admin_reactivates(&id),
                Deed::Delete => okta.admin_deletes(&id),
                Deed::Unassign => okta.admin_unassigns(&id),
                Deed::Regroup(team, joins) => {
                    okta.admin_moves(&group(*team), &id, *joins);
                    Ok(())
                }
            };
        }
    }
    None
}
