//! The failure queue: shows what it holds, and retries it.

mod lost;

use std::collections::HashSet;

use serde_json::{Value, json};

use self::lost::{Lost, Waiting, What};
use super::{print, sync, to_the_end};
use crate::{
    cli::{Cli, Queue},
    failure::Failure,
    place::{Need, Place, Stack},
    prompt,
    show::{self, Document, Exit, Tone, counted},
};

/// # Errors
/// When the queue cannot be read, or the operator does not confirm the retry.
pub(crate) async fn act(cli: &Cli, place: &Place, options: &Queue) -> Result<Exit, Failure> {
    let Place::Stack(stack) = place else {
        return Err(Failure::usage(
            "only a stack has a failure queue: use --stack NAME",
        ));
    };
    let queue = Waiting::of(stack)?;
    if options.retry {
        prompt::confirm(place, "Retry what is in the failure queue", cli.yes).await?;
        return retry(cli, place, stack, &queue).await;
    }
    let lost = queue.look().await?;
    // SQS's count can be a minute old.
    let all = queue.count().await?.max(lost.len() as u64);
    let mut document = Document::default();
    let rows = lost
        .iter()
        .map(|lost| vec![lost.at.clone(), lost.what.words(), lost.why.clone()]);
    document.table(&["Given up", "What", "Why"], rows.collect());
    document.headline(
        if all == 0 { Tone::Good } else { Tone::Warning },
        format!("{} in the failure queue.", counted(all, "message")),
    );
    document.next(if all == 0 {
        format!("{} status", place.words())
    } else {
        format!("{} queue --retry", place.words())
    });
    let answer: Vec<_> = lost
        .iter()
        .map(|lost| json!({"at": lost.at, "what": lost.what.words(), "why": lost.why}))
        .collect();
    let exit = Exit::differs(all > 0);
    print(cli, &Value::Array(answer), (document, exit))
}

/// Retries what can be retried. Messages that a full sync makes up for are deleted only if it began
/// after they were seen in the queue. While it runs, all messages stay visible to others.
async fn retry(cli: &Cli, place: &Place, stack: &Stack, queue: &Waiting) -> Result<Exit, Failure> {
    let mut document = Document::default();
    let seen = queue.look().await?;
    let by_sync = seen.iter().filter(|lost| lost.what.is_for_a_sync());
    let mut healed: HashSet<_> = by_sync.map(|lost| lost.id.clone()).collect();
    if !healed.is_empty() {
        match sync::whole(stack).await {
            Ok(report) => {
                document.line(show::report::line(&report));
                let is_whole = sync::is_done(&report);
                if !is_whole {
                    document.headline(
                        Tone::Warning,
                        "The full sync did not finish, so the messages it makes up for stay in the queue.",
                    );
                    healed.clear();
                }
            }
            Err(why) => {
                document.headline(Tone::Bad, format!("The full sync failed: {why}"));
                healed.clear();
            }
        }
    }
    let (mut sent, mut made_up_for) = (0, 0);
    let mut left = Vec::new();
    let done = async {
        let mut met = HashSet::new();
        while let Some(lost) = queue.take().await? {
            let is_new = met.insert(lost.id.clone());
            if !is_new {
                left.push(lost);
                break;
            }
            if healed.contains(&lost.id) {
                queue.delete(&lost).await?;
                made_up_for += 1;
                continue;
            }
            match again(place, stack, &lost).await {
                Some(Ok(())) => {
                    queue.delete(&lost).await?;
                    sent += 1;
                }
                Some(Err(why)) => {
                    document.headline(Tone::Bad, format!("{}: {why}", lost.what.words()));
                    left.push(lost);
                }
                None => left.push(lost),
            }
        }
        Ok::<_, Failure>(())
    };
    let done = done.await;
    for lost in &left {
        queue.show_again(lost).await;
    }
    done?;
    // SQS's count can be a minute old.
    let all = queue.count().await?.max(left.len() as u64);
    document.headline(
        if all == 0 { Tone::Good } else { Tone::Warning },
        format!(
            "{sent} sent again, {made_up_for} made up for by a full sync, {all} left in the queue"
        ),
    );
    document.next(if all == 0 {
        format!("{} status", place.words())
    } else {
        format!("{} queue", place.words())
    });
    let answer = json!({"sent": sent, "madeUpFor": made_up_for, "left": all});
    let exit = Exit::differs(all > 0);
    print(cli, &answer, (document, exit))
}

/// Sends an event to the function again. `None` if it is not retried that way.
async fn again(place: &Place, stack: &Stack, lost: &Lost) -> Option<Result<(), Failure>> {
    let left = |is_done: bool, why: &str| match is_done {
        true => Ok(()),
        false => Err(Failure::failed(why)),
    };
    let asked = match &lost.what {
        // An older push never overwrites a newer one, so sending it again is harmless.
        What::Push { event, .. } => stack.ask(event, Need::Change).await.and_then(|report| {
            let rejected = &report["rejected"]["count"];
            left(
                rejected.as_u64() == Some(0),
                "some of its records are rejected: the sender must fix them",
            )
        }),
        What::Sync { event } => sync::run(place, event)
            .await
            .and_then(|report| left(sync::is_done(&report), "the sync did not finish")),
        What::Verification { event } => {
            to_the_end(place, event, Need::Change)
                .await
                .and_then(|verified| {
                    let is_done = verified["more"] != true && verified["reason"].is_null();
                    left(is_done, "the verification did not finish")
                })
        }
        What::Batch(_) | What::Run | What::Unknown => return None,
    };
    Some(asked)
}
