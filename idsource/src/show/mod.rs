//! What is printed: a document of lines and tables, made from the function's answer.

pub(crate) mod candidate;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod status;
pub(crate) mod verify;

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{IsTerminal as _, Write as _},
};

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle, presets};
use serde_json::Value;

use crate::{cli::Cli, failure::Failure};

/// A line below the header only.
const LINED: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// Failed.
    Failed = 1,
    /// Wrong usage.
    Usage = 2,
    /// Done, and something is withheld or differs.
    Differs = 3,
}

impl Exit {
    /// Whether something is withheld or differs.
    pub(crate) fn differs(differs: bool) -> Self {
        if differs { Self::Differs } else { Self::Done }
    }
}

/// How a line is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// All is well.
    Good,
    /// Somebody should look at it.
    Warning,
    /// Something is wrong.
    Bad,
    /// Neutral.
    Plain,
}

impl Tone {
    fn style(self) -> Style {
        let color = match self {
            Self::Good => AnsiColor::Green,
            Self::Warning => AnsiColor::Yellow,
            Self::Bad => AnsiColor::Red,
            Self::Plain => return Style::new(),
        };
        Style::new().bold().fg_color(Some(color.into()))
    }
}

#[derive(Debug)]
enum Block {
    Line(Tone, String),
    Table(Vec<&'static str>, Vec<Vec<String>>),
    Code(String),
}

/// What is printed, for people.
#[derive(Debug, Default)]
pub(crate) struct Document {
    blocks: Vec<Block>,
    next: Vec<String>,
}

impl Document {
    /// Adds a line that stands out.
    pub(crate) fn headline(&mut self, tone: Tone, text: impl Into<String>) {
        self.blocks.push(Block::Line(tone, printable(&text.into())));
    }

    /// Adds a line.
    pub(crate) fn line(&mut self, text: impl Into<String>) {
        self.headline(Tone::Plain, text);
    }

    /// Adds a table, unless it has no rows.
    pub(crate) fn table(&mut self, header: &[&'static str], rows: Vec<Vec<String>>) {
        if !rows.is_empty() {
            self.blocks.push(Block::Table(header.to_vec(), rows));
        }
    }

    /// Adds text that is printed unchanged.
    pub(crate) fn code(&mut self, text: impl Into<String>) {
        let text = text.into();
        let lines: Vec<_> = text.lines().map(printable).collect();
        self.blocks.push(Block::Code(lines.join("\n")));
    }

    /// Adds what to type next.
    pub(crate) fn next(&mut self, command: impl Into<String>) {
        self.next.push(printable(&command.into()));
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for (place, block) in self.blocks.iter().enumerate() {
            let is_apart = !matches!(block, Block::Line(..))
                || matches!(self.blocks.get(place.wrapping_sub(1)), Some(block) if !matches!(block, Block::Line(..)));
            if is_apart && place > 0 {
                out.push('\n');
            }
            match block {
                Block::Line(tone, text) => {
                    let style = tone.style();
                    for line in wrapped(text) {
                        let _ = writeln!(out, "{style}{line}{style:#}");
                    }
                }
                Block::Table(header, rows) => {
                    let mut table = table(header, rows);
                    table.load_style(LINED);
                    // A narrow last column leaves trailing blanks.
                    for line in table.to_string().lines() {
                        let _ = writeln!(out, "{}", line.trim_end());
                    }
                }
                Block::Code(text) => {
                    let _ = writeln!(out, "{}", text.trim_end());
                }
            }
        }
        for (place, next) in self.next.iter().enumerate() {
            let label = if place == 0 { "\nNext: " } else { "      " };
            let _ = writeln!(out, "{label}{next}");
        }
        out
    }

    fn markdown(&self) -> String {
        let mut out = String::new();
        for block in &self.blocks {
            match block {
                Block::Line(Tone::Plain, text) => {
                    let _ = writeln!(out, "{}\n", escaped(text));
                }
                Block::Line(_, text) => {
                    let _ = writeln!(out, "**{}**\n", escaped(text));
                }
                Block::Table(header, rows) => {
                    let rows: Vec<Vec<_>> = rows
                        .iter()
                        .map(|row| row.iter().map(|cell| escaped(cell)).collect())
                        .collect();
                    let mut table = table(header, &rows);
                    table.load_style(presets::ASCII_MARKDOWN);
                    table.set_content_arrangement(ContentArrangement::Disabled);
                    let _ = writeln!(out, "{table}\n");
                }
                Block::Code(text) => {
                    let _ = writeln!(out, "```\n{}\n```\n", text.trim_end());
                }
            }
        }
        for next in &self.next {
            let _ = writeln!(out, "Next: `{next}`\n");
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
        out
    }
}

/// Escapes what Markdown would interpret: people's ids have underscores.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '|' | '<' | '>' | '[' | ']' | '#'
        ) {
            out.push('\\');
        }
        out.push(if c == '\n' { ' ' } else { c });
    }
    out
}

fn table(header: &[&str], rows: &[Vec<String>]) -> Table {
    let mut table = Table::new();
    if header.iter().any(|title| !title.is_empty()) {
        table.set_header(header.iter().map(ToString::to_string));
    }
    table.add_rows(
        rows.iter()
            .map(|row| row.iter().map(|cell| printable(cell))),
    );
    if std::io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(width());
    }
    table
}

/// A line, wrapped to a terminal's width. On a pipe it stays one line.
fn wrapped(text: &str) -> Vec<Cow<'_, str>> {
    if std::io::stdout().is_terminal() {
        textwrap::wrap(text, usize::from(width()))
    } else {
        vec![Cow::Borrowed(text)]
    }
}

/// The terminal's width in columns, from `COLUMNS`; 100 without it.
fn width() -> u16 {
    let said = std::env::var("COLUMNS").ok();
    said.and_then(|said| said.parse().ok()).unwrap_or(100)
}

/// Replaces control characters, so that text from a table or Okta cannot move the cursor.
pub(crate) fn printable(text: &str) -> String {
    let harmless = |c: char| match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(harmless).collect()
}

/// A word, quoted for a shell if necessary.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Prints an answer in the format that was asked for.
///
/// # Errors
/// When standard output fails.
pub(crate) fn print(cli: &Cli, answer: &Value, document: &Document) -> Result<(), Failure> {
    let text = if cli.json {
        serde_json::to_string_pretty(answer).unwrap_or_default() + "\n"
    } else if cli.markdown {
        document.markdown()
    } else {
        document.text()
    };
    let mut out = anstream::stdout();
    // A reader that has seen enough closes the pipe.
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(why) if why.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("standard output: {why}")))
        }
        _ => Ok(()),
    }
}

/// Shows the operator what a question is about.
pub(crate) fn ask(document: &Document) {
    anstream::eprint!("{}", document.text());
}

/// Says why a command failed.
pub(crate) fn failure(failure: &Failure) {
    let style = Tone::Bad.style();
    // An error may show a place in a mapping, line by line.
    let text = failure.to_string();
    let lines: Vec<_> = text.lines().map(printable).collect();
    anstream::eprintln!("{style}error{style:#}: {}", lines.join("\n"));
}

/// Prints a note to standard error.
pub(crate) fn note(text: &str) {
    let style = Tone::Warning.style();
    anstream::eprintln!("{style}note{style:#}: {}", printable(text));
}

/// A number with thousands separators: 10,000.
pub(crate) fn number(value: &Value) -> String {
    thousands(value.as_u64().unwrap_or(0))
}

/// A number with thousands separators: 10,000.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// "1 deactivation", "2 deactivations".
pub(crate) fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", thousands(number))
}

/// A text in an answer, empty if there is none.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The texts of a list, joined by commas.
pub(crate) fn list(value: &Value) -> String {
    let texts = value.as_array().into_iter().flatten().map(text);
    texts.collect::<Vec<_>>().join(", ")
}

/// A time, to the second.
pub(crate) fn time(value: &Value) -> String {
    let text = text(value);
    match text.parse::<jiff::Timestamp>() {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_record_moves_no_cursor_and_runs_no_command() {
        let mut document = Document::default();
        document.headline(Tone::Bad, "a\u{1b}[2Jb");
        document.code("c\u{7}\nd");
        document.table(&["Who"], vec![vec!["e\u{1b}[31m".to_owned()]]);
        document.next(format!("explain {}", quoted("$(rm -r ~)'s")));

        for printed in [document.text(), document.markdown()] {
            let plain = anstream::adapter::strip_str(&printed).to_string();
            assert!(!plain.contains(['\u{1b}', '\u{7}']), "{plain:?}");
        }
        let text = document.text();
        assert!(text.ends_with("explain '$(rm -r ~)'\\''s'\n"), "{text}");
    }

    #[test]
    fn numbers_are_read_in_threes() {
        let read = [0, 999, 1_000, 1_234_567].map(thousands);
        assert_eq!(read, ["0", "999", "1,000", "1,234,567"]);
    }
}
