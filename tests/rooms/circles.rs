//! Which modules name each other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::resolve::Target;
use crate::tree::{Tree, Use};

/// What a module's own file is called among the modules that it declares.
const OWN_FILE: &str = "(its own file)";

/// From one of a module's children to another: what is named, and in which files.
type Arrows = BTreeMap<(String, String), BTreeSet<(String, String)>>;

/// A text for each circle. Modules of which each reaches each other are one, however many ways
/// there are.
pub(crate) fn circles(tree: &Tree) -> Vec<String> {
    let levels = levels(tree);
    levels
        .iter()
        .flat_map(|(parent, arrows)| tied(parent, arrows))
        .collect()
}

/// The arrows among the children of each module.
fn levels(tree: &Tree) -> BTreeMap<String, Arrows> {
    let mut levels = BTreeMap::<String, Arrows>::new();
    for (from, module) in tree.0.iter().enumerate() {
        let taken = module.taken.iter().flat_map(|taken| {
            let targets = tree.resolve(from, &taken.path).into_iter();
            targets.filter(|target| !is_passed_on(tree, from, taken, target))
        });
        let named = module
            .names
            .iter()
            .flat_map(|name| tree.resolve(from, name));
        for target in taken.chain(named) {
            // Naming a module alone takes nothing from it yet.
            let Target::Item(to, item) = target else {
                continue;
            };
            if to == from {
                continue;
            }
            let (from, to) = (&module.path, &tree.0[to].path);
            let steps = from.iter().zip(to);
            let shared = steps.take_while(|(from, to)| from == to).count();
            let child = |path: &[String]| {
                let child = path.get(shared).map(String::as_str);
                child.unwrap_or(OWN_FILE).to_owned()
            };
            let parent = [&["crate".to_owned()], &from[..shared]].concat().join("::");
            let arrows = levels.entry(parent).or_default();
            let why = arrows.entry((child(from), child(to))).or_default();
            why.insert((item, module.file.clone()));
        }
    }
    levels
}

/// Whether a module only passes on what is below it, which is what a parent is for.
fn is_passed_on(tree: &Tree, module: usize, taken: &Use, target: &Target) -> bool {
    let (Target::Module(target) | Target::Item(target, _)) = target;
    taken.passed_on && tree.0[*target].path.starts_with(&tree.0[module].path)
}

fn tied(parent: &str, arrows: &Arrows) -> Vec<String> {
    let rooms: BTreeSet<_> = arrows.keys().map(|(from, _)| from.as_str()).collect();
    let reached = |room| (room, reached(room, arrows));
    let reached: BTreeMap<_, _> = rooms.iter().copied().map(reached).collect();
    let reaches = |from: &str, to: &str| reached.get(from).is_some_and(|all| all.contains(to));
    let mut circles = BTreeSet::new();
    for room in rooms.iter().filter(|room| reaches(room, room)) {
        let with = rooms
            .iter()
            .filter(|other| reaches(room, other) && reaches(other, room));
        circles.insert(with.copied().collect::<Vec<_>>());
    }
    circles
        .iter()
        .map(|circle| text(parent, circle, arrows))
        .collect()
}

fn reached<'a>(room: &'a str, arrows: &'a Arrows) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![room];
    while let Some(room) = open.pop() {
        let next = arrows.keys().filter(|(from, _)| from == room);
        open.extend(
            next.map(|(_, to)| to.as_str())
                .filter(|to| found.insert(*to)),
        );
    }
    found
}

fn text(parent: &str, circle: &[&str], arrows: &Arrows) -> String {
    let mut text = format!("in {parent}: {}\n", circle.join(", "));
    for ((from, to), why) in arrows {
        if circle.contains(&from.as_str()) && circle.contains(&to.as_str()) {
            let why = why.iter().map(|(item, file)| format!("{item} in {file}"));
            let why = why.collect::<Vec<_>>().join(", ");
            let _ = writeln!(text, "    {from} → {to} because of {why}");
        }
    }
    text
}
