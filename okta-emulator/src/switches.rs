//! Switches for what an admin, or Okta, would change: keys, scopes, roles,
//! nonces. And faults.

use crate::{
    emulator::Emulator,
    faults::{Fault, FaultView},
    oauth::AuthorizationServer,
    unknowns::SingleDelete,
};

/// Switches for the service app do nothing if none is registered.
impl Emulator {
    /// From now on a single user's DELETE does this, whatever the options say.
    pub fn set_single_delete(&self, does: SingleDelete) {
        self.org.settled().0.single_delete = does;
    }

    /// Replaces the API token. From now on the old one is refused.
    pub fn set_api_token(&self, token: impl Into<String>) {
        self.org.settled().0.api_token = token.into();
    }

    /// Replaces the service app's public keys with a JWK set or a single JWK.
    ///
    /// # Errors
    /// What is wrong with the JSON.
    pub fn register_keys(&self, jwks: &str) -> Result<(), String> {
        match &mut self.org.settled().0.oauth {
            Some(oauth) => oauth.register(jwks),
            None => Ok(()),
        }
    }

    /// Grants the service app these scopes and no others. Issued tokens keep
    /// theirs.
    pub fn grant_scopes<S: Into<String>>(&self, scopes: impl IntoIterator<Item = S>) {
        let scopes = scopes.into_iter().map(Into::into).collect();
        self.with_oauth(|oauth, _| oauth.grant(scopes));
    }

    /// Gives the service app an admin role or takes it away. Without one the
    /// API answers 403, whatever the scopes. It starts with one.
    pub fn set_role(&self, has_role: bool) {
        self.with_oauth(|oauth, _| oauth.role = has_role);
    }

    /// Revokes every access token issued so far.
    pub fn revoke_tokens(&self) {
        self.with_oauth(|oauth, _| oauth.revoke_tokens());
    }

    /// Makes a new DPoP nonce, and accepts earlier ones for three more days.
    pub fn rotate_nonce(&self) {
        self.with_oauth(AuthorizationServer::rotate_nonce);
    }

    /// Makes a new DPoP nonce, and no longer accepts earlier ones.
    pub fn invalidate_nonces(&self) {
        self.with_oauth(AuthorizationServer::invalidate_nonces);
    }

    /// Requires the nonce in API calls too, not only in token requests.
    pub fn require_nonce_in_calls(&self, required: bool) {
        self.with_oauth(|oauth, _| oauth.nonce_in_calls = required);
    }

    /// Token requests so far, including refused ones.
    pub fn token_requests(&self) -> usize {
        let (state, _) = self.org.settled();
        state.oauth.as_ref().map_or(0, |oauth| oauth.requests)
    }

    /// Access tokens issued so far.
    pub fn tokens_given(&self) -> usize {
        let (state, _) = self.org.settled();
        state.oauth.as_ref().map_or(0, |oauth| oauth.tokens_given())
    }

    fn with_oauth(&self, change: impl FnOnce(&mut AuthorizationServer, std::time::SystemTime)) {
        let (mut state, now) = self.org.settled();
        if let Some(oauth) = &mut state.oauth {
            change(oauth, now);
        }
    }
}

/// Faults.
impl Emulator {
    /// Makes something go wrong, and returns the fault's id.
    pub fn inject(&self, fault: Fault) -> u64 {
        self.org.settled().0.faults.inject(fault)
    }

    /// All faults, including those that will not strike again.
    pub fn faults(&self) -> Vec<FaultView> {
        self.org.settled().0.faults.views()
    }

    /// Removes one fault. Returns false if there is no such fault.
    pub fn remove_fault(&self, id: u64) -> bool {
        self.org.settled().0.faults.remove(id)
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.org.settled().0.faults.clear();
    }
}
