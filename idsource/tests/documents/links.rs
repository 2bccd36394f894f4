//! Links lead somewhere.

use std::{collections::HashSet, path::PathBuf};

use crate::{
    assert_nothing,
    pages::{Page, all_pages, book},
    root,
};

#[test]
fn every_link_within_the_project_leads_somewhere() {
    let pages = all_pages();
    let wrong = pages.iter().flat_map(|page| {
        let inner = page.links.iter().filter(|link| !is_outside(&link.to));
        inner.filter_map(|link| {
            let why = follow(page, &link.to, &pages)?;
            Some(format!("{}: {} {why}", page.at(link.line), link.to))
        })
    });

    assert_nothing(wrong.collect());
}

#[test]
fn every_page_is_in_the_books_contents() {
    let contents = Page::read(&PathBuf::from("docs/SUMMARY.md"));
    let named: HashSet<_> = contents
        .links
        .iter()
        .map(|link| PathBuf::from("docs").join(&link.to))
        .collect();
    let summary = PathBuf::from("docs/SUMMARY.md");
    let missing = book().into_iter();
    let missing = missing.filter(|path| *path != summary && !named.contains(path));

    assert_nothing(missing.map(|path| path.display().to_string()).collect());
}

/// A stranger's questions, and the page that answers each.
const QUESTIONS: [(&str, &str); 10] = [
    (
        "What does it do to people who leave?",
        "docs/tasks/leavers.md",
    ),
    (
        "What if my table is emptied?",
        "docs/running/emptied-table.md",
    ),
    ("What does it cost?", "docs/running/cost.md"),
    ("How do I try it?", "docs/start/walkthrough.md"),
    ("How do I install it?", "docs/start/deploy.md"),
    ("How do I stop it?", "docs/tasks/pause.md"),
    ("Who may do what?", "docs/tasks/permissions.md"),
    ("What does it send to Okta?", "docs/why/okta-calls.md"),
    ("What if Okta is down?", "docs/running/okta-down.md"),
    ("How do I leave it again?", "docs/running/leaving.md"),
];

#[test]
fn readme_answers_a_strangers_questions_in_one_click() {
    let readme = Page::read(&PathBuf::from("README.md"));
    let missing = QUESTIONS
        .iter()
        .filter(|(question, page)| !readme.text.contains(&format!("[{question}]({page})")));

    assert_nothing(
        missing
            .map(|(question, _)| (*question).to_owned())
            .collect(),
    );
}

fn is_outside(to: &str) -> bool {
    to.contains("://") || to.starts_with("mailto:")
}

/// Why a link leads nowhere.
fn follow(page: &Page, to: &str, pages: &[Page]) -> Option<String> {
    let (path, anchor) = to.split_once('#').unwrap_or((to, ""));
    let target = match path {
        "" => page.path.clone(),
        path => plain(&page.path.parent().unwrap().join(path)),
    };
    if !root().join(&target).exists() {
        return Some("is not there".to_owned());
    }
    if anchor.is_empty() {
        return None;
    }
    match pages.iter().find(|page| page.path == target) {
        Some(page) if page.anchors.iter().any(|one| one == anchor) => None,
        Some(page) => Some(format!("has no such heading among {:?}", page.anchors)),
        None => Some("has no headings that are known".to_owned()),
    }
}

/// A path without `..`.
fn plain(path: &std::path::Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(plain.pop()),
            std::path::Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}
