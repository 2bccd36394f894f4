//! What Okta has of somebody, compared with what the mapping gives.

use sha2::{Digest as _, Sha256};

use crate::{
    mapping::{Fingerprint, Profile},
    okta::UserProfile,
};

/// The attributes that the mapping sends and Okta has otherwise, by name. Attributes that it does
/// not send are not compared. Null, absent and empty are the same, and spaces at the ends do not
/// count.
pub(super) fn differences(profile: &Profile, listed: &UserProfile) -> Vec<String> {
    profile
        .iter()
        .filter(|(name, wanted)| plain(*wanted) != plain(at(listed, name)))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Identifies a difference: the same profile told, and the same profile at Okta instead.
pub(super) fn print(profile: &Profile, listed: &UserProfile) -> Fingerprint {
    let mut hasher = Sha256::new_with_prefix(b"difference 1\n");
    hasher.update(profile.fingerprint().as_bytes());
    for name in differences(profile, listed) {
        let had = plain(at(listed, &name)).unwrap_or_default();
        for text in [&*name, had] {
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text.as_bytes());
        }
    }
    let mut print = [0; 16];
    print.copy_from_slice(&hasher.finalize()[..16]);
    print.into()
}

fn at<'l>(listed: &'l UserProfile, name: &str) -> Option<&'l str> {
    listed.get(name)?.as_deref()
}

fn plain(value: Option<&str>) -> Option<&str> {
    value.map(str::trim).filter(|value| !value.is_empty())
}
