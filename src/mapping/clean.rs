//! What nobody wants in a value: spaces around it, invisible characters, and two spellings of one
//! text.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization as _, is_nfc};

/// Whether a text has only visible ASCII and spaces, as most have. It is checked in one pass,
/// without a branch for each character.
pub(super) fn is_plain(text: &str) -> bool {
    let plain = |all: bool, byte: u8| all & (byte.wrapping_sub(b' ') < 0x5f);
    text.bytes().fold(true, plain)
}

/// The text without the invisible characters at its ends.
pub(super) fn ends(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_no_width(c))
}

/// Characters without a width that mean nothing at the end of a word.
fn is_no_width(c: char) -> bool {
    matches!(
        c,
        '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{180e}' | '\u{ad}'
    )
}

/// Invisible characters that no address has: spaces without a width, joiners, marks of direction,
/// soft hyphens.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// A value as it is sent: without the invisible characters at its ends, in Unicode's form NFC.
pub(super) fn value(text: String) -> String {
    let trimmed = ends(&text);
    if !trimmed.is_ascii() && !is_nfc(trimmed) {
        return ends(&trimmed.nfc().collect::<String>()).to_owned();
    }
    if trimmed.len() == text.len() {
        text
    } else {
        trimmed.to_owned()
    }
}

/// An address as it is sent: a value without the traces of copying from a mail program.
pub(super) fn address(text: String) -> String {
    let text = value(text);
    let is_clean = text.is_ascii() && !text.ends_with(';') && !has_scheme(&text);
    if is_clean {
        return text;
    }
    let visible: Cow<'_, str> = if text.contains(is_invisible) {
        text.chars()
            .filter(|c| !is_invisible(*c))
            .collect::<String>()
            .into()
    } else {
        Cow::Borrowed(&text)
    };
    let mut address = &*visible;
    if has_scheme(address) {
        address = &address[SCHEME.len()..];
    }
    ends(ends(address).trim_end_matches(';')).to_owned()
}

const SCHEME: &str = "mailto:";

fn has_scheme(text: &str) -> bool {
    text.get(..SCHEME.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(SCHEME))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_copying_leaves_in_an_address_is_taken_out() {
        for dirty in [
            " ada@example.com ",
            "mailto:ada@example.com",
            "MailTo: ada@example.com",
            "ada@example.com;",
            "ada@example.com ; ",
            "\u{feff}ada@example.com\u{200b}",
            "ada@exam\u{ad}ple.com",
            "\u{202a}ada@example.com\u{202c}",
            "ada@example.com\u{a0}",
        ] {
            assert_eq!(address(dirty.to_owned()), "ada@example.com", "{dirty:?}");
        }
    }

    #[test]
    fn names_stay_as_they_are() {
        for name in [
            "Zoë",
            "O'Brien",
            "van der Berg",
            "王小明",
            "مريم",
            "می\u{200c}خواهم",
            "👩\u{200d}💻",
            "❤\u{fe0f}",
            "ß",
            "İ",
        ] {
            assert_eq!(value(name.to_owned()), name);
        }
        assert_eq!(value("Zoe\u{308} ".to_owned()), "Zoë");
    }

    proptest! {
        #[test]
        fn cleaning_what_is_clean_changes_nothing(text in "\\PC{0,12}|[ ;\u{200b}\u{feff}e\u{301}a@.:mailto]{0,12}") {
            let once = value(text.clone());
            prop_assert_eq!(value(once.clone()), once);
            prop_assert!(!value(text).starts_with(' '));
        }
    }
}
