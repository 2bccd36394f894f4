//! Pages of Markdown, taken apart.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::{files, root};

/// A page.
pub struct Page {
    /// Its path, from the repository's root.
    pub path: PathBuf,
    pub text: String,
    pub blocks: Vec<Block>,
    /// What a link within the page may lead to.
    pub anchors: Vec<String>,
    pub links: Vec<Link>,
}

/// A block of code.
#[derive(Clone)]
pub struct Block {
    pub line: usize,
    /// What the fence says: the language, then who checks it. Empty where it is indented.
    pub info: String,
    pub code: String,
}

pub struct Link {
    pub line: usize,
    pub to: String,
}

impl Block {
    pub fn language(&self) -> &str {
        self.info.split_whitespace().next().unwrap_or_default()
    }

    /// Whether the fence says these words after the language.
    pub fn is(&self, tags: &[&str]) -> bool {
        self.info
            .split_whitespace()
            .skip(1)
            .eq(tags.iter().copied())
    }

    /// Whether the fence says this word after the language.
    pub fn has(&self, tag: &str) -> bool {
        self.info.split_whitespace().skip(1).any(|word| word == tag)
    }
}

impl Page {
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(root().join(path)).unwrap();
        let line = |offset: usize| text[..offset].matches('\n').count() + 1;
        let (mut blocks, mut anchors, mut links) = (Vec::new(), Vec::new(), Vec::new());
        let mut block: Option<Block> = None;
        let mut heading: Option<String> = None;
        let mut times: HashMap<String, usize> = HashMap::new();
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
        for (event, range) in Parser::new_ext(&text, options).into_offset_iter() {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    let info = match kind {
                        CodeBlockKind::Fenced(info) => info.to_string(),
                        CodeBlockKind::Indented => String::new(),
                    };
                    block = Some(Block {
                        line: line(range.start),
                        info,
                        code: String::new(),
                    });
                }
                Event::End(TagEnd::CodeBlock) => blocks.extend(block.take()),
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let anchor = anchor(&heading.take().unwrap());
                    let time = times.entry(anchor.clone()).or_default();
                    anchors.push(match *time {
                        0 => anchor,
                        n => format!("{anchor}-{n}"),
                    });
                    *time += 1;
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    links.push(Link {
                        line: line(range.start),
                        to: dest_url.to_string(),
                    });
                }
                Event::Text(part) | Event::Code(part) => {
                    if let Some(block) = &mut block {
                        block.code.push_str(&part);
                    } else if let Some(heading) = &mut heading {
                        heading.push_str(&part);
                    }
                }
                Event::Html(html) | Event::InlineHtml(html) => {
                    links.extend(sources(&html).map(|to| Link {
                        line: line(range.start),
                        to: to.to_owned(),
                    }));
                }
                _ => {}
            }
        }
        Self {
            path: path.to_owned(),
            text,
            blocks,
            anchors,
            links,
        }
    }

    /// Where something is, for a message.
    pub fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }
}

/// README and the book.
pub fn pages() -> Vec<Page> {
    let mut paths = vec![PathBuf::from("README.md")];
    paths.extend(book());
    paths.iter().map(|path| Page::read(path)).collect()
}

/// These, and what else is written for people.
pub fn all_pages() -> Vec<Page> {
    let others = [
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "okta-emulator/README.md",
        "benches/peers/README.md",
    ];
    let mut pages = pages();
    pages.extend(others.map(|path| Page::read(Path::new(path))));
    pages
}

/// The book's pages, by path.
pub fn book() -> Vec<PathBuf> {
    files(&["docs"], "md")
}

/// A heading's anchor, as GitHub and mdbook make it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
        _ => None,
    });
    kept.collect()
}

/// What HTML shows from elsewhere.
fn sources(html: &str) -> impl Iterator<Item = &str> {
    ["src=\"", "srcset=\"", "href=\""]
        .into_iter()
        .flat_map(|name| html.split(name).skip(1))
        .filter_map(|rest| rest.split('"').next())
}
