//! Whether this program and a function understand each other.

use dynamodb_identity_source::version::VERSION;

use crate::failure::Failure;

/// What `--version` says.
pub(crate) const SHOWN: &str = VERSION;
/// The release of this program, without its commit.
pub(crate) const RELEASE: &str = env!("CARGO_PKG_VERSION");

/// The part of a release that names its contract: the major version, before 1.0 the minor one too.
fn contract(release: &str) -> Option<(&str, &str)> {
    let mut parts = release.split('.');
    let (major, minor) = (parts.next()?, parts.next()?);
    Some((major, if major == "0" { minor } else { "" }))
}

/// Compares a function's release with this program's.
///
/// # Errors
/// When their contracts differ.
pub(crate) fn check(function: &str) -> Result<Option<String>, Failure> {
    let theirs = function.split(['+', ' ']).next().unwrap_or_default();
    if theirs == RELEASE {
        return Ok(None);
    }
    let both = format!("this idsource is {RELEASE}, the function is {theirs}");
    if contract(theirs) == contract(RELEASE) {
        Ok(Some(format!("{both}: they work together")))
    } else {
        Err(Failure::failed(format!(
            "{both}, and they do not work together: use idsource {theirs}, or deploy {RELEASE}"
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
