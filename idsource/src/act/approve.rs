//! Approves withheld people: shows them, and asks the operator.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::print;
use crate::{
    cli::{Approve, Cli},
    failure::Failure,
    place::{Need, Place},
    prompt,
    show::{self, Document, Exit, Tone, counted, report::KINDS, thousands},
};

/// The most people of a kind that a plan lists.
const LISTED: u64 = 200;

/// # Errors
/// When there is no terminal or no such list, or the operator approves nobody.
pub(crate) async fn act(cli: &Cli, place: &Place, options: &Approve) -> Result<Exit, Failure> {
    prompt::need_somebody()?;
    let event = json!({"command": "plan", "detail": true, "limit": LISTED});
    let plan = place.ask(&event, Need::Look).await?;
    let list = List::of(&plan, options.digest.as_deref())?;
    let people = list.people(&plan, &options.only)?;

    let mut document = Document::default();
    document.headline(
        Tone::Warning,
        match list.kept["since"].is_string() {
            true => format!(
                "Withheld since {}: {}",
                show::time(&list.kept["since"]),
                counted(list.count, list.word)
            ),
            false => format!("Withheld: {}", counted(list.count, list.word)),
        },
    );
    if let Some(reason) = list.kept["reason"].as_str() {
        document.line(reason);
    }
    let ids: BTreeSet<_> = people.iter().map(|row| row[0].clone()).collect();
    document.table(&["External id", "Record", "Why"], people);
    // If all of them are shown, exactly those are approved: the list may be older.
    let is_all = !options.only.is_empty() || list.is_listed(&plan);
    if !is_all {
        document.headline(
            Tone::Bad,
            format!(
                "Only {} of them are shown. You approve everybody on the last full run's list: \
                 look at the table first.",
                thousands(ids.len() as u64)
            ),
        );
    }
    let number = if is_all { ids.len() as u64 } else { list.count };
    show::ask(&document);
    let what = if is_all {
        format!("Approve {}", people_of(number, list.word))
    } else {
        format!("Approve {}", counted(number, list.word))
    };
    prompt::type_number(place, &what, number).await?;
    let reason = match &options.reason {
        Some(reason) => reason.clone(),
        None => prompt::text("Why")?,
    };
    let by = place.by().await?;
    let mut event = json!({"command": "approve", "digest": list.digest, "by": by});
    if !reason.is_empty() {
        event["reason"] = json!(reason);
    }
    if is_all {
        event["only"] = json!(ids);
    }
    let granted = place.ask(&event, Need::Change).await?;
    let mut document = Document::default();
    let approved = granted["approved"].as_u64().unwrap_or(0);
    document.headline(
        Tone::Good,
        format!(
            "Approved: {}, until {}. The next run tells them.",
            people_of(approved, list.word),
            show::time(&granted["expires"])
        ),
    );
    document.next(format!("{} sync", place.words()));
    print(cli, &granted, (document, Exit::Done))
}

/// A list names people, while memberships are counted one by one.
fn people_of(number: u64, word: &str) -> String {
    match word {
        "membership removal" => format!(
            "membership removals of {}",
            match number {
                1 => "1 person".to_owned(),
                several => format!("{} people", thousands(several)),
            }
        ),
        word => counted(number, word),
    }
}

/// A list of people that can be approved.
#[derive(Clone, Copy)]
struct List<'a> {
    kind: &'static str,
    word: &'static str,
    digest: &'a str,
    count: u64,
    kept: &'a Value,
}

impl<'a> List<'a> {
    /// The list that the operator means.
    fn of(plan: &'a Value, wanted: Option<&str>) -> Result<Self, Failure> {
        let lists = KINDS.iter().filter_map(|(kind, word)| {
            let kept = &plan["withheld"][*kind];
            Some(List {
                kind,
                word,
                digest: kept["digest"].as_str()?,
                count: kept["count"].as_u64().unwrap_or(0),
                kept,
            })
        });
        let lists: Vec<_> = lists.collect();
        match (wanted, lists.as_slice()) {
            (Some(wanted), lists) => lists
                .iter()
                .find(|list| list.digest == wanted)
                .copied()
                .ok_or_else(|| {
                    Failure::usage(format!(
                        "no list of withheld people has the digest {wanted}: `status` shows the lists there are"
                    ))
                }),
            (None, []) => Err(Failure::failed(
                "nobody can be approved: full runs list withheld people, and `status` shows them",
            )),
            (None, [one]) => Ok(*one),
            (None, several) => {
                let said = several
                    .iter()
                    .map(|list| format!("{} ({})", list.digest, counted(list.count, list.word)));
                Err(Failure::usage(format!(
                    "more than one kind is withheld, so give the digest: {}",
                    said.collect::<Vec<_>>().join(", ")
                )))
            }
        }
    }

    /// Whether a plan shows everybody on it.
    fn is_listed(&self, plan: &Value) -> bool {
        let beyond = &plan["changes"]["notListed"];
        let of = |what: &str| beyond[what].as_u64().unwrap_or(0);
        match self.kind {
            "deactivations" => of("deactivations") == 0,
            "updates" => of("upserts") == 0,
            _ => {
                let groups = show::plan::entries(&plan["changes"]["groups"]);
                let mut kept = groups.map(|group| &group["withheld"]);
                let shown = |kept: &Value| show::plan::entries(&kept["first"]).count() as u64;
                of("groups") == 0 && kept.all(|kept| kept["count"].as_u64() == Some(shown(kept)))
            }
        }
    }

    /// The people on it, as far as a plan shows them. If `only` names people, only those.
    fn people(&self, plan: &Value, only: &[String]) -> Result<Vec<Vec<String>>, Failure> {
        let changes = &plan["changes"];
        let withheld = |list: &Value| {
            let list = show::plan::entries(list).filter(|one| one["withheld"] == true);
            list.cloned().collect::<Vec<_>>()
        };
        let row = |one: &Value, why: String| {
            let of = |what: &str| show::text(&one[what]);
            vec![of("externalId"), of("record"), why]
        };
        let mut rows: Vec<_> = match self.kind {
            "deactivations" => withheld(&changes["deactivations"])
                .iter()
                .map(|one| row(one, show::plan::because(&one["reason"]).to_owned()))
                .collect(),
            "updates" => withheld(&changes["upserts"])
                .iter()
                .map(|one| {
                    let (change, what) =
                        (show::text(&one["change"]), show::list(&one["attributes"]));
                    row(one, format!("{change}: {what}"))
                })
                .collect(),
            _ => show::plan::entries(&changes["groups"])
                .flat_map(|group| {
                    let id = show::text(&group["externalId"]);
                    let people = show::plan::entries(&group["withheld"]["first"]);
                    people.map(move |who| {
                        vec![show::text(who), String::new(), format!("leaves {id}")]
                    })
                })
                .collect(),
        };
        if only.is_empty() {
            if rows.is_empty() {
                return Err(Failure::failed(
                    "this list is of strangers, inactive people unknown to the ledger: name \
                     those to deactivate with --only",
                ));
            }
            return Ok(rows);
        }
        rows.retain(|row| only.contains(&row[0]));
        // A plan names neither strangers nor people beyond its limit: the function knows its list.
        for id in only {
            if !rows.iter().any(|row| row[0] == *id) {
                rows.push(vec![
                    id.clone(),
                    String::new(),
                    "not shown by the plan".to_owned(),
                ]);
            }
        }
        Ok(rows)
    }
}
