//! Groups at size: everybody's groups are told for the first time, then nothing changes, then one
//! person in ten moves to other groups. The requests that the function may send to Okta are
//! computed from the groups and from what Okta's sessions held in the end.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    io::Read as _,
};

use okta_emulator::{Emulator, GroupChange, RequestView};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Arguments, Scenario, Trouble,
    dynamodb::{self, DynamoDb, Known, STATE, USERS},
    function::Measured,
    processes::Steps,
    scenarios::{consumed, read},
    servers::{self, Served},
    table::{self, thousands},
    teams,
};

/// Okta's request that creates and changes groups.
pub const MAKE: &str = "bulk-groups-upsert";
/// The one that deletes them.
pub const DELETE: &str = "bulk-groups-delete";
/// The one that puts people into them.
pub const JOIN: &str = "bulk-group-memberships-upsert";
/// The one that takes people out of them.
pub const LEAVE: &str = "bulk-group-memberships-delete";

/// Okta's limits: groups, or groups with members, per request; bytes per request; requests per
/// session (Okta's API description and developer guide).
const ITEMS_PER_REQUEST: usize = 200;
const BYTES_PER_REQUEST: usize = 200_000;
const REQUESTS_PER_SESSION: u64 = 50;

/// The steps, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    First,
    Unchanged,
    Reorganised,
}

impl Step {
    const ALL: [Self; 3] = [Self::First, Self::Unchanged, Self::Reorganised];

    fn name(self) -> &'static str {
        match self {
            Self::First => "groups for the first time",
            Self::Unchanged => "groups, nothing changed",
            Self::Reorganised => "groups, one in ten moves",
        }
    }
}

/// What the servers report about a step.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    served: Served,
    sessions: Vec<Loads>,
    /// The fewest requests for the same memberships, if each could be in any session.
    together: u64,
    /// Groups with wrong members.
    wrong: u64,
    /// The capacity that one scan of the ledger consumes in the end.
    ledger_scan: f64,
}

/// What one session carried.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Loads {
    made: Load,
    leaves: Load,
    joins: Load,
}

/// What it carried of one kind.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Load {
    /// Groups, or memberships.
    count: u64,
    requests: u64,
    /// The fewest requests that can carry exactly that.
    least: u64,
}

/// The expected numbers of a step.
struct Expected {
    made: u64,
    joins: u64,
    leaves: u64,
}

/// Plays all steps with so many people.
pub fn play(users: u32, arguments: &Arguments) -> Result<(), Trouble> {
    let mut steps = Steps::of(Scenario::Groups, users, arguments)?;
    let mapping = [("MAPPING", teams::mapping()?)];
    for step in Step::ALL {
        let (measured, told): (_, Told) = steps.next(&mapping)?;
        let expected = Expected::of(step, users);
        expect(step, &expected, &measured, &told)
            .map_err(|why| format!("{}: {why}", step.name()))?;
        let users = u64::from(users);
        if step == Step::Unchanged {
            one_scan(users, arguments.record_bytes, &told)?;
        }
        let is_one = step == Step::Unchanged;
        table::figures(step.name(), users, is_one, &measured, &told.served);
        let units = |table: &str| {
            let (read, written) = told.served.dynamodb.units(table);
            format!(
                "{} read, {} written",
                thousands(read as u64),
                thousands(written as u64)
            )
        };
        println!("  units of {USERS}: {}", units(USERS));
        println!("  units of {STATE}: {}", units(STATE));
        println!(
            "  {} groups created, {} memberships added, {} removed",
            thousands(expected.made),
            thousands(expected.joins),
            thousands(expected.leaves)
        );
        for (nth, session) in told.sessions.iter().enumerate() {
            let Loads {
                made,
                leaves,
                joins,
            } = session;
            println!(
                "  session {}: {} groups in {} requests, {} leave in {}, {} join in {}",
                nth + 1,
                thousands(made.count),
                made.requests,
                thousands(leaves.count),
                leaves.requests,
                thousands(joins.count),
                joins.requests
            );
        }
        let memberships = told.sessions.iter();
        let memberships = memberships.map(|it| it.leaves.requests + it.joins.requests);
        println!(
            "  {} requests with memberships, the fewest for each session's; {} if each could be \
             in any session",
            memberships.sum::<u64>(),
            told.together
        );
    }
    steps.end()
}

impl Expected {
    fn of(step: Step, users: u32) -> Self {
        let mut before = BTreeSet::new();
        let mut after = BTreeSet::new();
        let (mut joins, mut leaves) = (0, 0);
        for n in 0..users as usize {
            let were = match step {
                Step::First => BTreeSet::new(),
                Step::Unchanged | Step::Reorganised => teams::of(n, false),
            };
            let are = teams::of(n, step == Step::Reorganised);
            joins += are.difference(&were).count() as u64;
            leaves += were.difference(&are).count() as u64;
            before.extend(were);
            after.extend(are);
        }
        Self {
            made: after.difference(&before).count() as u64,
            joins,
            leaves,
        }
    }
}

/// Figures of a run that did not do its work are worthless.
fn expect(
    step: Step,
    expected: &Expected,
    measured: &Measured,
    told: &Told,
) -> Result<(), Trouble> {
    let Told {
        served, sessions, ..
    } = told;
    let last = measured.reports.last().ok_or("no report")?;
    let is = |what: &str, is: u64, expected: u64| {
        if is == expected {
            Ok(())
        } else {
            Err(format!("{what}: {is} instead of {expected}, in {last}"))
        }
    };
    let reported = |of: &dyn Fn(&Value) -> Option<u64>| -> u64 {
        measured.reports.iter().filter_map(of).sum()
    };
    let loaded = |of: &dyn Fn(&Loads) -> &Load| -> u64 {
        sessions.iter().map(|session| of(session).count).sum()
    };
    let Expected {
        made,
        joins,
        leaves,
    } = *expected;
    let memberships = |name: &'static str| {
        reported(&move |report| report["groups"]["memberships"][name].as_u64())
    };
    is("groups with other members", told.wrong, 0)?;
    is("users told", reported(&|it| it["upserts"].as_u64()), 0)?;
    is(
        "memberships withheld",
        reported(&|it| it["withheld"]["membershipRemovals"]["count"].as_u64()),
        0,
    )?;
    is(
        "groups reported",
        reported(&|it| it["groups"]["upserts"].as_u64()),
        made,
    )?;
    is("joins reported", memberships("added"), joins)?;
    is("leaves reported", memberships("removed"), leaves)?;
    is("groups at Okta", loaded(&|it| &it.made), made)?;
    is("joins at Okta", loaded(&|it| &it.joins), joins)?;
    is("leaves at Okta", loaded(&|it| &it.leaves), leaves)?;

    let called = |what: &str| {
        let found = served.okta.iter().find(|(call, _)| call == what);
        found.map_or(0, |(_, count)| *count)
    };
    is("questions about groups", called("GET groups"), made)?;
    is("deletions", called(&format!("POST {DELETE}")), 0)?;
    let all_made = made.div_ceil(ITEMS_PER_REQUEST as u64);
    is("requests", called(&format!("POST {MAKE}")), all_made)?;
    for (what, of) in [
        (MAKE, (|it| &it.made) as fn(&Loads) -> &Load),
        (JOIN, |it| &it.joins),
        (LEAVE, |it| &it.leaves),
    ] {
        for session in sessions {
            let Load {
                requests, least, ..
            } = of(session);
            is(what, *requests, *least)?;
        }
        let all = sessions.iter().map(|session| of(session).requests);
        is(what, called(&format!("POST {what}")), all.sum())?;
    }
    is(
        "imports",
        called("POST start-import"),
        sessions.len() as u64,
    )?;
    // People who wait for a new group are in a later session.
    if step == Step::First || made == 0 {
        let requests = sessions
            .iter()
            .map(|it| it.leaves.requests + it.joins.requests);
        let mut requests: Vec<u64> = requests.filter(|requests| *requests > 0).collect();
        requests.pop();
        // The room in a session is computed before it is packed.
        if let Some(few) = requests.iter().find(|it| **it + 1 < REQUESTS_PER_SESSION) {
            return Err(format!("a session has {few} requests, but is not the last").into());
        }
    }
    if !served.violations.is_empty() {
        return Err(format!("Okta's rules were broken: {:?}", served.violations).into());
    }
    consumed(measured, served)
}

/// When nothing has changed, both tables are read once, and nobody is taken in hand.
fn one_scan(users: u64, record_bytes: u32, told: &Told) -> Result<(), Trouble> {
    let served = &told.served;
    for (what, is, expected) in [
        (
            "scans of users",
            read(served, USERS, "Scan"),
            dynamodb::scan_units(users, record_bytes.into()),
        ),
        (
            "scans of the ledger",
            read(served, STATE, "Scan"),
            told.ledger_scan,
        ),
        ("records in hand", read(served, USERS, "BatchGetItem"), 0.0),
    ] {
        if is != expected {
            return Err(format!("{what} read {is} units instead of {expected}").into());
        }
    }
    Ok(())
}

/// For each line on standard input, reports what was requested, and prepares the next step.
pub async fn serve(
    okta: &Emulator,
    database: &DynamoDb,
    users: u32,
    record_bytes: u32,
) -> Result<(), Trouble> {
    let mut over = HashSet::new();
    for step in Step::ALL {
        let line = || std::io::stdin().read_line(&mut String::new());
        if tokio::task::spawn_blocking(line).await?? == 0 {
            return Ok(());
        }
        let told = told(okta, database, users, step, &mut over)?;
        okta.clear_requests();
        database.count_anew();
        if step == Step::Unchanged {
            database.replace_users(users, Known::InTeams { moved: true }, record_bytes);
        }
        println!("{}", serde_json::to_string(&told)?);
    }
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}

fn told(
    okta: &Emulator,
    database: &DynamoDb,
    users: u32,
    step: Step,
    over: &mut HashSet<String>,
) -> Result<Told, Trouble> {
    let requests = okta.requests();
    let mut together = [Contents::default(), Contents::default()];
    let mut sessions = Vec::new();
    for session in okta.sessions() {
        // An empty session that was cancelled was no import.
        if over.insert(session.id.clone()) && session.triggered.is_some() {
            sessions.push((
                session.triggered,
                loads(okta, &session.id, &requests, &mut together),
            ));
        }
    }
    sessions.sort_by_key(|(at, _)| *at);
    let [joins, leaves] = &together;
    Ok(Told {
        served: servers::served(okta, database),
        sessions: sessions.into_iter().map(|(_, loads)| loads).collect(),
        together: of_memberships(joins) + of_memberships(leaves),
        wrong: wrong(okta, users, step == Step::Reorganised)?,
        ledger_scan: database.ledger_scan(),
    })
}

/// Members by group.
type Contents = BTreeMap<String, Vec<String>>;

fn loads(
    okta: &Emulator,
    session: &str,
    requests: &[RequestView],
    [all_joins, all_leaves]: &mut [Contents; 2],
) -> Loads {
    let mut made = Vec::new();
    let (mut joins, mut leaves) = (Contents::new(), Contents::new());
    for one in okta.session_groups(session) {
        match one.change {
            GroupChange::Put {
                display_name,
                description,
            } => {
                let profile = json!({"displayName": display_name, "description": description});
                let item = json!({"externalId": one.group, "profile": profile});
                made.push(item.to_string().len());
            }
            GroupChange::Join { member } => joins.entry(one.group).or_default().push(member),
            GroupChange::Leave { member } => leaves.entry(one.group).or_default().push(member),
            GroupChange::Delete => {}
        }
    }
    let requests = |what: &str| {
        let path = format!("/sessions/{session}/{what}");
        let sent = requests.iter();
        let taken = sent.filter(|it| it.status == 202 && it.path.ends_with(&path));
        taken.count() as u64
    };
    let members = |contents: &Contents| contents.values().map(Vec::len).sum::<usize>() as u64;
    let loads = Loads {
        made: Load {
            count: made.len() as u64,
            requests: requests(MAKE),
            least: least(r#"{"profiles":[]}"#, made.into_iter()),
        },
        joins: Load {
            count: members(&joins),
            requests: requests(JOIN),
            least: of_memberships(&joins),
        },
        leaves: Load {
            count: members(&leaves),
            requests: requests(LEAVE),
            least: of_memberships(&leaves),
        },
    };
    for (all, these) in [(all_joins, joins), (all_leaves, leaves)] {
        for (group, members) in these {
            all.entry(group).or_default().extend(members);
        }
    }
    loads
}

fn of_memberships(contents: &Contents) -> u64 {
    let items = contents.iter().map(|(group, members)| {
        let item = json!({"groupExternalId": group, "memberExternalIds": members});
        item.to_string().len()
    });
    least(r#"{"memberships":[]}"#, items)
}

/// The fewest requests that hold items of these sizes, by their number and their bytes. All but the
/// first item of a request follow a comma.
fn least(frame: &str, items: impl Iterator<Item = usize>) -> u64 {
    let room = BYTES_PER_REQUEST - frame.len() + 1;
    let (count, bytes) = items.fold((0_usize, 0_usize), |(count, bytes), item| {
        (count + 1, bytes + item + 1)
    });
    count.div_ceil(ITEMS_PER_REQUEST).max(bytes.div_ceil(room)) as u64
}

/// How many groups at Okta have the wrong members.
fn wrong(okta: &Emulator, users: u32, moved: bool) -> Result<u64, Trouble> {
    let expected = teams::members(users, moved)?;
    let there = okta.groups();
    let ids: BTreeSet<_> = expected.keys().chain(there.keys()).collect();
    let nobody = BTreeSet::new();
    let differ = ids.into_iter().filter(|id| {
        let is = there.get(*id).map_or(&nobody, |group| &group.members);
        is != expected.get(*id).unwrap_or(&nobody)
    });
    Ok(differ.count() as u64)
}
