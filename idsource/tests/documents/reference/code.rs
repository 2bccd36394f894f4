//! The function's sources, as far as their documentation makes pages.

use std::{
    fs,
    path::{Path, PathBuf},
};

use syn::{Attribute, Expr, Fields, Item, Lit, Meta, Type};

use crate::{files, root};

/// The sources of the function, file by file.
pub struct Code {
    files: Vec<(PathBuf, syn::File)>,
}

/// A struct's field, or an enum's variant.
pub struct Member {
    /// As it is called in JSON.
    pub name: String,
    /// What it is; `None` for a variant.
    pub ty: Option<Type>,
    pub doc: String,
    pub fields: Vec<Member>,
    /// Whether its own members stand in its place.
    pub flattened: bool,
    /// Whether it may be absent.
    pub optional: bool,
}

/// A struct or an enum.
pub struct Shape {
    /// Where it is.
    pub file: PathBuf,
    is_serialized: bool,
    pub doc: String,
    pub members: Vec<Member>,
    pub is_enum: bool,
    /// Whether a value of it is that of its only field.
    pub is_transparent: bool,
}

impl Code {
    pub fn read() -> Self {
        let parsed = |path: PathBuf| {
            let text = fs::read_to_string(root().join(&path)).unwrap();
            (path, syn::parse_file(&text).unwrap())
        };
        let files = files(&["src"], "rs").into_iter().map(parsed).collect();
        Self { files }
    }

    /// The struct or enum of this name: that of the same file, else the one that is an answer.
    pub fn shape(&self, name: &str, near: &Path) -> Option<Shape> {
        let found = self.files.iter().flat_map(|(path, file)| {
            let items = file.items.iter();
            items.filter_map(move |item| shape(item, name, path))
        });
        let mut found: Vec<_> = found.collect();
        // The nearest file's, else the one that is an answer.
        let common = |shape: &Shape| {
            let parts = shape.file.components().zip(near.components());
            parts.take_while(|(one, other)| one == other).count()
        };
        if let Some(most) = found.iter().map(common).max() {
            found.retain(|shape| common(shape) == most);
        }
        if found.len() > 1 {
            found.retain(|shape| shape.is_serialized);
        }
        assert!(
            found.len() < 2,
            "{name} is the name of {} types",
            found.len()
        );
        found.pop()
    }

    /// A constant's documentation.
    pub fn constant(&self, name: &str, file: &str) -> Option<String> {
        let files = self
            .files
            .iter()
            .filter(|(path, _)| path == Path::new(file));
        let mut items = files.flat_map(|(_, file)| &file.items);
        items.find_map(|item| match item {
            Item::Const(it) if it.ident == name => Some(doc(&it.attrs)),
            _ => None,
        })
    }
}

fn shape(item: &Item, name: &str, file: &Path) -> Option<Shape> {
    match item {
        Item::Struct(it) if it.ident == name => Some(Shape {
            file: file.to_owned(),
            is_serialized: is_serialized(&it.attrs),
            doc: doc(&it.attrs),
            members: fields(&it.fields, &serde(&it.attrs)),
            is_enum: false,
            is_transparent: matches!(&it.fields, Fields::Unnamed(fields) if fields.unnamed.len() == 1),
        }),
        Item::Enum(it) if it.ident == name => {
            let said = serde(&it.attrs);
            let variants = it
                .variants
                .iter()
                .filter(|one| !says(&serde(&one.attrs), "skip"));
            Some(Shape {
                file: file.to_owned(),
                is_serialized: is_serialized(&it.attrs),
                doc: doc(&it.attrs),
                members: variants
                    .map(|variant| Member {
                        name: renamed(
                            &variant.ident.to_string(),
                            &serde(&variant.attrs),
                            &said,
                            true,
                        ),
                        ty: match &variant.fields {
                            Fields::Unnamed(fields) => {
                                fields.unnamed.first().map(|it| it.ty.clone())
                            }
                            _ => None,
                        },
                        doc: doc(&variant.attrs),
                        fields: fields(&variant.fields, &fields_said(&said)),
                        flattened: false,
                        optional: false,
                    })
                    .collect(),
                is_enum: true,
                is_transparent: false,
            })
        }
        _ => None,
    }
}

fn is_serialized(attrs: &[Attribute]) -> bool {
    let mut derives = attrs.iter().filter(|attr| attr.path().is_ident("derive"));
    derives.any(|attr| {
        let mut is = false;
        let read = attr.parse_nested_meta(|meta| {
            is |= meta.path.is_ident("Serialize");
            Ok(())
        });
        read.is_ok() && is
    })
}

fn fields(fields: &Fields, said: &[(String, String)]) -> Vec<Member> {
    let fields = fields.iter().filter_map(|field| {
        let own = serde(&field.attrs);
        let name = field.ident.as_ref()?.to_string();
        let skipped = says(&own, "skip") || says(&own, "skip_serializing");
        (!skipped).then(|| Member {
            name: renamed(name.trim_start_matches("r#"), &own, said, false),
            ty: Some(field.ty.clone()),
            doc: doc(&field.attrs),
            fields: Vec::new(),
            flattened: says(&own, "flatten"),
            optional: says(&own, "skip_serializing_if"),
        })
    });
    fields.collect()
}

/// What serde is told of the fields of an enum's variants.
fn fields_said(said: &[(String, String)]) -> Vec<(String, String)> {
    let of_fields = said.iter().filter(|(name, _)| name == "rename_all_fields");
    of_fields
        .map(|(_, value)| ("rename_all".to_owned(), value.clone()))
        .collect()
}

/// What serde is told, each with its value.
fn serde(attrs: &[Attribute]) -> Vec<(String, String)> {
    let mut said = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        attr.parse_nested_meta(|meta| {
            let name = meta.path.get_ident().map(ToString::to_string);
            let value = match meta.value() {
                Ok(value) => match value.parse()? {
                    Lit::Str(text) => text.value(),
                    _ => String::new(),
                },
                Err(_) => String::new(),
            };
            said.extend(name.map(|name| (name, value)));
            Ok(())
        })
        .unwrap();
    }
    said
}

fn says(said: &[(String, String)], name: &str) -> bool {
    said.iter().any(|(one, _)| one == name)
}

fn renamed(
    name: &str,
    own: &[(String, String)],
    all: &[(String, String)],
    is_variant: bool,
) -> String {
    let value = |said: &[(String, String)], what: &str| {
        let found = said.iter().find(|(one, _)| one == what);
        found.map(|(_, value)| value.clone())
    };
    if let Some(name) = value(own, "rename") {
        return name;
    }
    let words: Vec<String> = if is_variant {
        let mut words: Vec<String> = Vec::new();
        for c in name.chars() {
            if c.is_uppercase() || words.is_empty() {
                words.push(String::new());
            }
            words.last_mut().unwrap().extend(c.to_lowercase());
        }
        words
    } else {
        name.split('_').map(str::to_owned).collect()
    };
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    match value(all, "rename_all").as_deref() {
        Some("camelCase") => {
            let rest = words[1..].iter().map(|word| capital(word));
            words[0].clone() + &rest.collect::<String>()
        }
        Some("lowercase") => words.concat(),
        Some("UPPERCASE") => words.concat().to_uppercase(),
        Some("SCREAMING_SNAKE_CASE") => words.join("_").to_uppercase(),
        Some("kebab-case") => words.join("-"),
        Some("snake_case") => words.join("_"),
        None => name.to_owned(),
        Some(other) => panic!("rename_all = {other} is not known here"),
    }
}

/// Documentation as one paragraph, without links of rustdoc's.
pub fn doc(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter_map(|attr| match &attr.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(lit) => match &lit.lit {
                Lit::Str(text) => Some(text.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    let text = lines.collect::<Vec<_>>().join(" ");
    let links = regex_lite::Regex::new(r"\[(`[^`\]]*`)\](\([^)]*\))?").unwrap();
    links.replace_all(text.trim(), "$1").into_owned()
}
