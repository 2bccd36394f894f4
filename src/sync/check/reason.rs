//! Why Okta refused somebody inside an import, in plain words, and what to do.

use crate::okta::Holder;

/// What is known about a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cause {
    /// Okta's log names an attribute and a code, or one of them, or neither.
    Logged {
        field: Option<String>,
        code: Option<String>,
    },
    /// They must be active, and Okta does not have them.
    Missing,
    /// Okta has other values in these attributes.
    Different(Vec<String>),
    /// They must be inactive, and are not.
    StillThere {
        /// Okta's word for their status, if it may be seen.
        status: Option<String>,
    },
}

impl Cause {
    /// Whether a login that somebody else has may be the cause.
    pub(super) fn may_be_login(&self) -> bool {
        match self {
            Self::Logged { field, code } => {
                is_not_unique(code.as_deref()) || matches!(field.as_deref(), Some("login"))
            }
            Self::Missing => true,
            Self::Different(names) => names.iter().any(|name| name == "userName"),
            Self::StillThere { .. } => false,
        }
    }

    /// Whether telling the same again may help: something at Okta may change, such as a login that
    /// comes free. A value that Okta does not accept today it will not accept tomorrow. `before`:
    /// whether the same was refused before.
    pub(super) fn may_pass(&self, leaves: bool, before: bool) -> bool {
        leaves
            || match self {
                Self::Logged { code, .. } => !code.as_deref().is_some_and(is_about_the_value),
                Self::Missing | Self::StillThere { .. } => true,
                // If it differs again, Okta keeps it like this.
                Self::Different(names) => !before || names.iter().any(|name| name == "userName"),
            }
    }

    /// A sentence for people. `holder` has the login, if that could be seen.
    pub(super) fn say(&self, holder: Option<&Holder>, again: bool) -> String {
        let why = match self {
            _ if self.may_be_login() && holder.is_some() => taken(holder),
            Self::Logged { code, .. } if is_not_unique(code.as_deref()) => taken(None),
            Self::Logged { field, code } => logged(field.as_deref(), code.as_deref()),
            Self::Missing => "Okta does not have them, though it calls the import completed. \
                              Usually somebody else has their login (userName): see Reports > \
                              Import Monitoring in the admin console"
                .to_owned(),
            Self::Different(names) => format!(
                "Okta has another value in {}, though it calls the import completed: see Reports > \
                 Import Monitoring in the admin console. If Okta keeps a value of its own, let the \
                 mapping send that",
                names.join(", ")
            ),
            Self::StillThere {
                status: Some(status),
            } => format!(
                "their Okta user is {status}, though the import to deactivate them is completed: \
                 deactivate them in the admin console, and see there what prevented it"
            ),
            Self::StillThere { status: None } => {
                "Okta still shows them under the identity source, though the import to deactivate \
                 them is completed: check their status in the admin console"
                    .to_owned()
            }
        };
        let then = if again {
            "each full run tells them again"
        } else {
            "they are told again when their record changes, or by \
             {\"command\":\"sync\",\"retryRefused\":true}"
        };
        format!("Okta refused the user inside the import: {why}; {then}")
    }
}

/// Several people want one another's logins, and nobody can be first.
pub(super) fn of_ring(ring: &[String]) -> String {
    format!(
        "Okta refused the user inside the import: externalIds {} want one another's login \
         (userName), and none of them can be first: give one of them another login for a while; \
         each full run tells them again",
        ring.join(" and ")
    )
}

fn taken(holder: Option<&Holder>) -> String {
    let whose = match holder {
        None => "somebody else in the org has the login (userName)".to_owned(),
        Some(Holder {
            external_id: Some(id),
            status,
        }) => {
            let kept = if status == "ACTIVE" || status.is_empty() {
                String::new()
            } else {
                format!(", who is {status} and keeps it")
            };
            format!(
                "the login (userName) is taken by externalId {id} of this identity source{kept}"
            )
        }
        Some(Holder {
            external_id: None,
            status,
        }) => format!(
            "the login (userName) is taken by an Okta user who is {status} and not of this \
             identity source"
        ),
    };
    format!("{whose}: give one of the two another one")
}

fn logged(field: Option<&str>, code: Option<&str>) -> String {
    let field = field.unwrap_or("an attribute");
    match code {
        Some("blank") => format!(
            "{field} is empty, and Okta's profile requires it: fill it in the record or the mapping"
        ),
        Some(code) if code.ends_with("minLength") => {
            format!(
                "{field} is shorter than Okta's profile allows: correct the record or the mapping"
            )
        }
        Some(code) if code.ends_with("maxLength") => {
            format!(
                "{field} is longer than Okta's profile allows: correct the record or the mapping"
            )
        }
        Some(code) => format!(
            "{field} is not accepted ({code}): correct the record, the mapping, or what Okta's \
             profile asks for"
        ),
        None => {
            format!("{field} is not accepted: see Reports > Import Monitoring in the admin console")
        }
    }
}

fn is_not_unique(code: Option<&str>) -> bool {
    code.is_some_and(|code| code.to_lowercase().contains("unique"))
}

/// Whether a code says that Okta does not accept the value, whatever else there is.
fn is_about_the_value(code: &str) -> bool {
    let code = code.to_lowercase();
    ["blank", "length", "pattern", "format", "invalid", "enum"]
        .iter()
        .any(|part| code.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(field: &str, code: &str) -> Cause {
        Cause::Logged {
            field: Some(field.to_owned()),
            code: Some(code.to_owned()),
        }
    }

    #[test]
    fn what_the_record_must_change_is_not_told_again_and_a_taken_login_is() {
        assert!(logged("login", "notUniqueWithinOrg").may_pass(false, true));
        for code in ["blank", "pattern", "user.lastName.minLength"] {
            assert!(!logged("lastName", code).may_pass(false, false), "{code}");
            assert!(logged("lastName", code).may_pass(true, true), "a leaver");
        }
        assert!(Cause::Missing.may_pass(false, true));
        let title = Cause::Different(vec!["title".to_owned()]);
        assert!(title.may_pass(false, false) && !title.may_pass(false, true));
    }

    #[test]
    fn whoever_has_the_login_is_named_where_they_are_ours() {
        let holder = |id: Option<&str>, status: &str| Holder {
            external_id: id.map(str::to_owned),
            status: status.to_owned(),
        };
        let cause = logged("login", "notUniqueWithinOrg");

        let ours = cause.say(Some(&holder(Some("e7"), "DEPROVISIONED")), true);
        let other = cause.say(Some(&holder(None, "ACTIVE")), true);

        assert!(
            ours.contains("externalId e7") && ours.contains("DEPROVISIONED and keeps it"),
            "{ours}"
        );
        assert!(other.contains("not of this identity source"), "{other}");
        assert!(cause.say(None, true).contains("somebody else in the org"));
    }
}
