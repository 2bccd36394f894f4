//! From a mapping file to a mapping that is ready to use.

use std::{collections::HashSet, sync::Arc};

use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use super::{
    Condition, Mapping, MappingError, MappingFile, OutOfScope, ProfileAttribute, Text, WhenEmpty,
    check,
    groups::Rule,
    language::{Complaint, Language, Tables, Use},
    period::Period,
    sent::{Sent, WhenNothing, is_address},
};
use crate::users::Attributes;

impl Mapping {
    /// Compiles a mapping from its JSON.
    ///
    /// # Errors
    /// Names the attribute and the position that are wrong.
    pub fn from_json(json: &str) -> Result<Self, MappingError> {
        let json = json.trim_start_matches('\u{feff}').trim();
        if json.starts_with('"') {
            return Err(MappingError::Json(
                "it is a string: JSON that was encoded twice; give the object itself".to_owned(),
            ));
        }
        let file = serde_json::from_str(json).map_err(|error| MappingError::json(json, &error))?;
        Ok(Self {
            digest: Sha256::digest(json).into(),
            ..Self::compile(file)?
        })
    }

    /// Compiles a mapping.
    ///
    /// # Errors
    /// As [`Mapping::from_json`].
    pub fn compile(file: MappingFile) -> Result<Self, MappingError> {
        let MappingFile {
            external_id,
            active,
            active_from,
            active_until,
            timezone,
            lead_days,
            include,
            out_of_scope,
            when_empty,
            reads,
            tables,
            profile,
            groups,
            delete_empty_groups,
        } = file;
        if !profile.contains_key("userName") {
            return Err(MappingError::NoUserName);
        }
        let zone = TimeZone::get(timezone.trim()).map_err(|_| MappingError::Member {
            member: "timezone",
            why: format!(
                "there is no time zone {timezone}: give an IANA name, such as Europe/Dublin"
            ),
        })?;

        let language = Language::new(Tables::from(tables));
        let template = |name: &str, source: &str, of| {
            Text::new(&language, source, of)
                .map_err(|complaint| MappingError::template(name, source, complaint))
        };
        let condition = |name: &str, source: &str| {
            Condition::new(&language, source)
                .map_err(|complaint: Complaint| MappingError::template(name, source, complaint))
        };
        let maybe = |name: &str, source: Option<&String>| {
            source
                .map(|source| template(name, source, Use::Value))
                .transpose()
        };
        let mapping = Self {
            digest: [0; 32],
            external_id: template("externalId", &external_id, Use::Identity)?,
            active: condition("active", &active)?,
            include: condition("include", &include)?,
            period: Period {
                from: maybe("activeFrom", active_from.as_ref())?,
                until: maybe("activeUntil", active_until.as_ref())?,
                zone,
                lead_days,
            },
            keeps: out_of_scope == OutOfScope::Keep,
            profile: profile
                .into_iter()
                .map(|(name, attribute)| sent(name, attribute, when_empty, &template))
                .collect::<Result<_, MappingError>>()?,
            groups: groups
                .into_iter()
                .enumerate()
                .map(|(nth, rule)| Rule::new(&language, nth, rule))
                .collect::<Result<_, MappingError>>()?,
            deletes_empty_groups: delete_empty_groups,
            attributes: Attributes::All,
            only: None,
        };
        Ok(mapping.reading(reads))
    }

    /// The same, reading what its templates can reach. If that is anything, `reads` names it in
    /// addition to what the templates name.
    fn reading(mut self, reads: Option<Vec<String>>) -> Self {
        let templates = || {
            [
                Some(&self.external_id),
                self.period.from.as_ref(),
                self.period.until.as_ref(),
            ]
            .into_iter()
            .flatten()
            .chain(self.profile.iter().map(|sent| &sent.text))
            .chain(self.groups.iter().flat_map(Rule::templates))
        };
        let conditions = || {
            let whens = self.groups.iter().filter_map(Rule::when);
            [&self.active, &self.include].into_iter().chain(whens)
        };
        let values = || self.groups.iter().map(Rule::each);
        let reached = templates()
            .map(Text::reads)
            .chain(conditions().map(Condition::reads))
            .chain(values().map(|each| each.reads.clone()))
            .fold(Attributes::Named(HashSet::new()), Attributes::and);
        let Some(reads) = reads else {
            self.attributes = reached;
            return self;
        };
        let named: HashSet<String> = templates()
            .flat_map(Text::names)
            .chain(conditions().flat_map(Condition::names))
            .chain(values().flat_map(|each| &each.names))
            .cloned()
            .chain(reads)
            .collect();
        self.attributes = Attributes::Named(named.clone());
        // A record that came whole must look like one that was read this way.
        self.only = (reached == Attributes::All).then_some(named);
        self
    }
}

fn sent(
    name: String,
    attribute: ProfileAttribute,
    rule: WhenEmpty,
    template: &impl Fn(&str, &str, Use) -> Result<Text, MappingError>,
) -> Result<Sent, MappingError> {
    let ProfileAttribute {
        value,
        when_empty,
        as_is,
    } = attribute;
    let of = if name == "userName" {
        Use::Identity
    } else {
        Use::Value
    };
    let text = template(&format!("profile.{name}"), &value, of)?;
    let when_nothing = match (name.as_str(), when_empty) {
        ("userName", _) | ("email", None | Some(WhenEmpty::Null)) => WhenNothing::Reject,
        (_, own) => match own.unwrap_or(rule) {
            WhenEmpty::Null if check::nullable(&name) => WhenNothing::Null,
            _ => WhenNothing::Omit,
        },
    };
    let is_address = is_address(&name);
    Ok(Sent {
        name: Arc::from(name),
        text,
        when_nothing,
        as_is,
        is_address,
    })
}
