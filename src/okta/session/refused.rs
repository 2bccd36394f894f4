//! Why a batch is not in a session.

use crate::okta::batch::{Batch, MAX_REQUESTS};
use crate::okta::error::{Error, Refusal};

use super::SessionStatus;

/// Why a batch is not in a session.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Okta refused it for its content, although the session is open.
    #[error("{refusal}")]
    Refused {
        /// What Okta said, without values of the batch's profiles.
        refusal: Refusal,
        /// External ids of the batch that Okta's text contains.
        suspects: Vec<String>,
    },
    /// The session takes no more users. `None` if Okta does not know it.
    #[error("the session does not take users: it is {}", status.as_ref().map_or("gone", SessionStatus::as_str))]
    NotOpen {
        /// Its status.
        status: Option<SessionStatus>,
    },
    /// The session has had its 50 requests. Nothing was sent.
    #[error("the session has taken all the {MAX_REQUESTS} requests that it can")]
    NoBudget,
    /// It may be in the session or not, and there is no request or no time left to make sure.
    #[error("it is unknown whether Okta accepted the users")]
    Ambiguous(#[source] Error),
    /// It is certainly not in the session.
    #[error(transparent)]
    Failed(Error),
}

/// The external ids of a batch that a refusal names.
pub(super) fn suspects(refusal: &Refusal, batch: &Batch) -> Vec<String> {
    let said: Vec<&str> = refusal
        .summary
        .iter()
        .chain(&refusal.causes)
        .map(String::as_str)
        .collect();
    batch
        .external_ids()
        .filter(|id| said.iter().any(|text| names(text, id)))
        .map(str::to_owned)
        .collect()
}

/// Whether `text` contains `id` as a word of its own: user 12 does not name user 1.
fn names(text: &str, id: &str) -> bool {
    text.match_indices(id).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + id.len()..].chars().next();
        let apart = |next: Option<char>| !next.is_some_and(char::is_alphanumeric);
        apart(before) && apart(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::okta::batch::{Entity, pack};

    fn said(cause: &str) -> Refusal {
        Refusal {
            call: "POST /sessions/{id}/bulk-upsert",
            status: 400,
            code: None,
            summary: None,
            causes: vec![cause.to_owned()],
            request_id: None,
        }
    }

    fn batch(ids: &[&str]) -> Batch {
        let entities = ids.iter().map(|id| Entity::deactivate(id).unwrap());
        pack(entities).remove(0)
    }

    #[test]
    fn users_that_okta_names_are_suspects() {
        let batch = batch(&["1", "12", "ada@example.com", "bob"]);

        for (cause, named) in [
            ("user 12 is too long", vec!["12"]),
            ("(externalId ada@example.com)", vec!["ada@example.com"]),
            ("1, bob: invalid", vec!["1", "bob"]),
            ("bobby and 123: invalid", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(suspects(&said(cause), &batch), named, "{cause}");
        }
    }
}
