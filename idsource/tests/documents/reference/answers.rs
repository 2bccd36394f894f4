//! reference/report.md: every field that the function answers with.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use syn::{GenericArgument, PathArguments, Type};

use super::code::{Code, Member, Shape};

/// Types that are text, a number or a time in JSON.
const PLAIN: &[(&str, &str)] = &[
    ("String", "text"),
    ("str", "text"),
    ("bool", "true or false"),
    ("u8", "number"),
    ("u16", "number"),
    ("u32", "number"),
    ("u64", "number"),
    ("i64", "number"),
    ("f64", "number"),
    ("usize", "number"),
    ("Timestamp", "time"),
    ("ExternalId", "text"),
    ("SessionId", "text"),
    ("GroupId", "text"),
    ("Digest", "text"),
    ("Number", "number"),
    ("Value", "any"),
];

/// What a type is called where it is, and in which file, if others call it otherwise.
const ALIASES: &[(&str, &str, &str)] = &[("ProvenCalls", "Calls", "src/ledger/proof.rs")];

pub struct Answers {
    code: Code,
    page: String,
    /// Shapes that were described, and those that are next.
    named: Vec<Named>,
}

/// A shape's name, and the file that has it.
type Named = (String, PathBuf);

pub fn page() -> String {
    let mut answers = Answers {
        code: Code::read(),
        page: HEAD.to_owned(),
        named: Vec::new(),
    };
    let file = Path::new("src/answer.rs").to_owned();
    let all = answers.code.shape("Answer", &file).unwrap();
    for answer in all.members {
        let (next, _) = answers.name(answer.ty.as_ref().unwrap(), &file);
        let title = answer.doc.trim_end_matches('.');
        writeln!(answers.page, "\n## {title}").unwrap();
        let mut next: Vec<_> = next.into_iter().collect();
        while let Some(shape) = next.pop() {
            next.extend(answers.describe(&shape).into_iter().rev());
        }
    }
    answers.page
}

const HEAD: &str = "\
# Answers

What the function answers each command with, field by field. This page is made from the function's
source code. Times are RFC 3339 in UTC, such as `2026-11-28T09:00:00Z`. A field that says *or null* is
always there. [Events](events.md) has the commands.
";

impl Answers {
    /// Describes a shape; gives those that it names.
    fn describe(&mut self, name: &Named) -> Vec<Named> {
        if self.named.contains(name) {
            return Vec::new();
        }
        self.named.push(name.clone());
        let (name, file) = name;
        let shape = self.code.shape(name, file).unwrap();
        let Shape {
            doc,
            members,
            is_enum,
            ..
        } = shape;
        writeln!(self.page, "\n### {name}\n\n{doc}\n").unwrap();
        let mut next = Vec::new();
        if is_enum {
            self.page.push_str("| value | |\n|---|---|\n");
            for value in &members {
                let doc = cell(&value.doc);
                writeln!(self.page, "| `{}` | {doc} |", value.name).unwrap();
            }
        } else {
            self.page.push_str("| field | type | |\n|---|---|---|\n");
            self.rows(&members, file, &mut next);
        }
        next
    }

    fn rows(&mut self, members: &[Member], file: &Path, next: &mut Vec<Named>) {
        for field in members {
            let ty = field.ty.as_ref().unwrap();
            let (name, said) = self.name(ty, file);
            if field.flattened {
                let named = name.unwrap();
                if self.named.contains(&named) {
                    writeln!(self.page, "| all fields of {said} | | |").unwrap();
                } else {
                    let shape = self.code.shape(&named.0, &named.1).unwrap();
                    self.rows(&shape.members, &named.1, next);
                }
                continue;
            }
            let absent = if field.optional {
                ", absent if there is none"
            } else {
                ""
            };
            assert!(!field.doc.is_empty(), "nothing says what {} is", field.name);
            let doc = cell(&field.doc);
            writeln!(self.page, "| `{}` | {said}{absent} | {doc} |", field.name).unwrap();
            next.extend(name);
        }
    }

    /// The shape that a type names, if there is one to be described, and how it is called.
    fn name(&self, ty: &Type, file: &Path) -> (Option<Named>, String) {
        let ty = match ty {
            Type::Reference(it) => &*it.elem,
            ty => ty,
        };
        let path = match ty {
            Type::Path(it) => it.path.segments.last().unwrap(),
            Type::Slice(it) => {
                let (name, said) = self.name(&it.elem, file);
                return (name, format!("list of {said}"));
            }
            Type::Array(it) => {
                let (name, said) = self.name(&it.elem, file);
                return (name, format!("list of {said}"));
            }
            _ => panic!("a type that is not described"),
        };
        let inner: Vec<_> = match &path.arguments {
            PathArguments::AngleBracketed(arguments) => arguments.args.iter().collect(),
            _ => Vec::new(),
        };
        let inner = inner.into_iter().filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        });
        let inner: Vec<_> = inner.collect();
        let ident = path.ident.to_string();
        match (ident.as_str(), inner.last()) {
            ("Box" | "Arc" | "Cow", Some(inner)) => self.name(inner, file),
            ("Option", Some(inner)) => {
                let (name, said) = self.name(inner, file);
                (name, format!("{said} or null"))
            }
            ("Vec" | "VecDeque" | "BTreeSet", Some(inner)) => {
                let (name, said) = self.name(inner, file);
                (name, format!("list of {said}"))
            }
            ("BTreeMap" | "HashMap", Some(inner)) => {
                let (name, said) = self.name(inner, file);
                (name, format!("object, each {said}"))
            }
            _ => {
                if let Some((_, said)) = PLAIN.iter().find(|(name, _)| *name == ident) {
                    return (None, (*said).to_owned());
                }
                let alias = ALIASES.iter().find(|(alias, ..)| *alias == ident);
                let (ident, file) = match alias {
                    Some((_, name, file)) => ((*name).to_owned(), Path::new(*file)),
                    None => (ident, file),
                };
                let shape = self.code.shape(&ident, file);
                let shape = shape.unwrap_or_else(|| panic!("no type is called {ident}"));
                if shape.is_transparent {
                    return (None, "text".to_owned());
                }
                let said = format!("[{ident}](#{})", ident.to_lowercase());
                (Some((ident, shape.file)), said)
            }
        }
    }
}

/// Text in a table.
pub fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
