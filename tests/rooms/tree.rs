//! A crate's sources as a tree of modules: what each declares, and what it takes from where.

use std::collections::{HashMap, HashSet};

use syn::visit::Visit;
use syn::{Item, ItemUse, UseTree, Visibility};

use crate::named::{self, Segments};
use crate::only_tests::is_only_in_tests;

#[derive(Default)]
pub(crate) struct Module {
    /// Its names from the crate's root down, without `crate`.
    pub(crate) path: Segments,
    pub(crate) file: String,
    pub(crate) parent: Option<usize>,
    pub(crate) children: HashMap<String, usize>,
    /// What is defined here, but for modules.
    pub(crate) items: HashSet<String>,
    /// What `use` gives a name to, here or in a function's body.
    pub(crate) taken: Vec<Use>,
    /// What else the code names.
    pub(crate) names: Vec<Segments>,
}

pub(crate) struct Use {
    /// `None` where it is `*`; `_` where it is taken for its methods alone.
    pub(crate) local: Option<String>,
    pub(crate) path: Segments,
    /// A re-export, however far it is seen.
    pub(crate) passed_on: bool,
}

/// All modules, the root first.
pub(crate) struct Tree(pub(crate) Vec<Module>);

impl Tree {
    /// From `lib.rs` in a folder; `read` gives a file's text if there is such a file.
    pub(crate) fn read(folder: &str, read: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut tree = Self(Vec::new());
        let root = Module {
            file: format!("{folder}/lib.rs"),
            ..Module::default()
        };
        tree.file(root, folder, read);
        tree
    }

    fn file(
        &mut self,
        module: Module,
        folder: &str,
        read: &dyn Fn(&str) -> Option<String>,
    ) -> usize {
        let text =
            read(&module.file).unwrap_or_else(|| panic!("{} is not to be read", module.file));
        let source =
            syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", module.file));
        self.module(module, source.items, folder, read)
    }

    /// `folder` is where the module's children have their files.
    fn module(
        &mut self,
        mut module: Module,
        items: Vec<Item>,
        folder: &str,
        read: &dyn Fn(&str) -> Option<String>,
    ) -> usize {
        let index = self.0.len();
        let (modules, items): (Vec<_>, Vec<_>) = items
            .into_iter()
            .filter(|item| !is_only_in_tests(item))
            .partition(|item| matches!(item, Item::Mod(_)));
        let (path, file) = (module.path.clone(), module.file.clone());
        for item in &items {
            module.items.extend(defined(item));
            let mut uses = Uses(&mut module.taken);
            uses.visit_item(item);
        }
        module.names = named::names(&items);
        self.0.push(module);
        for item in modules {
            let Item::Mod(item) = item else { continue };
            let name = item.ident.to_string();
            let below = format!("{folder}/{name}");
            let mut child = Module {
                path: [path.as_slice(), std::slice::from_ref(&name)].concat(),
                file: file.clone(),
                parent: Some(index),
                ..Module::default()
            };
            let child = if let Some((_, items)) = item.content {
                self.module(child, items, &below, read)
            } else {
                let files = [format!("{below}.rs"), format!("{below}/mod.rs")];
                let found = files.into_iter().find(|file| read(file).is_some());
                child.file =
                    found.unwrap_or_else(|| panic!("{file} declares {name}, which has no file"));
                self.file(child, &below, read)
            };
            self.0[index].children.insert(name, child);
        }
        index
    }
}

fn defined(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// Finds every `use`, at whatever depth of the code.
struct Uses<'a>(&'a mut Vec<Use>);

impl Visit<'_> for Uses<'_> {
    fn visit_item_use(&mut self, item: &ItemUse) {
        // What begins with `::` is another crate's.
        if item.leading_colon.is_none() {
            let passed_on = !matches!(item.vis, Visibility::Inherited);
            leaves(&item.tree, &Vec::new(), passed_on, self.0);
        }
    }

    fn visit_item(&mut self, item: &Item) {
        if !is_only_in_tests(item) {
            syn::visit::visit_item(self, item);
        }
    }
}

fn leaves(tree: &UseTree, before: &Segments, passed_on: bool, found: &mut Vec<Use>) {
    let with = |name: String| [before.as_slice(), &[name]].concat();
    match tree {
        UseTree::Path(path) => leaves(&path.tree, &with(path.ident.to_string()), passed_on, found),
        UseTree::Group(group) => group
            .items
            .iter()
            .for_each(|tree| leaves(tree, before, passed_on, found)),
        UseTree::Glob(_) => found.push(Use {
            local: None,
            path: before.clone(),
            passed_on,
        }),
        UseTree::Name(name) if name.ident == "self" => {
            found.push(Use {
                local: before.last().cloned(),
                path: before.clone(),
                passed_on,
            });
        }
        UseTree::Name(name) => {
            let name = name.ident.to_string();
            found.push(Use {
                local: Some(name.clone()),
                path: with(name),
                passed_on,
            });
        }
        UseTree::Rename(rename) => {
            let path = if rename.ident == "self" {
                before.clone()
            } else {
                with(rename.ident.to_string())
            };
            found.push(Use {
                local: Some(rename.rename.to_string()),
                path,
                passed_on,
            });
        }
    }
}
