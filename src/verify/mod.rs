//! What Okta has, compared with what it was told and with the table.
//!
//! Runs go by what was said. A verification lists the app's users and looks who is missing there,
//! different, or still active. It tells Okta nothing. It may only write the ledger: doubt, so that
//! the next run tells somebody again, through the guard; and entries of unknown people that Okta
//! has exactly as they must be, so that no run tells them.
//!
//! It believes nothing that a session of ours may have changed while it was read, and replaces
//! nothing that was written since.

mod answer;
mod came;
mod compare;
mod error;
mod groups;
mod index;
mod judge;
mod listed;
mod missing;
mod new_ids;
mod people;
mod progress;
mod still;

use jiff::Timestamp;

pub use answer::{
    Counts, Difference, Examples, GroupCounts, GroupDifference, LastVerified, NewId, NewIds,
    Verified,
};
pub use error::VerifyError;
pub(crate) use judge::May;
pub(crate) use progress::Verification;

use answer::Findings;
use came::{Came, no_time, under_way, whole_second};
use people::People;
use progress::Progress;
use still::Still;

use crate::{
    metrics,
    okta::{self, PageLink},
    sync::{Run, Time},
};

/// Verifies, or goes on with a verification, for as long as there is time.
///
/// # Errors
/// When Okta or the tables do not answer. What was found until then is kept.
pub(crate) async fn verify(
    run: &Run,
    may: May,
    run_id: &str,
    time: &Time,
) -> Result<Verified, VerifyError> {
    let (books, other_ids) = run.beside(may.write(), run_id, time).await?;
    let (first, now) = (books.log().last(), time.now());
    let mut progress = match run.reads_only {
        true => Progress::kept_nowhere(&run.ledger, may, other_ids.as_ref(), first, now).await?,
        false => Progress::read(&run.ledger, may, other_ids.as_ref(), first, now).await?,
    };
    let app = run.app.read(time).await;
    let hand = run.hand(run.users.schema().await?, app.as_deref());
    let still = Still::new(books, run, time);
    let mut people = People::new(&hand, may, still, other_ids.is_some());
    people.reads_only = run.reads_only;
    let came = Box::pin(look(run, &mut people, &mut progress, time)).await;
    let findings = progress.now.findings.clone();
    let answer = |findings, stopped| answer(findings, stopped, other_ids.is_some());
    if run.reads_only {
        return Ok(match came? {
            Came::ToTheEnd => answer(findings, None),
            Came::SoFar(reason, _) => {
                let reason = format!(
                    "{reason}; this function keeps nothing (READ_ONLY), so this is what fitted \
                     into one invocation: the function that writes goes on where it stopped"
                );
                answer(findings, Some((reason, None)))
            }
        });
    }
    match came {
        Ok(Came::ToTheEnd) => {
            if let Err(error) = progress.end(&run.ledger, time.now()).await {
                tracing::warn!(%error, "could not store that Okta was verified");
            }
            ended(&findings, other_ids.is_some());
            Ok(answer(findings, None))
        }
        Ok(Came::SoFar(reason, at)) => {
            let kept = progress.keep(&run.ledger).await;
            Ok(match kept {
                Ok(()) => answer(findings, Some((reason, Some(at)))),
                Err(error) => {
                    let reason = format!(
                        "{reason}; how far it came could not be stored ({error}), so this is what \
                         fitted into one invocation"
                    );
                    answer(findings, Some((reason, None)))
                }
            })
        }
        Err(error) => {
            if let Err(error) = progress.keep(&run.ledger).await {
                tracing::warn!(%error, "how far the verification came could not be stored");
            }
            Err(error)
        }
    }
}

fn answer(
    findings: Findings,
    stopped: Option<(String, Option<Timestamp>)>,
    other_ids: bool,
) -> Verified {
    let (reason, resume_at) = stopped.map_or((None, None), |(reason, at)| (Some(reason), at));
    Verified {
        counts: findings.counts,
        examples: findings.examples,
        new_ids: other_ids.then_some(findings.new_ids),
        more: resume_at.is_some(),
        resume_at,
        reason,
    }
}

fn ended(findings: &Findings, other_ids: bool) {
    if other_ids {
        let NewIds {
            same,
            others,
            nobody,
            ..
        } = findings.new_ids;
        tracing::info!(same, others, nobody, "checked who would get another id");
        return;
    }
    metrics::verified(findings.drifted);
    let counts = serde_json::to_string(&findings.counts).unwrap_or_default();
    tracing::info!(counts, drifted = findings.drifted, "Okta was verified");
}

/// Lists everybody, and looks for people that Okta does not list.
async fn look(
    run: &Run,
    people: &mut People<'_>,
    progress: &mut Progress,
    time: &Time,
) -> Result<Came, VerifyError> {
    if let Some(later) = people.still.somebody_else_imports().await? {
        return Ok(later);
    }
    let mut began_anew = false;
    while !progress.now.all_listed {
        if let Some(later) = no_time(time) {
            return Ok(later);
        }
        let Some(last) = people.still.wait().await? else {
            return Ok(under_way(time));
        };
        let link = progress.now.next.clone();
        let page = run.beyond.apps.insist(time.load_until(), async |calls| {
            calls.app_users(link.as_ref()).await
        });
        let page = match page.await {
            Ok(page) => page,
            Err(okta::Error::OutOfTime { resume_at, .. }) => {
                let at = resume_at.unwrap_or(time.now());
                let reason = "Okta's rate limit left no time for another page".to_owned();
                return Ok(Came::SoFar(reason, whole_second(at)));
            }
            Err(error) if has_expired(&error, link.as_ref()) && !began_anew => {
                tracing::info!("the link to the next page has expired: the listing begins again");
                began_anew = true;
                progress.begin_anew(last, time.now());
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        // Else it shows a mixture of before and after: ask for it again.
        if people.still.is_since(last).await? && people.take(page.users, last, progress).await? {
            progress.now.all_listed = page.next.is_none();
            progress.now.next = page.next;
        }
    }
    if !progress.now.all_missed {
        match missing::look(people, progress, time).await? {
            Came::ToTheEnd => progress.now.all_missed = true,
            later @ Came::SoFar(..) => return Ok(later),
        }
    }
    groups::look(run, people, progress, time).await
}

/// Okta refuses a link that is too old as it refuses any other nonsense.
fn has_expired(error: &okta::Error, link: Option<&PageLink>) -> bool {
    link.is_some() && matches!(error, okta::Error::Refused(_) | okta::Error::NotFound(_))
}
