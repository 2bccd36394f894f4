//! The template engine's filters, changed so that they make nothing of nothing, and no text of what
//! is not text.

use minijinja::{
    Environment, Error, State, Value, filters,
    value::{Kwargs, Rest, ValueKind, ValueOrKwargs},
};

use super::{
    Use,
    nothing::{doubt, is_blank, is_collection, is_nothing, keywords, no_text, string_of, text},
};

/// The largest whole number that a text filter takes: `indent` makes that many spaces.
const MOST: i64 = 1_000;
/// The longest text that a filter gives, in bytes: far more than any attribute holds.
pub(super) const LONGEST: usize = 100_000;

/// What a filter works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    /// Strings and numbers.
    Text,
    /// Numbers, also those written as text.
    Number,
    /// Anything.
    Anything,
}

/// Adds the engine's filters that work on something: nothing stays nothing.
pub(super) fn add(environment: &mut Environment<'static>, of: Use) {
    macro_rules! add {
        ($on:expr, $($name:literal => $filter:expr),* $(,)?) => {
            $(add_one(environment, of, $name, $on, Value::from_function($filter));)*
        };
    }
    add!(On::Text,
        "lower" => filters::lower, "upper" => filters::upper, "title" => filters::title,
        "capitalize" => filters::capitalize, "trim" => filters::trim, "split" => filters::split,
        "lines" => filters::lines, "indent" => filters::indent, "safe" => filters::safe,
        "escape" => filters::escape, "e" => filters::escape, "format" => filters::format,
        "replace" => replace, "string" => string,
    );
    add!(On::Number,
        "abs" => filters::abs, "int" => filters::int, "float" => filters::float,
        "round" => filters::round,
    );
    add!(On::Anything,
        "length" => filters::length, "count" => filters::length, "dictsort" => filters::dictsort,
        "items" => filters::items, "reverse" => filters::reverse, "attr" => filters::attr,
        "first" => filters::first, "last" => filters::last, "min" => filters::min,
        "max" => filters::max, "sort" => filters::sort, "list" => filters::list,
        "bool" => filters::bool, "batch" => filters::batch, "slice" => filters::slice,
        "sum" => filters::sum, "select" => filters::select, "reject" => filters::reject,
        "selectattr" => filters::selectattr, "rejectattr" => filters::rejectattr,
        "map" => filters::map, "groupby" => filters::groupby, "unique" => filters::unique,
        "chain" => filters::chain, "zip" => filters::zip,
    );
    add_one(
        environment,
        of,
        "join",
        On::Anything,
        Value::from_function(move |state: &mut State, args: Rest<ValueOrKwargs>| {
            join(state, args.into_values(), of)
        }),
    );
    environment.add_filter("default", default);
    environment.add_filter("d", default);
}

fn add_one(
    environment: &mut Environment<'static>,
    of: Use,
    name: &'static str,
    on: On,
    filter: Value,
) {
    environment.add_filter(name, move |state: &mut State, args: Rest<ValueOrKwargs>| {
        let mut args = args.into_values();
        if let Some(piped) = args.first() {
            if is_nothing(piped) {
                return Ok(if piped.is_none() {
                    Value::from(())
                } else {
                    Value::UNDEFINED
                });
            }
            match (on, piped.kind()) {
                (On::Anything, _) | (On::Text, ValueKind::String | ValueKind::Number) => {}
                (On::Number, ValueKind::Number | ValueKind::String) => {}
                _ => return Err(no_text(piped)),
            }
        }
        if on != On::Anything {
            args = arguments(args, of, name == "format")?;
        } else if takes_attributes(name, &args) {
            without_nothing(&mut args)?;
        }
        // The engine gives some of them nothing but strings.
        if on == On::Text
            && let Some(piped) = args.first_mut()
            && piped.is_number()
        {
            *piped = Value::from(piped.to_string());
        }
        filter.call(state, &args)
    });
}

/// Whether a filter asks the members of a list for an attribute, which nothing does not have.
fn takes_attributes(name: &str, args: &[Value]) -> bool {
    match name {
        "selectattr" | "rejectattr" | "groupby" => true,
        "map" => args.last().is_some_and(Value::is_kwargs),
        _ => false,
    }
}

/// Leaves out the members of a list that are nothing.
fn without_nothing(args: &mut [Value]) -> Result<(), Error> {
    if let Some(list) = args.first_mut()
        && matches!(list.kind(), ValueKind::Seq | ValueKind::Iterable)
    {
        let members: Vec<_> = list.try_iter()?.collect();
        if members.iter().any(is_nothing) {
            *list = members
                .into_iter()
                .filter(|member| !is_nothing(member))
                .collect();
        }
    }
    Ok(())
}

/// What a text filter is given apart from the text.
fn arguments(args: Vec<Value>, of: Use, formats: bool) -> Result<Vec<Value>, Error> {
    let (mut args, keywords) = keywords(args);
    if formats {
        no_representation(args.first())?;
    }
    let argument = |value: Value| match value.kind() {
        _ if is_collection(&value) => Err(no_text(&value)),
        _ if of == Use::Identity && value.is_undefined() => Err(doubt(super::nothing::EMPTY)),
        _ if of == Use::Identity && formats && !value.is_none() && is_blank(&value) => {
            Err(doubt(super::nothing::EMPTY))
        }
        ValueKind::Undefined | ValueKind::None if formats => Ok(Value::from("")),
        ValueKind::Bool if formats => Err(no_text(&value)),
        _ if value.as_i64().is_some_and(|number| number > MOST) && !formats => {
            Err(doubt(format!("a filter is given a number beyond {MOST}")))
        }
        _ => Ok(value),
    };
    let rest = args.split_off(args.len().min(1));
    for value in rest {
        args.push(argument(value)?);
    }
    if let Some(keywords) = keywords {
        let mut checked = Vec::new();
        for name in keywords.args() {
            checked.push((name.to_owned(), argument(keywords.get::<Value>(name)?)?));
        }
        args.push(checked.into_iter().collect::<Kwargs>().into());
    }
    Ok(args)
}

/// `%r` and `%a` write a text as the engine would write it in a program.
fn no_representation(format: Option<&Value>) -> Result<(), Error> {
    let format = format.and_then(Value::as_str).unwrap_or_default();
    let mut rest = format;
    while let Some((_, after)) = rest.split_once('%') {
        let after = match after.strip_prefix('(') {
            Some(named) => named.split_once(')').map_or("", |(_, after)| after),
            None => after,
        };
        let conversion =
            after.trim_start_matches(|c: char| c.is_ascii_digit() || "#+- .*".contains(c));
        if conversion.starts_with(['r', 'a']) {
            return Err(doubt("formats with %r or %a, which is not text; use %s"));
        }
        rest = conversion.get(1..).unwrap_or("");
    }
    Ok(())
}

/// `replace(old, new, count)`.
fn replace(state: &mut State, value: &Value, args: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    let (args, keywords) = keywords(args.into_values());
    let argument = |at: usize, name: &str| -> Result<Option<Value>, Error> {
        match (args.get(at), &keywords) {
            (Some(value), _) => Ok(Some(value.clone())),
            (None, Some(keywords)) => keywords.get(name),
            (None, None) => Ok(None),
        }
    };
    let (Some(old), Some(new)) = (argument(0, "old")?, argument(1, "new")?) else {
        return Err(doubt("replace needs what to replace and what by"));
    };
    let (old, new) = (string_of(&old)?, string_of(&new)?);
    let count = argument(2, "count")?.and_then(|count| count.as_usize());
    if let Some(keywords) = keywords {
        keywords.assert_all_used()?;
    }
    if old.is_empty() {
        return Ok(value.clone());
    }
    let text = string_of(value)?;
    let times = text.matches(&*old).count();
    if text.len() + times.saturating_mul(new.len()) > LONGEST {
        return Err(doubt(format!("is longer than {LONGEST} bytes")));
    }
    // Whether a text is safe matters only for escaping, which is off.
    let _ = state;
    Ok(Value::from(text.replacen(
        &*old,
        &new,
        count.unwrap_or(usize::MAX),
    )))
}

/// A string as it is, a number as it is spelt.
fn string(value: &Value) -> Result<Value, Error> {
    text(value)
}

/// `default(other, also_false)`: nothing becomes the other.
fn default(state: &State, value: &Value, args: Rest<Value>) -> Result<Value, Error> {
    if is_blank(value) {
        return Ok(args.first().cloned().unwrap_or_else(|| Value::from(())));
    }
    filters::default(state, value, args)
}

/// `join(separator, attribute)`: each member must be text. Nothing among them is empty.
fn join(state: &mut State, args: Vec<Value>, of: Use) -> Result<Value, Error> {
    let (mut args, keywords) = keywords(args);
    let keyword = |name: &str| -> Result<Option<Value>, Error> {
        keywords
            .as_ref()
            .map_or(Ok(None), |keywords| keywords.get(name))
    };
    let attribute = args
        .get(2)
        .cloned()
        .map_or_else(|| keyword("attribute"), |given| Ok(Some(given)))?;
    let separator = args
        .get(1)
        .cloned()
        .map_or_else(|| keyword("d"), |given| Ok(Some(given)))?;
    if let Some(keywords) = &keywords {
        keywords.assert_all_used()?;
    }
    let mut list = args.swap_remove(0);
    if let Some(attribute) = attribute {
        let mut lists = [list];
        without_nothing(&mut lists)?;
        [list] = lists;
        let keywords: Kwargs = [("attribute", attribute)].into_iter().collect();
        let arguments = vec![ValueOrKwargs::from(Value::from(keywords))];
        list = Value::from(filters::map(state, list, Rest(arguments))?);
    }
    let separator = separator.map_or_else(|| Ok("".into()), |separator| string_of(&separator))?;
    let mut joined = String::new();
    for (at, member) in list.try_iter()?.enumerate() {
        if of == Use::Identity && is_blank(&member) {
            return Err(doubt(super::nothing::EMPTY));
        }
        if at > 0 {
            joined.push_str(&separator);
        }
        joined.push_str(&string_of(&member)?);
        if joined.len() > LONGEST {
            return Err(doubt(format!("is longer than {LONGEST} bytes")));
        }
    }
    Ok(Value::from(joined))
}
