//! Whether this program and a function understand each other.

use dynamodb_identity_source::version::VERSION;

use crate::failure::Failure;

/// What `--version` says.
pub(crate) const SHOWN: &str = VERSION;
/// The release of this program, without its commit.
pub(crate) const RELEASE: &str = env!("CARGO_PKG_VERSION");

/// What of a release says which contract it keeps: the major version, and before 1.0 the minor one too.
fn contract(release: &str) -> Option<(&str, &str)> {
    let mut parts = release.split('.');
    let (major, minor) = (parts.next()?, parts.next()?);
    Some((major, if major == "0" { minor } else { "" }))
}

/// Holds a function's release against this program's.
///
/// # Errors
/// Where the contract between them is another one.
pub(crate) fn check(function: &str) -> Result<Option<String>, Failure> {
    let theirs = function.split(['+', ' ']).next().unwrap_or_default();
    if theirs == RELEASE {
        return Ok(None);
    }
    let both = format!("this idsource is {RELEASE}, the function is {theirs}");
    if contract(theirs) == contract(RELEASE) {
        Ok(Some(format!("{both}: they understand each other")))
    } else {
        Err(Failure::failed(format!(
            "{both}, and what they say to each other has changed in between: use idsource {theirs}, or deploy {RELEASE}"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_release_says_nothing() {
        assert!(matches!(check(VERSION), Ok(None)));
    }

    #[test]
    fn another_patch_is_named_and_another_minor_before_one_is_refused() {
        let [_, patch] = RELEASE.rsplitn(2, '.').collect::<Vec<_>>()[..] else {
            panic!("{RELEASE}");
        };
        let said = check(&format!("{patch}.99 (abc)")).ok().flatten();
        assert!(said.is_some_and(|said| said.contains(RELEASE) && said.contains(".99")));

        let said = check("0.99.0").map_err(|why| why.to_string());
        assert!(said.is_err_and(|said| said.contains("0.99.0") && said.contains(RELEASE)));
    }
}
