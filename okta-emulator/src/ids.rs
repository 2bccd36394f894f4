//! Ids in Okta's formats, the same ones in every run.

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Makes ids one after another. They look random but are not: a test that
/// replays a history gets the same ids again.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    made: u64,
}

impl Ids {
    pub(crate) fn session(&mut self) -> String {
        self.next("aps", 17)
    }

    pub(crate) fn user(&mut self) -> String {
        self.next("00u", 17)
    }

    pub(crate) fn group(&mut self) -> String {
        self.next("00g", 17)
    }

    pub(crate) fn error(&mut self) -> String {
        self.next("oae", 22)
    }

    pub(crate) fn request(&mut self) -> String {
        self.next("", 32)
    }

    /// In the form of a UUID.
    pub(crate) fn uuid(&mut self) -> String {
        self.made += 1;
        let (high, low) = (mix(self.made), mix(self.made ^ u64::MAX));
        let [a, b, c] = [high >> 32, high >> 16 & 0xffff, high & 0xffff];
        let [d, e] = [low >> 48, low & 0xffff_ffff_ffff];
        format!("{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}")
    }

    pub(crate) fn nonce(&mut self) -> String {
        self.next("", 22)
    }

    pub(crate) fn token(&mut self) -> String {
        self.next("eyJ", 60)
    }

    fn next(&mut self, prefix: &str, length: usize) -> String {
        self.made += 1;
        let mut id = prefix.to_owned();
        let mut word = mix(self.made);
        for place in 0..length {
            // A word holds randomness for ten characters and no more.
            if place % 10 == 9 {
                word = mix(word);
            }
            id.push(char::from(ALPHABET[usize::from((word % 62) as u8)]));
            word /= 62;
        }
        id
    }
}

/// SplitMix64's finalizer: neighbouring numbers end up far apart.
fn mix(number: u64) -> u64 {
    let mut word = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_have_oktas_shape_and_do_not_repeat() {
        let mut ids = Ids::default();

        let made: HashSet<String> = (0..10_000).map(|_| ids.session()).collect();

        assert_eq!(made.len(), 10_000);
        assert!(
            made.iter()
                .all(|id| id.len() == 20 && id.starts_with("aps"))
        );
    }
}
