//! The groups that a record puts its user into.

use std::{fmt, sync::Arc};

use minijinja::{Value, value::ValueKind};
use sha2::{Digest as _, Sha256};

use super::{
    Condition, ExternalId, GroupRule, MappingError, Text, clean,
    language::{Complaint, Language, Program, Use},
    text::Subject,
};

/// A group's id in the identity source: 1 to 255 characters (Okta's published API description).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupId(Arc<str>);

impl GroupId {
    /// The longest id of a group, and of a user who is in one, in characters (the same source).
    pub const MAX_CHARS: usize = 255;

    /// Takes a text that has the right length and is not blank.
    ///
    /// # Errors
    /// Says which of these it is not.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.chars().count() {
            _ if text.trim().is_empty() => Err("is empty".to_owned()),
            n if n > Self::MAX_CHARS => Err(too_long(n, Self::MAX_CHARS)),
            // Okta is asked for it by an address, and would answer about another group.
            _ if matches!(text, "." | "..") || text.contains(['\t', '\n', '\r']) => Err(
                "is dots alone, or has a tab or a line's end: give the group another id".to_owned(),
            ),
            _ => Ok(Self(text.into())),
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// is dots alone, or has a tab or a line break: give the group another id
    #[must_use]
    pub fn shared(&self) -> &Arc<str> {
        &self.0
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A group, as a record gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// What it is called: 1 to 255 characters.
    pub display_name: Arc<str>,
    /// What it is for: at most 1,024 characters.
    pub description: Option<Arc<str>>,
    /// The rule that gives it, counted from 0.
    pub rule: usize,
}

/// Characters of a name and of a description (Okta's published API description).
const MAX_NAME: usize = 255;
const MAX_DESCRIPTION: usize = 1_024;
/// What the ids of one user's groups may take: an entry of the ledger has them up to three times,
/// and DynamoDB's limit for it is 400 KB.
const MAX_BYTES: usize = 60_000;

/// The groups of one user, in the order of their ids, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Groups(Vec<Group>);

impl Groups {
    /// What the rules make of a record.
    pub(super) fn of(
        rules: &[Rule],
        subject: &Subject,
        user: &ExternalId,
    ) -> Result<Self, Vec<String>> {
        let mut groups = Vec::new();
        let mut reasons = Vec::new();
        for rule in rules {
            match rule.groups(subject) {
                Ok(given) => groups.extend(given),
                Err(why) => reasons.push(why),
            }
        }
        let characters = user.as_str().chars().count();
        if !groups.is_empty() && characters > GroupId::MAX_CHARS {
            let why = too_long(characters, GroupId::MAX_CHARS);
            reasons.push(format!("externalId: {why} of somebody in a group"));
        }
        let bytes: usize = groups.iter().map(|group| group.id.as_str().len()).sum();
        if bytes > MAX_BYTES {
            reasons.push(format!(
                "groups: the ids of {} groups take {bytes} bytes, at most {MAX_BYTES} are allowed",
                groups.len()
            ));
        }
        if !reasons.is_empty() {
            return Err(reasons);
        }
        // If two rules give one group, the first rule says what it is called.
        groups.sort_by(|one, other| one.id.cmp(&other.id));
        groups.dedup_by(|later, first| later.id == first.id);
        Ok(Self(groups))
    }

    /// Groups with these ids, in order.
    #[cfg(test)]
    pub(crate) fn named(ids: &[&str]) -> Self {
        let groups = ids.iter().map(|id| Group {
            id: GroupId((*id).into()),
            display_name: (*id).into(),
            description: None,
            rule: 0,
        });
        Self(groups.collect())
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Group> {
        self.0.iter()
    }

    /// Their ids, in order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &GroupId> {
        self.0.iter().map(|group| &group.id)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both are the same groups, whatever they are called.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.ids().eq(other.ids())
    }
}

impl Group {
    /// The first 128 bits of a SHA-256 over what Okta is told about it.
    #[must_use]
    pub fn print(&self) -> [u8; 16] {
        Self::print_of(&self.display_name, self.description.as_deref())
    }

    /// The same for a group with this name and description.
    #[must_use]
    pub fn print_of(display_name: &str, description: Option<&str>) -> [u8; 16] {
        let mut hash = Sha256::new_with_prefix("group 1\n");
        for text in [Some(display_name), description] {
            let length = text.map_or(u64::MAX, |text| text.len() as u64);
            hash.update(length.to_be_bytes());
            hash.update(text.unwrap_or_default());
        }
        let hash = hash.finalize();
        std::array::from_fn(|place| hash[place])
    }
}

/// A rule that gives groups, compiled.
#[derive(Debug)]
pub(super) struct Rule {
    name: String,
    nth: usize,
    each: Program,
    when: Option<Condition>,
    external_id: Text,
    display_name: Text,
    description: Option<Text>,
}

impl Rule {
    pub(super) fn new(
        language: &Language,
        nth: usize,
        rule: GroupRule,
    ) -> Result<Self, MappingError> {
        let name = format!("groups[{nth}]");
        let wrong = |member: &str, source: &str, complaint: Complaint| {
            MappingError::template(&format!("{name}.{member}"), source, complaint)
        };
        let text = |member: &str, source: &str, of| {
            Text::of_item(language, source, of)
                .map_err(|complaint| wrong(member, source, complaint))
        };
        let when = rule.when.as_deref().map(|source| {
            Condition::of_item(language, source)
                .map_err(|complaint| wrong("when", source, complaint))
        });
        let each = language
            .expression(&rule.each, Use::Value, &[])
            .map_err(|complaint| wrong("each", &rule.each, complaint))?;
        let description = rule.description.as_deref();
        Ok(Self {
            each,
            when: when.transpose()?,
            external_id: text("externalId", &rule.external_id, Use::Identity)?,
            display_name: text("displayName", &rule.display_name, Use::Value)?,
            description: description
                .map(|source| text("description", source, Use::Value))
                .transpose()?,
            name,
            nth,
        })
    }

    /// Its templates.
    pub(super) fn templates(&self) -> impl Iterator<Item = &Text> {
        let required = [&self.external_id, &self.display_name];
        required.into_iter().chain(&self.description)
    }

    pub(super) fn when(&self) -> Option<&Condition> {
        self.when.as_ref()
    }

    pub(super) fn each(&self) -> &Program {
        &self.each
    }

    fn groups(&self, subject: &Subject) -> Result<Vec<Group>, String> {
        let of = |member: &str, why: &str| format!("{}.{member}: {why}", self.name);
        let value = self.each.eval(subject.context());
        let value = value.map_err(|why| of("each", &why))?;
        let mut groups = Vec::new();
        for item in items(value).map_err(|why| of("each", why))? {
            let subject = subject.with_item(item);
            if let Some(when) = &self.when
                && !when.holds(&subject).map_err(|why| of("when", &why))?
            {
                continue;
            }
            let text = |member: &str, template: &Text| {
                let text = template.render(&subject).map_err(|why| of(member, &why))?;
                Ok::<_, String>(clean::value(text))
            };
            let id = text("externalId", &self.external_id)?;
            let id = GroupId::parse(&id).map_err(|why| of("externalId", &why))?;
            let name = text("displayName", &self.display_name)?;
            match name.chars().count() {
                0 => return Err(of("displayName", "is empty")),
                n if n > MAX_NAME => return Err(of("displayName", &too_long(n, MAX_NAME))),
                _ => {}
            }
            let description = self.description.as_ref();
            let description = description
                .map(|template| text("description", template))
                .transpose()?
                .filter(|text| !text.is_empty());
            if let Some(n) = description.as_ref().map(|text| text.chars().count())
                && n > MAX_DESCRIPTION
            {
                return Err(of("description", &too_long(n, MAX_DESCRIPTION)));
            }
            groups.push(Group {
                id,
                display_name: name.into(),
                description: description.map(Arc::from),
                rule: self.nth,
            });
        }
        Ok(groups)
    }
}

/// The values that a rule goes over: a list's members or the value itself, without nothings.
fn items(value: Value) -> Result<Vec<Value>, &'static str> {
    let is_nothing = |value: &Value| {
        let text = value.as_str();
        value.is_undefined()
            || value.is_none()
            || text.is_some_and(|text| clean::ends(text).is_empty())
    };
    match value.kind() {
        _ if is_nothing(&value) => Ok(Vec::new()),
        ValueKind::String | ValueKind::Number => Ok(vec![value]),
        ValueKind::Seq | ValueKind::Iterable => {
            let all = value.try_iter().map_err(|_| "is not a list")?;
            Ok(all.filter(|item| !is_nothing(item)).collect())
        }
        ValueKind::Map => Err("is a map, where a value or a list was expected; name its member"),
        ValueKind::Bool => {
            Err("is a boolean, where a value or a list was expected; use \"when\" for decisions")
        }
        _ => Err("is neither a value nor a list"),
    }
}

fn too_long(characters: usize, most: usize) -> String {
    format!("has {characters} characters, at most {most} are allowed")
}
