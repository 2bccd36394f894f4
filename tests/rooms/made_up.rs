//! Sources that are made up, so that it is seen what counts.

use crate::circles::circles;
use crate::tree::Tree;

/// The circles of these files, each with its text.
fn of(files: &[(&str, &str)]) -> Vec<String> {
    let read = |file: &str| {
        let found = files.iter().find(|(name, _)| file == format!("src/{name}"));
        found.map(|(_, text)| (*text).to_owned())
    };
    circles(&Tree::read("src", &read))
}

const LIB: (&str, &str) = ("lib.rs", "mod a; mod b;");
const B: (&str, &str) = ("b.rs", "use crate::a::A; pub fn b(_: A) {} pub struct B;");

#[test]
fn two_modules_that_name_each_other_are_told_with_what_they_name() {
    let found = of(&[LIB, B, ("a.rs", "use crate::b::B; pub struct A(B);")]);

    assert_eq!(
        found,
        ["in crate: a, b\n    \
          a → b because of B in src/a.rs\n    \
          b → a because of A in src/b.rs\n"]
    );
}

#[test]
fn one_direction_is_no_circle_and_neither_are_tests() {
    for a in [
        "pub struct A;",
        "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }",
        "pub struct A; #[cfg(test)] fn test() { crate::b::b(A); }",
        "pub struct A; impl A { #[cfg(test)] fn test(_: crate::b::B) {} }",
        "pub struct A; #[cfg(all(test, unix))] use crate::b::B;",
        // Another crate's, and a variable.
        "pub struct A; use ::b::B; fn a() { ::b::b(A); let b = 1; vec![b] }",
        "pub struct A; use crate::b; fn a(b: u8) -> u8 { b }",
    ] {
        assert_eq!(of(&[LIB, B, ("a.rs", a)]), <[String; 0]>::default(), "{a}");
    }
}

#[test]
fn whatever_names_an_item_counts() {
    for a in [
        "pub struct A(crate::b::B);",
        "pub struct A; fn a() { crate::b::b(A) }",
        "pub struct A; fn a() { super::b::b(A) }",
        "pub struct A; use crate::b; fn a() { b::b(A) }",
        "pub struct A; use crate::{b as other}; fn a() { other::b(A) }",
        "pub struct A; use super::b::*; fn a() { b(A) }",
        "pub struct A; fn a() { use crate::b::B; B; }",
        "pub struct A; fn a() { format!(\"{}\", crate::b::b(A)) }",
        "pub struct A; impl From<crate::b::B> for A { fn from(_: crate::b::B) -> A { A } }",
        "#[derive(Serialize)] pub struct A(#[serde(with = \"crate::b::b\")] u8);",
        "pub struct A; #[cfg(not(unix))] use crate::b::B;",
        "pub struct A; pub use crate::b::B;",
        "pub struct A; mod below { fn a() { crate::b::b(super::A) } }",
    ] {
        assert_eq!(of(&[LIB, B, ("a.rs", a)]).len(), 1, "{a}");
    }
}

#[test]
fn what_is_passed_on_counts_for_where_it_is_defined() {
    let lib = "mod a; mod b; mod c; pub use c::C;";
    let through_the_root = [
        ("lib.rs", lib),
        ("a.rs", "use crate::C; pub struct A(C);"),
        ("b.rs", ""),
        ("c.rs", "use crate::a::A; pub struct C(A);"),
    ];
    let found = of(&through_the_root);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("a → c because of C"), "{found:?}");

    // By way of a module that takes all of another one, and of one that has another name for it.
    let found = of(&[
        ("lib.rs", lib),
        ("a.rs", "use crate::b::D; pub struct A(D);"),
        (
            "b.rs",
            "pub use crate::b::all::*; mod all { pub use crate::c::C as D; }",
        ),
        ("c.rs", "use crate::a::A; pub struct C(A);"),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("a → c because of C"), "{found:?}");
}

#[test]
fn all_that_is_below_a_module_is_the_module_to_those_beside_it() {
    let found = of(&[
        LIB,
        ("a/mod.rs", "mod one; mod two; pub struct A;"),
        ("a/one.rs", "use crate::b::B;"),
        ("a/two.rs", ""),
        B,
    ]);

    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("a → b because of B in src/a/one.rs"),
        "{found:?}"
    );
}

#[test]
fn a_parent_may_use_its_children_unless_they_use_what_is_in_its_own_file() {
    let child = ("a/below.rs", "use super::Kind; pub struct Below(Kind);");
    let kind = ("a/kind.rs", "pub enum Kind {}");
    let apart = "mod below; mod kind; pub use kind::Kind; use below::Below; pub struct A(Below);";
    assert!(of(&[("lib.rs", "mod a;"), ("a.rs", apart), child, kind]).is_empty());

    let passes_on = "mod below; pub use below::Below; pub enum Kind {}";
    assert!(of(&[("lib.rs", "mod a;"), ("a.rs", passes_on), child]).is_empty());

    for uses in [
        "mod below; use below::Below; pub struct A(Below); pub enum Kind {}",
        "mod below; pub use below::Below; pub struct A(Below); pub enum Kind {}",
    ] {
        let found = of(&[("lib.rs", "mod a;"), ("a.rs", uses), child]);
        assert_eq!(
            found,
            ["in crate::a: (its own file), below\n    \
              (its own file) → below because of Below in src/a.rs\n    \
              below → (its own file) because of Kind in src/a/below.rs\n"]
        );
    }
}

#[test]
fn a_circle_of_three_is_one_and_those_outside_it_are_not_named() {
    let found = of(&[
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "use crate::c::C; pub struct B;"),
        ("c.rs", "use crate::{a::A, d::D}; pub struct C;"),
        ("d.rs", "pub struct D;"),
    ]);

    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("in crate: a, b, c\n"), "{found:?}");
    assert!(!found[0].contains("because of D"), "{found:?}");
}
