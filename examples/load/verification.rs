//! A verification of everybody: its checks, and how long it takes at Okta's pace.

use std::sync::Arc;

use dynamodb_identity_source::handler::Answer;
use okta_emulator::{Bucket, Options, RateLimit};
use serde_json::json;

use crate::{
    Trouble,
    dynamodb::{DynamoDb, Known},
    function::Measured,
    pace::{CALL, invoke},
    servers::{self, Served},
    table::thousands,
};

/// The number of users that Okta lists on a page (Okta's API description).
const USERS_PER_PAGE: u64 = 500;
const USERS: u32 = 100_000;

/// Everybody is listed once, as the mapping says.
pub fn expect(users: u64, measured: &Measured, served: &Served) -> Result<(), Trouble> {
    let last = measured.reports.last().ok_or("no answer")?;
    for (what, expected) in [
        ("listed", users),
        ("same", users),
        ("missing", 0),
        ("different", 0),
        ("shouldHaveLeft", 0),
        ("unknown", 0),
    ] {
        if last[what] != expected {
            return Err(format!("{what} is not {expected} in {last}").into());
        }
    }
    let pages = served.okta.iter().find(|(call, _)| call == "GET users");
    let pages = pages.map_or(0, |(_, count)| *count);
    if pages != users.div_ceil(USERS_PER_PAGE) {
        return Err(format!("{pages} pages were requested").into());
    }
    Ok(())
}

/// Plays it without a limit, with the limits recorded from a preview org, and with a quarter of the
/// limit for listing. Prints how long it took, and the calls.
pub fn pace() -> Result<(), Trouble> {
    println!(
        "\nverify-pace: {} users, each call takes {CALL:?}, virtual time",
        thousands(USERS.into())
    );
    println!("  a minute, of apps    seconds   pages   other calls   refused with 429");
    let quarter: RateLimit = "25/60s".parse()?;
    let mut narrow = Bucket::recorded();
    narrow.insert(Bucket::Apps, quarter);
    for (name, limits) in [
        ("any number", Default::default()),
        ("100, as recorded", Bucket::recorded()),
        ("25", narrow),
    ] {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()?;
        runtime.block_on(async {
            let okta = servers::emulator(Options {
                call_time: CALL,
                rate_limits: limits,
                ..Options::default()
            })
            .await?;
            servers::seed(&okta, USERS)?;
            let database = Arc::new(DynamoDb::of(USERS, Known::Everybody, 1024)?);
            let began = tokio::time::Instant::now();
            let answer = invoke(&okta, &database, &json!({"command": "verify"})).await?;
            let took = began.elapsed();
            match &answer {
                Answer::Verified(verified)
                    if !verified.more && verified.counts.same == u64::from(USERS) => {}
                other => return Err(format!("everybody should be the same, not {other:?}").into()),
            }
            let requests = okta.requests();
            let pages = requests.iter().filter(|it| it.path.ends_with("/users"));
            let refused = requests.iter().filter(|it| it.status == 429).count();
            let pages = pages.count();
            println!(
                "  {name:<18} {:>9.0} {pages:>7} {:>13} {refused:>18}",
                took.as_secs_f64(),
                requests.len() - pages,
            );
            Ok::<_, Trouble>(())
        })?;
    }
    Ok(())
}
