//! What the language has, and what to write instead of what it does not have.

use std::ops::Range;

use minijinja::{
    Value,
    machinery::{
        Span,
        ast::{CallArg, Expr},
    },
};

use super::{clean, lookup::Tables, nearest::nearest};

/// The filters.
pub(super) const FILTERS: [&str; 51] = [
    "abs",
    "ascii",
    "attr",
    "base64",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "first",
    "float",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lookup",
    "lower",
    "map",
    "max",
    "min",
    "nfc",
    "regex_replace",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "trim",
    "unique",
    "upper",
    "zip",
];
/// The tests.
const TESTS: [&str; 42] = [
    "!=",
    "<",
    "<=",
    "==",
    ">",
    ">=",
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "escaped",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "int",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "safe",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "test",
    "true",
    "undefined",
    "upper",
];
/// The functions, and the names under which they are compiled: a record's attribute of that name
/// does not hide them.
pub(super) const FUNCTIONS: [(&str, &str); 4] = [
    ("dict", "(dict)"),
    ("namespace", "(namespace)"),
    ("range", "(range)"),
    ("shard", "(shard)"),
];

/// What Python's methods are called here.
const METHODS: [(&str, &str); 17] = [
    ("capitalize", "write {{ … | capitalize }}"),
    ("endswith", "write … is endingwith(…)"),
    ("find", "write … in …"),
    ("format", "write {{ '…' | format(…) }}"),
    ("get", "name the member: a.b, or a['b']"),
    ("isdigit", "compare, or use regex_replace"),
    ("items", "write … | items"),
    ("join", "write {{ list | join('…') }}"),
    ("keys", "write … | list"),
    ("lower", "write {{ … | lower }}"),
    ("lstrip", "write {{ … | trim }}"),
    ("replace", "write {{ … | replace('…', '…') }}"),
    ("rstrip", "write {{ … | trim }}"),
    ("split", "write {{ … | split('…') }}"),
    ("startswith", "write … is startingwith(…)"),
    ("strip", "write {{ … | trim }}"),
    ("title", "write {{ … | title }}"),
];

/// What is wrong with a template, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mapping) struct Complaint {
    /// The bytes of the template that it is about.
    pub(in crate::mapping) at: Range<usize>,
    /// What is wrong.
    pub(in crate::mapping) why: String,
}

impl Complaint {
    pub(super) fn at(span: Span, why: impl Into<String>) -> Self {
        Self {
            at: span.start_offset as usize..span.end_offset as usize,
            why: why.into(),
        }
    }
}

/// What is wrong with a filter of this name with these arguments.
pub(super) fn filter(name: &str, arguments: &[CallArg<'_>], tables: &Tables) -> Option<String> {
    let all = || FILTERS.iter().copied();
    // The engine leaves out spaces in the names of filters.
    let name: String = name.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    if !all().any(|known| known == name) {
        return Some(unknown("filter", &name, all()));
    }
    let text = |at: usize| match arguments.get(at) {
        Some(CallArg::Pos(Expr::Const(constant))) => constant.value.as_str().map(str::to_owned),
        _ => None,
    };
    match (name.as_str(), text(0)) {
        ("map", Some(inner)) => filter(&inner, arguments.get(1..).unwrap_or_default(), tables),
        ("select" | "reject", Some(inner)) => test(&inner),
        ("selectattr" | "rejectattr", _) => text(1).and_then(|inner| test(&inner)),
        ("lookup", Some(table)) => tables.complaint(&table),
        ("lookup", None) if arguments.is_empty() => {
            Some("lookup needs a table: lookup('name of the table')".to_owned())
        }
        ("regex_replace", Some(pattern)) => clean::pattern(&pattern).err(),
        _ => None,
    }
}

/// What is wrong with a test of this name.
pub(super) fn test(name: &str) -> Option<String> {
    let all = || TESTS.iter().copied();
    (!all().any(|known| known == name)).then(|| unknown("test", name, all()))
}

/// What is wrong with calling a function of this name.
pub(super) fn function(name: &str) -> Option<String> {
    let mut all = FUNCTIONS.iter().map(|(name, _)| *name);
    if all.any(|known| known == name) {
        return None;
    }
    let is_filter = FILTERS.contains(&name);
    Some(if is_filter {
        format!("{name} is a filter: write {{{{ … | {name} }}}}")
    } else {
        unknown("function", name, FUNCTIONS.iter().map(|(name, _)| *name))
    })
}

/// What to write instead of a method.
pub(super) fn method(name: &str) -> String {
    let instead = METHODS.iter().find(|(known, _)| *known == name);
    format!(
        "values have no method {name}(): {}",
        instead.map_or("use a filter", |(_, instead)| instead)
    )
}

fn unknown<'a>(what: &str, name: &str, all: impl Iterator<Item = &'a str>) -> String {
    match nearest(name, all) {
        Some(known) => format!("{what} {name} is unknown; did you mean {known}?"),
        None => format!("{what} {name} is unknown"),
    }
}

/// A constant that is a string.
pub(super) fn text(expression: &Expr<'_>) -> Option<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match expression {
        Expr::Const(constant) => text(&constant.value),
        _ => None,
    }
}
