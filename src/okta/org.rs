//! Which org, and which identity source in it.

use std::fmt;

use reqwest::Url;

/// Why an address or an id was not taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ParseError {
    /// Not a URL at all.
    #[error("the org URL is not a URL: write it as https://{{yourOktaDomain}}")]
    NotAUrl,
    /// Not https, and not a host of this machine either.
    #[error(
        "the org URL must be https (plain http is for a loopback host or host.docker.internal)"
    )]
    NotHttps,
    /// More than scheme, host and port.
    #[error("the org URL must end after the host: no path, query, fragment or user name")]
    NotBare,
    /// The admin console's host, which does not serve the API.
    #[error("the org URL is the admin console's: leave out \"-admin\"")]
    AdminConsole,
    /// The identity source's id is empty or has other characters than letters and digits.
    #[error(
        "the identity source id must be the app's id, letters and digits like 0oa1ab2cd3EF4gh5i6j7"
    )]
    NotAnId,
}

/// Where an Okta org is: scheme, host and port, nothing more.
#[derive(Clone, PartialEq, Eq)]
pub struct OrgUrl(Url);

impl OrgUrl {
    /// Reads `https://{yourOktaDomain}`, with or without a slash at the end.
    ///
    /// # Errors
    /// Anything but https, except plain http to this machine: a loopback host, or
    /// `host.docker.internal`, which is its name inside `sam local`. Also anything after the host.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let url = Url::parse(text.trim()).map_err(|_| ParseError::NotAUrl)?;
        let host = url.host_str().ok_or(ParseError::NotAUrl)?;
        if url.scheme() != "https" && !(url.scheme() == "http" && is_this_machine(host)) {
            return Err(ParseError::NotHttps);
        }
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if !bare {
            return Err(ParseError::NotBare);
        }
        if is_admin_console(host) {
            return Err(ParseError::AdminConsole);
        }
        Ok(Self(url))
    }

    /// Whether it is plain http, which is only ever this machine.
    pub(super) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The address of a path given by its segments, each of which is escaped.
    pub(super) fn at(&self, segments: &[&str]) -> Url {
        let mut url = self.0.clone();
        // A URL with a host always has segments.
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(segments);
        }
        url
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host == "host.docker.internal"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn is_admin_console(host: &str) -> bool {
    host.split_once('.').is_some_and(|(org, domain)| {
        org.ends_with("-admin")
            && matches!(
                domain,
                "okta.com" | "oktapreview.com" | "okta-emea.com" | "okta-gov.com"
            )
    })
}

impl fmt::Display for OrgUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for OrgUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrgUrl({self})")
    }
}

/// The id of the Custom Identity Source app, `0oa…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentitySourceId(String);

impl IdentitySourceId {
    /// Reads an id.
    ///
    /// # Errors
    /// An empty one, or one with anything but ASCII letters and digits.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let id = text.trim();
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(ParseError::NotAnId);
        }
        Ok(Self(id.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdentitySourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_org_is_https_or_this_machine() {
        for good in [
            "https://acme.okta.com",
            "https://acme.okta.com/",
            "https://login.acme.example:8443",
            "http://localhost:4000",
            "http://127.0.0.1:4000",
            "http://127.8.8.8",
            "http://[::1]:4000",
            "http://host.docker.internal:4000",
        ] {
            assert!(OrgUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://acme.okta.com",
            "http://127.0.0.1.evil.example",
            "ftp://localhost",
        ] {
            assert_eq!(OrgUrl::parse(bad), Err(ParseError::NotHttps), "{bad}");
        }
    }

    #[test]
    fn an_org_ends_after_its_host() {
        for bad in [
            "https://acme.okta.com/api",
            "https://acme.okta.com/?a",
            "https://acme.okta.com/#a",
            "https://me@acme.okta.com",
            "https://me:pw@acme.okta.com",
        ] {
            assert_eq!(OrgUrl::parse(bad), Err(ParseError::NotBare), "{bad}");
        }
        assert_eq!(OrgUrl::parse("acme.okta.com"), Err(ParseError::NotAUrl));
        assert_eq!(OrgUrl::parse(""), Err(ParseError::NotAUrl));
    }

    #[test]
    fn the_admin_console_is_not_the_org() {
        assert_eq!(
            OrgUrl::parse("https://acme-admin.okta.com"),
            Err(ParseError::AdminConsole)
        );
        assert!(OrgUrl::parse("https://login-admin.acme.example").is_ok());
    }

    #[test]
    fn a_path_is_escaped_segment_by_segment() {
        let org = OrgUrl::parse("https://acme.okta.com/").unwrap();

        assert_eq!(
            org.at(&["api", "v1", "a/../b?c"]).as_str(),
            "https://acme.okta.com/api/v1/a%2F..%2Fb%3Fc"
        );
        assert_eq!(org.to_string(), "https://acme.okta.com");
    }

    #[test]
    fn an_identity_source_id_is_letters_and_digits() {
        assert!(IdentitySourceId::parse("0oa1ab2cd3EF").is_ok());
        for bad in ["", " ", "0oa/..", "0oa-1", "é"] {
            assert_eq!(IdentitySourceId::parse(bad), Err(ParseError::NotAnId));
        }
    }
}
