//! SCIM filters, as far as the System Log supports them: comparisons of strings
//! with `and`, `or`, `not` and brackets.

use serde_json::Value;

/// A parsed filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    Compare {
        /// The path into an event, such as `target.id`.
        path: Vec<String>,
        how: Operator,
        value: String,
    },
    Present(Vec<String>),
    Not(Box<Filter>),
    All(Vec<Filter>),
    Any(Vec<Filter>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equals,
    Differs,
    Contains,
    Starts,
    Ends,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Word(String),
    Text(String),
}

impl Filter {
    /// Reads a filter. Like Okta, it does not say what is wrong with one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut tokens = tokens(text)?;
        tokens.reverse();
        let filter = any(&mut tokens)?;
        tokens.is_empty().then_some(filter)
    }

    pub(crate) fn takes(&self, event: &Value) -> bool {
        match self {
            Self::Compare { path, how, value } => values(event, path)
                .into_iter()
                .any(|found| how.holds(found, value)),
            Self::Present(path) => !values(event, path).is_empty(),
            Self::Not(filter) => !filter.takes(event),
            Self::All(filters) => filters.iter().all(|filter| filter.takes(event)),
            Self::Any(filters) => filters.iter().any(|filter| filter.takes(event)),
        }
    }
}

impl Operator {
    fn named(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "eq" => Self::Equals,
            "ne" => Self::Differs,
            "co" => Self::Contains,
            "sw" => Self::Starts,
            "ew" => Self::Ends,
            "gt" => Self::Greater,
            "ge" => Self::GreaterOrEqual,
            "lt" => Self::Less,
            "le" => Self::LessOrEqual,
            _ => return None,
        })
    }

    fn holds(self, found: &str, value: &str) -> bool {
        match self {
            Self::Equals => found == value,
            Self::Differs => found != value,
            Self::Contains => found.contains(value),
            Self::Starts => found.starts_with(value),
            Self::Ends => found.ends_with(value),
            Self::Greater => found > value,
            Self::GreaterOrEqual => found >= value,
            Self::Less => found < value,
            Self::LessOrEqual => found <= value,
        }
    }
}

/// The strings that a path leads to. An array stands for each of its elements.
fn values<'event>(event: &'event Value, path: &[String]) -> Vec<&'event str> {
    match (event, path) {
        (Value::Array(all), path) => all.iter().flat_map(|one| values(one, path)).collect(),
        (Value::String(text), []) => vec![text],
        (Value::Object(fields), [name, rest @ ..]) => {
            let found = fields
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map_or_else(Vec::new, |(_, value)| values(value, rest))
        }
        _ => Vec::new(),
    }
}

/// The remaining tokens are in reverse: the next one is the last.
fn any(tokens: &mut Vec<Token>) -> Option<Filter> {
    let mut filters = vec![all(tokens)?];
    while next_is(tokens, "or") {
        tokens.pop();
        filters.push(all(tokens)?);
    }
    single_or(filters, Filter::Any)
}

fn all(tokens: &mut Vec<Token>) -> Option<Filter> {
    let mut filters = vec![one(tokens)?];
    while next_is(tokens, "and") {
        tokens.pop();
        filters.push(one(tokens)?);
    }
    single_or(filters, Filter::All)
}

fn one(tokens: &mut Vec<Token>) -> Option<Filter> {
    match tokens.pop()? {
        Token::Open => {
            let filter = any(tokens)?;
            (tokens.pop()? == Token::Close).then_some(filter)
        }
        Token::Word(word) if word.eq_ignore_ascii_case("not") => {
            one(tokens).map(|filter| Filter::Not(Box::new(filter)))
        }
        Token::Word(path) => {
            let path = path.split('.').map(str::to_owned).collect();
            let Token::Word(how) = tokens.pop()? else {
                return None;
            };
            if how.eq_ignore_ascii_case("pr") {
                return Some(Filter::Present(path));
            }
            let how = Operator::named(&how)?;
            match tokens.pop()? {
                Token::Text(value) => Some(Filter::Compare { path, how, value }),
                _ => None,
            }
        }
        Token::Close | Token::Text(_) => None,
    }
}

fn next_is(tokens: &[Token], word: &str) -> bool {
    matches!(tokens.last(), Some(Token::Word(next)) if next.eq_ignore_ascii_case(word))
}

fn single_or(mut filters: Vec<Filter>, join: impl FnOnce(Vec<Filter>) -> Filter) -> Option<Filter> {
    match filters.len() {
        1 => filters.pop(),
        _ => Some(join(filters)),
    }
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' => {
                tokens.push(if first == '(' {
                    Token::Open
                } else {
                    Token::Close
                });
                1
            }
            '"' => {
                let end = 1 + rest[1..].find('"')?;
                tokens.push(Token::Text(rest[1..end].to_owned()));
                end + 1
            }
            _ => {
                let end = rest.find(|c: char| c.is_whitespace() || "()\"".contains(c));
                let end = end.unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..end].to_owned()));
                end
            }
        };
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_filter_picks_events() {
        let event = json!({
            "eventType": "system.import.start",
            "outcome": { "result": "SUCCESS" },
            "target": [{ "id": "aps1" }, { "id": "0oa1" }],
        });
        for (filter, expected) in [
            (r#"eventType eq "system.import.start""#, true),
            (r#"eventType eq "system.import.complete""#, false),
            (r#"eventType sw "system.import.""#, true),
            (r#"target.id eq "0oa1" and eventType ew "start""#, true),
            (r#"target.id eq "0oa2" or eventType co "import""#, true),
            (
                r#"(eventType eq "a" or eventType eq "b") and outcome.result eq "SUCCESS""#,
                false,
            ),
            (r#"not (outcome.result eq "FAILURE")"#, true),
            (r#"outcome.reason pr"#, false),
        ] {
            assert_eq!(
                Filter::parse(filter).unwrap().takes(&event),
                expected,
                "{filter}"
            );
        }
    }

    #[test]
    fn what_is_no_filter_is_not_taken_for_one() {
        for text in [
            "",
            "eventType",
            r#"eventType is "a""#,
            "eventType eq a",
            r#"eventType eq "a"#,
            r#"(eventType eq "a""#,
            r#"eventType eq "a" eventType eq "b""#,
        ] {
            assert_eq!(Filter::parse(text), None, "{text}");
        }
    }
}
