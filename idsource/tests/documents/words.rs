//! Plain English: phrases that make people read twice are in no document, message or comment.

use std::fs;

use regex_lite::Regex;

use crate::{assert_nothing, files, pages::all_pages, root};

/// What is not written, and what is written instead.
const BANNED: &[(&str, &str)] = &[
    (r"nought", "zero"),
    (r"whoever|whomever", "people who, anybody who"),
    (r"whom", "who, or another sentence"),
    (r"whence|hence|lest|thereby|whereby", "so that, because"),
    (r"shall", "must, will"),
    (r"need not|needn't", "does not have to"),
    (
        r"(is|are|was|were) to (be|have|leave|do|go|come|get)",
        "must, will, should",
    ),
    (r"anew", "again"),
    (r"by and by", "slowly"),
    (r"as it should be", "passed, right"),
    (r"to (its|their) end", "finishes"),
    (r"has left", "left"),
    (r"who (is|are) to", "who must, who will"),
    (r"nobody hears of", "nobody is told about"),
    (r"put right|puts right|putting right", "fix"),
    (r"by (your|its|their|our) leave", "permission"),
    (r"of which nothing is known|nothing is known of", "unknown"),
    (r"besides", "also"),
    (r"quarantined?", "refused"),
];

#[test]
fn documents_messages_and_comments_are_in_plain_english() {
    let banned: Vec<_> = BANNED
        .iter()
        .map(|(phrase, instead)| {
            let phrase = Regex::new(&format!(r"(?i)\b({phrase})\b")).unwrap();
            (phrase, instead)
        })
        .collect();
    let mut wrong = Vec::new();
    for (name, text) in texts() {
        // A phrase may go on on the next line, behind what makes that a comment.
        let text = Regex::new(r"\s*\n\s*(//[/!]?|#|>)?\s*")
            .unwrap()
            .replace_all(&text, " ");
        for (phrase, instead) in &banned {
            for found in phrase.find_iter(&text) {
                let mut from = found.start().saturating_sub(40);
                while !text.is_char_boundary(from) {
                    from -= 1;
                }
                let until = text[found.end()..].char_indices().nth(20);
                let until = found.end() + until.map_or(0, |(at, _)| at);
                wrong.push(format!("{name}: …{}… ({instead})", &text[from..until]));
            }
        }
    }

    assert_nothing(wrong);
}

/// What people read, by name.
fn texts() -> Vec<(String, String)> {
    let mut texts: Vec<_> = all_pages()
        .into_iter()
        .map(|page| (page.path.display().to_string(), page.text))
        .collect();
    for file in [
        "template.yaml",
        "statemachine.asl.json",
        "Cargo.toml",
        "samconfig.toml",
    ] {
        texts.push((
            file.to_owned(),
            fs::read_to_string(root().join(file)).unwrap(),
        ));
    }
    for path in files(
        &["src", "idsource/src", "okta-emulator/src", "examples"],
        "rs",
    ) {
        let text = fs::read_to_string(root().join(&path)).unwrap();
        texts.push((path.display().to_string(), text));
    }
    texts
}
