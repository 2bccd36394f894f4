//! What Okta refuses, found before it is sent.
//!
//! The limits are those of Okta's published description of the Identity
//! Sources API; lengths are in characters.

use super::{Profile, clean};

/// What is wrong with the value of a base attribute. Attributes that an administrator added have no
/// known limits.
pub(super) fn value(name: &str, value: &str) -> Option<String> {
    if clean::is_plain(value) {
        return length(name, value, value.len());
    }
    if value.chars().any(char::is_control) {
        return Some(format!(
            "{name}: has a control character, such as a line break"
        ));
    }
    length(name, value, value.chars().count())
}

/// What is wrong with a value of this many characters, none of which is a control character.
pub(super) fn length(name: &str, value: &str, count: usize) -> Option<String> {
    let at_most = |most: usize| {
        (count > most)
            .then(|| format!("{name}: has {count} characters, at most {most} are allowed"))
    };
    match name {
        "userName" | "mobilePhone" => at_most(100),
        "firstName" | "lastName" => at_most(50),
        "homeAddress" => at_most(4096),
        "email" | "secondEmail" => match count {
            0..5 => Some(format!(
                "{name}: has {count} characters, at least 5 are needed"
            )),
            _ => at_most(100).or_else(|| {
                (!is_address(value)).then(|| format!("{name}: is not an email address"))
            }),
        },
        _ => None,
    }
}

/// What is wrong with the profile as a whole, in addition to the `known` reasons.
pub(super) fn profile(profile: &Profile, known: &[String]) -> Option<String> {
    if profile.get("userName").is_none()
        && !known.iter().any(|reason| reason.starts_with("userName:"))
    {
        return Some("userName: is empty".to_owned());
    }
    // Okta would create a user without any data.
    let lonely = known.is_empty()
        && !profile
            .iter()
            .any(|(name, value)| name != "userName" && value.is_some());
    lonely.then(|| "profile: has no attribute other than userName".to_owned())
}

/// Whether Okta takes `null` for an attribute.
pub(super) fn nullable(name: &str) -> bool {
    !matches!(name, "userName" | "email" | "secondEmail")
}

fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let labels_filled = domain.split('.').all(|label| !label.is_empty());
    !local.is_empty()
        && !local.contains('@')
        && domain.contains('.')
        && labels_filled
        && !text.chars().any(char::is_whitespace)
}
