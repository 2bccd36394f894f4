//! Any record, and any template of the documented language.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

/// The letters that a record's texts are made of. No literal of a template has them, and no
/// notation of the engine: what is made of a record can be told apart.
const LETTERS: &str = "[QXZ]{1,4}";

fn leaf() -> impl Strategy<Value = AttributeValue> {
    prop_oneof![
        6 => LETTERS.prop_map(AttributeValue::S),
        1 => Just(AttributeValue::S(String::new())),
        1 => Just(AttributeValue::S("  ".to_owned())),
        2 => "-?[1-9][0-9]{0,20}(\\.[1-9])?".prop_map(AttributeValue::N),
        2 => any::<bool>().prop_map(AttributeValue::Bool),
        3 => Just(AttributeValue::Null(true)),
        1 => any::<Vec<u8>>().prop_map(|bytes| AttributeValue::B(Blob::new(bytes))),
        2 => proptest::collection::vec(LETTERS, 1..4).prop_map(AttributeValue::Ss),
        1 => proptest::collection::vec("[1-9]{1,3}", 1..4).prop_map(AttributeValue::Ns),
        1 => proptest::collection::vec(any::<Vec<u8>>(), 1..3)
            .prop_map(|blobs| AttributeValue::Bs(blobs.into_iter().map(Blob::new).collect())),
    ]
}

fn value() -> impl Strategy<Value = AttributeValue> {
    leaf().prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(AttributeValue::L),
            proptest::collection::hash_map("[abc]", inner, 0..4).prop_map(AttributeValue::M),
        ]
    })
}

pub(super) fn item() -> impl Strategy<Value = HashMap<String, AttributeValue>> {
    proptest::collection::hash_map("[abcd]", value(), 0..5)
}

fn filter() -> impl Strategy<Value = String> {
    let names = vec![
        "upper",
        "lower",
        "title",
        "capitalize",
        "trim",
        "trim('Q')",
        "replace('Q', 'Z')",
        "split",
        "split('Q')",
        "lines",
        "indent(2)",
        "safe",
        "escape",
        "e",
        "string",
        "format('Q')",
        "abs",
        "int",
        "float",
        "round",
        "round(1)",
        "length",
        "count",
        "first",
        "last",
        "min",
        "max",
        "sum",
        "sort",
        "sort(reverse=true)",
        "list",
        "unique",
        "reverse",
        "join",
        "join('-')",
        "join('-', 'a')",
        "bool",
        "batch(2)",
        "slice(2)",
        "select",
        "select('string')",
        "reject",
        "reject('none')",
        "map('upper')",
        "map(attribute='a')",
        "map('default', 'Z')",
        "selectattr('a')",
        "selectattr('a', 'eq', 'Q')",
        "rejectattr('a')",
        "groupby('a')",
        "chain(b)",
        "zip(b)",
        "items",
        "dictsort",
        "attr('a')",
        "ascii",
        "nfc",
        "regex_replace('Q+', 'Z')",
        "base64",
        "default('Z')",
        "d('Z')",
        "default(b)",
        "default('Z', true)",
        "lookup('t', 'Z')",
        "lookup('t')",
        "replace(b, c)",
        "join(b)",
    ];
    prop::sample::select(names).prop_map(str::to_owned)
}

fn test() -> impl Strategy<Value = String> {
    let names = vec![
        "defined",
        "undefined",
        "none",
        "string",
        "number",
        "sequence",
        "mapping",
        "iterable",
        "boolean",
        "odd",
        "even",
        "true",
        "false",
        "lower",
        "upper",
        "integer",
        "float",
        "startingwith('Q')",
        "endingwith(b)",
        "eq('Q')",
        "ne(b)",
        "in(b)",
        "lt(2)",
        "sameas(b)",
        "divisibleby(2)",
    ];
    prop::sample::select(names).prop_map(str::to_owned)
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        8 => prop::sample::select(vec!["a", "b", "c", "d", "missing", "x"]).prop_map(str::to_owned),
        2 => prop::sample::select(vec!["'Q'", "''", "' '", "1", "2.5", "true", "false", "none"])
            .prop_map(str::to_owned),
        1 => prop::sample::select(vec!["record['a']", "record.b", "range(2)", "dict(a=b)"])
            .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 20, 3, |inner| {
        let two = || (inner.clone(), inner.clone());
        let operator = prop::sample::select(vec![
            "+", "-", "*", "/", "//", "%", "~", "~", "~", "and", "or", "==", "!=", "<", "<=", ">",
            ">=", "in", "not in",
        ]);
        prop_oneof![
            5 => (inner.clone(), filter()).prop_map(|(a, filter)| format!("({a} | {filter})")),
            4 => (two(), operator).prop_map(|((a, b), operator)| format!("({a} {operator} {b})")),
            1 => (inner.clone(), test()).prop_map(|(a, test)| format!("({a} is {test})")),
            1 => (inner.clone(), test()).prop_map(|(a, test)| format!("({a} is not {test})")),
            1 => inner.clone().prop_map(|a| format!("(not {a})")),
            1 => inner.clone().prop_map(|a| format!("(-{a})")),
            1 => (two(), inner.clone()).prop_map(|((a, b), c)| format!("({a} if {b} else {c})")),
            1 => two().prop_map(|(a, b)| format!("({a} if {b})")),
            1 => inner.clone().prop_map(|a| format!("{a}.a")),
            1 => two().prop_map(|(a, b)| format!("{a}[{b}]")),
            1 => inner.clone().prop_map(|a| format!("{a}[0]")),
            1 => inner.clone().prop_map(|a| format!("{a}[:2]")),
            1 => inner.clone().prop_map(|a| format!("{a}[::-1]")),
            1 => two().prop_map(|(a, b)| format!("[{a}, {b}]")),
            1 => two().prop_map(|(a, b)| format!("({a}, {b})")),
            1 => two().prop_map(|(a, b)| format!("{{'a': {a}, 'b': {b}}}")),
        ]
    })
}

pub(super) fn template() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        5 => expression().prop_map(|it| format!("{{{{ {it} }}}}")),
        1 => Just("-".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let of = || expression();
        prop_oneof![
            2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}{b}")),
            1 => (of(), inner.clone()).prop_map(|(e, t)| format!("{{% if {e} %}}{t}{{% endif %}}")),
            1 => (of(), inner.clone(), inner.clone())
                .prop_map(|(e, t, u)| format!("{{% if {e} %}}{t}{{% else %}}{u}{{% endif %}}")),
            1 => (of(), inner.clone()).prop_map(|(e, t)| format!("{{% set x = {e} %}}{t}")),
            1 => (inner.clone(), inner.clone())
                .prop_map(|(s, t)| format!("{{% set x %}}{s}{{% endset %}}{t}")),
            1 => (of(), inner.clone()).prop_map(|(e, t)| format!("{{% with x = {e} %}}{t}{{% endwith %}}")),
            1 => (of(), inner.clone()).prop_map(|(e, t)| format!("{{% for x in {e} %}}{t}{{% endfor %}}")),
            1 => (of(), inner.clone()).prop_map(
                |(e, t)| format!("{{% for a in {e} %}}{{{{ loop.index }}}}{t}{{% else %}}Z{{% endfor %}}")),
            1 => (filter(), inner.clone())
                .prop_map(|(f, t)| format!("{{% filter {f} %}}{t}{{% endfilter %}}")),
            1 => inner.clone()
                .prop_map(|t| format!("{{% autoescape true %}}{t}{{% endautoescape %}}")),
        ]
    })
}
