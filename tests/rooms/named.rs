//! What a module's code names, beside what it takes by `use`: paths in types, expressions and
//! patterns, within macros' arguments, and in attributes that give a path as text.

use std::collections::HashSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, Macro, Meta, PatIdent, Path, Stmt, TraitItem};

use crate::only_tests::{is_only_in_tests, test_only};

/// A path's segments, as the source has them.
pub(crate) type Segments = Vec<String>;

/// A module's children are modules of their own, and not in `items`.
pub(crate) fn names(items: &[Item]) -> Vec<Segments> {
    let mut code = Code::default();
    items.iter().for_each(|item| code.visit_item(item));
    // A word alone that some pattern binds is a variable rather than a function of that name.
    let Code { found, variables } = code;
    found
        .into_iter()
        .filter(|name| name.len() > 1 || !variables.contains(&name[0]))
        .collect()
}

#[derive(Default)]
struct Code {
    found: Vec<Segments>,
    variables: HashSet<String>,
}

impl Visit<'_> for Code {
    fn visit_item(&mut self, item: &Item) {
        if !is_only_in_tests(item) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &ImplItem) {
        let tests = match item {
            ImplItem::Const(item) => test_only(&item.attrs),
            ImplItem::Fn(item) => test_only(&item.attrs),
            _ => false,
        };
        if !tests {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &TraitItem) {
        if !matches!(item, TraitItem::Fn(item) if test_only(&item.attrs)) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_stmt(&mut self, statement: &Stmt) {
        if !matches!(statement, Stmt::Local(local) if test_only(&local.attrs)) {
            visit::visit_stmt(self, statement);
        }
    }

    fn visit_path(&mut self, path: &Path) {
        if path.leading_colon.is_none() {
            self.found.push(
                path.segments
                    .iter()
                    .map(|segment| segment.ident.to_string())
                    .collect(),
            );
        }
        visit::visit_path(self, path);
    }

    fn visit_pat_ident(&mut self, pattern: &PatIdent) {
        let name = pattern.ident.to_string();
        // `None` and the like are patterns of one word, too, and bind nothing.
        if name.starts_with(|first: char| first.is_lowercase() || first == '_') {
            self.variables.insert(name);
        } else {
            self.found.push(vec![name]);
        }
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_macro(&mut self, called: &Macro) {
        self.visit_path(&called.path);
        self.tokens(called.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
            self.texts(list.tokens.clone());
        }
    }
}

impl Code {
    /// Names in what a macro is given, which need not be Rust but mostly is.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let colon = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(mark)) if mark.as_char() == ':');
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(first) => {
                    let after_dot = matches!(at.checked_sub(1).map(|at| &tokens[at]),
                        Some(TokenTree::Punct(mark)) if mark.as_char() == '.');
                    let from_outside = at > 1 && colon(at - 1) && colon(at - 2);
                    let mut name = vec![first.to_string()];
                    while colon(at + 1)
                        && colon(at + 2)
                        && let Some(TokenTree::Ident(next)) = tokens.get(at + 3)
                    {
                        name.push(next.to_string());
                        at += 3;
                    }
                    let called = matches!(tokens.get(at + 1),
                        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
                    let small =
                        name[0].starts_with(|first: char| first.is_lowercase() || first == '_');
                    // A small word alone is a variable, a field or a keyword, unless it is called.
                    let alone = small && name.len() == 1;
                    if !from_outside && (!alone || called && !after_dot) {
                        self.found.push(name);
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// `#[serde(with = "a::path")]`: what is one word alone is defined here or taken by `use`.
    fn texts(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.texts(group.stream()),
                TokenTree::Literal(literal) => {
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string())
                        && let Ok(path) = text.parse::<Path>()
                        && path.segments.len() > 1
                    {
                        self.visit_path(&path);
                    }
                }
                _ => {}
            }
        }
    }
}
