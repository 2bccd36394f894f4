//! Update expressions, as far as this function writes them.

use serde_json::{Map, Value, json};

/// Changes an item as the request says. `None` if the expression is not supported here.
pub(super) fn apply(request: &Value, item: &mut Value) -> Option<()> {
    let expression = request["UpdateExpression"].as_str()?;
    let (set, remove) = expression.split_once("REMOVE ").unwrap_or((expression, ""));
    let update = Update {
        names: &request["ExpressionAttributeNames"],
        values: &request["ExpressionAttributeValues"],
    };
    let set = match set.trim() {
        "" => "",
        set => set.strip_prefix("SET ")?,
    };
    for part in parts(set) {
        let (path, value) = part.split_once(" = ")?;
        let value = update.evaluate(item, value)?;
        let (parent, name) = update.place(item, path)?;
        parent.insert(name, value);
    }
    for path in parts(remove) {
        let (parent, name) = update.place(item, path)?;
        parent.remove(&name);
    }
    Some(())
}

struct Update<'a> {
    names: &'a Value,
    values: &'a Value,
}

impl Update<'_> {
    /// The map that holds the last name of a path, and that name.
    fn place<'i>(
        &self,
        item: &'i mut Value,
        path: &str,
    ) -> Option<(&'i mut Map<String, Value>, String)> {
        let mut map = item.as_object_mut()?;
        let mut names = path.split('.').map(|name| self.name(name));
        let mut last = names.next()??;
        for name in names {
            map = map.get_mut(&last)?.get_mut("M")?.as_object_mut()?;
            last = name?;
        }
        Some((map, last))
    }

    fn name(&self, name: &str) -> Option<String> {
        match name.starts_with('#') {
            true => Some(self.names[name].as_str()?.to_owned()),
            false => Some(name.to_owned()),
        }
    }

    fn evaluate(&self, item: &mut Value, expression: &str) -> Option<Value> {
        if let Some((one, other)) = expression.split_once(" + ") {
            let (one, other) = (self.evaluate(item, one)?, self.evaluate(item, other)?);
            let sum = number(&one)? + number(&other)?;
            return Some(json!({ "N": sum.to_string() }));
        }
        if let Some(inner) = expression.strip_prefix("if_not_exists(") {
            let (path, otherwise) = inner.strip_suffix(')')?.split_once(", ")?;
            let (parent, name) = self.place(item, path)?;
            return match parent.get(&name) {
                Some(there) => Some(there.clone()),
                None => self.evaluate(item, otherwise),
            };
        }
        self.values.get(expression).cloned()
    }
}

fn number(value: &Value) -> Option<i64> {
    value["N"].as_str()?.parse().ok()
}

/// The parts between commas, ignoring commas in parentheses.
fn parts(list: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut from) = (0, 0);
    for (at, letter) in list.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(list[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(list[from..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}
