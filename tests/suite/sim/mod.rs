//! Random histories, and what holds in every one of them.
//!
//! `SIM_SEED=n` plays one seed and prints its history, `SIM_HISTORIES=n` plays so many, from
//! `SIM_FIRST` on; with `SIM_GO_ON=1` to their end, whatever is broken. `SIM_BUG` plays with a
//! deliberate bug.

mod calls;
mod database;
mod dates;
mod dynamodb;
mod ending;
mod events;
mod faults;
mod generate;
mod history;
mod invoke;
mod limit;
mod model;
mod mutants;
mod play;
mod promises;
mod records;
mod scenes;
mod seen;
mod shrink;
mod teams;
mod watcher;
mod world;

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use dynamodb_identity_source::mutation::Mutation;

use self::{history::History, play::play, promises::Broken, shrink::shrunk};

/// Histories that `cargo test` plays unless it is told otherwise.
const HISTORIES: u64 = 100;

fn variable(name: &str) -> Option<u64> {
    Some(
        std::env::var(name)
            .ok()?
            .parse()
            .unwrap_or_else(|_| panic!("{name} is not a number")),
    )
}

/// The first of these seeds whose history breaks a promise, as far as several threads can tell.
fn first_broken(seeds: std::ops::Range<u64>, bug: Option<Mutation>) -> Option<(u64, Broken)> {
    let (next, found) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let work = || {
        while !found.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            if let Some(broken) = play(&generate::history(seed), bug).broken {
                if variable("SIM_GO_ON").is_some() {
                    println!("{seed}: {}: {}", broken.promise, broken.how);
                    continue;
                }
                found.store(true, Ordering::Relaxed);
                return Some((seed, broken));
            }
        }
        None
    };
    std::thread::scope(|scope| {
        let thread = || {
            std::thread::Builder::new()
                .stack_size(16 << 20)
                .spawn_scoped(scope, work)
                .unwrap()
        };
        let threads: Vec<_> = (0..threads).map(|_| thread()).collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().unwrap())
            .min_by_key(|(seed, _)| *seed)
    })
}

fn told(history: &History) -> String {
    let History {
        seed,
        layout,
        people,
        deactivations,
        updates,
        watch,
        cooldown,
        import,
        lag,
        listing_lag,
        skew,
        blind,
        entities,
        requests,
        teams,
        steps,
    } = history;
    let mut text = format!(
        "seed {seed}, external id in {layout:?}, {people} people, MAX_DEACTIVATIONS {deactivations}, MAX_UPDATES {updates}, \
         WATCH_SECONDS {watch}, cooldown {cooldown} s, imports take {import} s, statuses lag {lag} s, lists {listing_lag} s, clocks \
         are off by up to {skew} s, blind {blind}, {entities} users a request, {requests} requests a session, {teams:?}\n"
    );
    let mut at = 0;
    for step in steps {
        at += step.after;
        let _ = writeln!(text, "{at:>9} ms  {:?}", step.act);
    }
    text
}

/// What is called in a history, in order.
fn traced(history: &History, bug: Option<Mutation>) -> String {
    let mut trace = play(history, bug).trace;
    trace.sort();
    trace.join("\n")
}

#[test]
fn no_history_breaks_a_promise() {
    let bug = std::env::var("SIM_BUG")
        .ok()
        .map(|name| mutants::named(&name));
    if let Some(seed) = variable("SIM_SEED") {
        let history = generate::history(seed);
        let Some(broken) = play(&history, bug).broken else {
            println!("{}{}", told(&history), traced(&history, bug));
            return;
        };
        let small = shrunk(&history, bug, broken.promise);
        println!("{}", traced(&small, bug));
        panic!("{broken:?}\nas in\n{}", told(&small));
    }
    let histories = variable("SIM_HISTORIES").unwrap_or(HISTORIES);
    let first = variable("SIM_FIRST").unwrap_or(0);
    let began = std::time::Instant::now();
    if let Some((seed, broken)) = first_broken(first..first + histories, bug) {
        let history = generate::history(seed);
        let small = match bug {
            Some(_) => history,
            None => shrunk(&history, None, broken.promise),
        };
        panic!(
            "SIM_SEED={seed} breaks a promise: {}: {}\nas in\n{}",
            broken.promise,
            broken.how,
            told(&small)
        );
    }
    println!(
        "{histories} histories from seed {first} on, in {:.1?}",
        began.elapsed()
    );
}

#[test]
fn a_seed_plays_the_same_each_time() {
    for seed in 0..12 {
        // What is called at the same millisecond has no order.
        let [one, other] = [(); 2].map(|()| {
            let mut trace = play(&generate::history(seed), None).trace;
            trace.sort();
            trace
        });
        for (one, other) in one.iter().zip(&other) {
            assert_eq!(one, other, "seed {seed}");
        }
        assert_eq!(one.len(), other.len(), "seed {seed}");
    }
}
