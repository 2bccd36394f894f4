//! What Okta would refuse in a profile, by the app's own rules.

use super::{ProfileSchema, SchemaAttribute};

impl ProfileSchema {
    /// What is wrong with these attributes and their values, one line each, without a value: a
    /// required one that is missing, one that is too long or short, not among the allowed values,
    /// or not text of the attribute's type. Attributes that the app does not have at all are not
    /// judged. Nor is what is left out for somebody who is not new (`is_new`): Okta keeps that as
    /// it is.
    #[must_use]
    pub fn objections<'p>(
        &self,
        profile: impl Iterator<Item = (&'p str, Option<&'p str>)>,
        is_new: bool,
    ) -> Vec<String> {
        let sent: std::collections::BTreeMap<_, _> = profile.collect();
        let missing = self
            .iter()
            .filter(|(name, attribute)| {
                let is_nothing = match sent.get(name) {
                    None => is_new,
                    Some(value) => value.is_none(),
                };
                attribute.required && is_nothing
            })
            .map(|(name, _)| format!("{name}: is empty, and the app requires it"));
        let wrong = sent.iter().filter_map(|(name, value)| {
            let why = self.get(name)?.objection((*value)?)?;
            Some(format!("{name}: {why}"))
        });
        missing.chain(wrong).collect()
    }
}

impl SchemaAttribute {
    fn objection(&self, value: &str) -> Option<String> {
        let count = value.chars().count();
        let parses = match self.kind.as_str() {
            "boolean" => matches!(value, "true" | "false"),
            "integer" => value.parse::<i64>().is_ok(),
            "number" => value.parse::<f64>().is_ok_and(f64::is_finite),
            "array" => return Some("is an array in the app, which cannot be sent".to_owned()),
            _ => true,
        };
        if !parses {
            return Some(format!("is not of type {}, as the app has it", self.kind));
        }
        if !self.values.is_empty() && !self.values.iter().any(|known| known == value) {
            let known = self.values.len();
            return Some(format!(
                "is not one of the {known} values that the app allows"
            ));
        }
        match self.length {
            (Some(least), _) if count < least => Some(format!(
                "has {count} characters, the app needs at least {least}"
            )),
            (_, Some(most)) if count > most => Some(format!(
                "has {count} characters, the app allows at most {most}"
            )),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Wire;
    use super::*;

    #[test]
    fn what_the_app_would_refuse_is_said_without_the_value() {
        let json = r#"{"definitions":{"custom":{"properties":{
            "title":{"type":"string","minLength":2,"maxLength":5},
            "grade":{"type":"integer"},"share":{"type":"number"},"remote":{"type":"boolean"},
            "site":{"type":"string","enum":["DUB","NYC"]},
            "level":{"type":"integer","oneOf":[{"const":1,"title":"one"},{"const":2,"title":"two"}]},
            "tags":{"type":"array"}},"required":["site"]}}}"#;
        let schema: ProfileSchema = serde_json::from_str::<Wire>(json).unwrap().into();
        let said = |name: &'static str, value: &'static str| {
            let site = ("site", Some("DUB"));
            let profile = [site].into_iter().filter(|_| name != "site");
            schema.objections(profile.chain([(name, Some(value))]), true)
        };

        for (name, good) in [
            ("title", "Zoë"),
            ("grade", "7"),
            ("share", "2.5"),
            ("remote", "true"),
            ("site", "NYC"),
            ("level", "2"),
            ("unknown", "anything"),
        ] {
            assert_eq!(said(name, good), [""; 0], "{name}");
        }
        for (name, bad, why) in [
            (
                "title",
                "x",
                "title: has 1 characters, the app needs at least 2",
            ),
            (
                "title",
                "secret",
                "title: has 6 characters, the app allows at most 5",
            ),
            (
                "grade",
                "2.5",
                "grade: is not of type integer, as the app has it",
            ),
            (
                "share",
                "NaN",
                "share: is not of type number, as the app has it",
            ),
            (
                "remote",
                "yes",
                "remote: is not of type boolean, as the app has it",
            ),
            (
                "site",
                "secret",
                "site: is not one of the 2 values that the app allows",
            ),
            (
                "level",
                "3",
                "level: is not one of the 2 values that the app allows",
            ),
            (
                "tags",
                "a",
                "tags: is an array in the app, which cannot be sent",
            ),
        ] {
            assert_eq!(said(name, bad), [why]);
        }
        assert_eq!(
            schema.objections([("site", None)].into_iter(), false),
            ["site: is empty, and the app requires it"]
        );
        let nothing = || std::iter::empty();
        assert_eq!(schema.objections(nothing(), true).len(), 1);
        assert_eq!(schema.objections(nothing(), false), [""; 0]);
    }
}
