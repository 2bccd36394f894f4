//! No two modules name each other in a circle, so that each can be read, tested and changed by
//! those that it stands on.
//!
//! A module names another where its code names an item that is defined there: by `use`, by a path,
//! in a macro's arguments, in an attribute. What is re-exported counts for where it is defined,
//! however many modules have passed it on. Code that is compiled for tests alone does not count.
//!
//! Modules are compared with those beside them, at every depth of the tree: whatever is below one of
//! them counts as that one. **A parent's own file is one of its children here.** It may use what it
//! declares; but then no child may use an item that is defined in the parent's file. That item is the
//! smaller idea, and gets a file of its own. Passing on what is below (`pub use`) is no use of it.
//!
//! What is not seen: a method that is called on a value, wherever it is written, names nothing.

mod circles;
mod made_up;
mod named;
mod only_tests;
mod resolve;
mod tree;

use std::path::Path;

use tree::Tree;

/// Fails with the circles of the crate in this folder, if it has any.
fn assert_no_circles(folder: &str) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| std::fs::read_to_string(here.join(file)).ok();
    let circles = circles::circles(&Tree::read(folder, &read));
    assert!(
        circles.is_empty(),
        "modules name each other in a circle: find the smaller idea in it, and give it a module\n\n{}",
        circles.join("\n")
    );
}

#[test]
fn no_two_modules_of_the_function_name_each_other_in_a_circle() {
    assert_no_circles("src");
}

#[test]
fn no_two_modules_of_the_emulator_name_each_other_in_a_circle() {
    assert_no_circles("okta-emulator/src");
}
