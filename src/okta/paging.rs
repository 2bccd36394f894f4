//! From one page of a list to the next.

use reqwest::header::{HeaderMap, LINK};

/// The query of the next page's address, if the answer names one.
///
/// Only the query is used: our credentials go to the org that we know, whatever an answer says, and
/// an org with a domain of its own may name itself by its other one.
pub(super) fn next(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(LINK).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .find_map(next_in)
}

/// One header may have several links, and an address commas of its own.
fn next_in(links: &str) -> Option<String> {
    let mut rest = links;
    while let Some((_, link)) = rest.split_once('<') {
        let (address, after) = link.split_once('>')?;
        let parameters = after.split('<').next().unwrap_or_default();
        if parameters.contains("rel=\"next\"") || parameters.contains("rel=next") {
            return Some(address.split_once('?')?.1.to_owned());
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SELF: &str = "<https://o/api/v1/apps/0oa/users?limit=2>; rel=\"self\"";
    const NEXT: &str = "<https://elsewhere/x?after=a,b&limit=2>; rel=\"next\"";

    fn of(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(LINK, value.parse().unwrap());
        }
        next(&headers)
    }

    #[test]
    fn the_next_pages_query_is_found_among_links() {
        let wanted = Some("after=a,b&limit=2".to_owned());

        assert_eq!(of(&[SELF, NEXT]), wanted);
        assert_eq!(of(&[&format!("{SELF}, {NEXT}")]), wanted);
        assert_eq!(of(&[&format!("{NEXT}, {SELF}")]), wanted);
    }

    #[test]
    fn the_last_page_and_what_makes_no_sense_have_no_next() {
        for values in [
            &[][..],
            &[SELF],
            &["<"],
            &["<https://o/x>; rel=\"next\""],
            &["rel=\"next\""],
        ] {
            assert_eq!(of(values), None, "{values:?}");
        }
    }
}
