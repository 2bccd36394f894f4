//! What is printed: plain lines, and on a terminal some emphasis and a line that moves during a
//! wait.

use std::{
    env,
    future::Future,
    io::{self, IsTerminal as _, Write as _},
    pin::pin,
    time::Duration,
};

/// How wide the text is.
const WIDTH: usize = 78;
const INDENT: &str = "   ";
/// How wide each of two columns is.
const COLUMN: usize = 34;
const FRAMES: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// Standard output.
pub struct Page {
    terminal: bool,
    colours: bool,
}

/// A number, its name, and the expected value if there is one.
pub struct Fact {
    pub name: &'static str,
    pub value: u64,
    pub expected: Option<u64>,
}

impl Fact {
    /// A number with an expected value.
    pub fn expected(name: &'static str, value: u64, expected: u64) -> Self {
        Self {
            name,
            value,
            expected: Some(expected),
        }
    }

    /// What is wrong with it.
    pub fn what_is_wrong(&self) -> String {
        let expected = self.expected.unwrap_or_default();
        format!("{} is {}, expected {expected}", self.name, self.value)
    }

    /// Whether it has the expected value.
    pub fn holds(&self) -> bool {
        self.expected.is_none_or(|expected| expected == self.value)
    }
}

impl Page {
    pub fn new() -> Self {
        let terminal = io::stdout().is_terminal();
        Self {
            terminal,
            colours: terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        }
    }

    /// A line, unchanged.
    pub fn line(&self, text: &str) -> io::Result<()> {
        writeln!(io::stdout(), "{text}")
    }

    /// A heading, after an empty line.
    pub fn heading(&self, text: &str) -> io::Result<()> {
        self.line("")?;
        self.line(&self.styled("1", text))
    }

    /// A paragraph, indented and wrapped.
    pub fn paragraph(&self, text: &str) -> io::Result<()> {
        for line in wrapped(text, WIDTH - INDENT.len()) {
            self.line(&format!("{INDENT}{line}"))?;
        }
        Ok(())
    }

    /// A command sent to the function, and its answer.
    pub fn command(&self, command: &str, answer: &str) -> io::Result<()> {
        self.line("")?;
        self.json("▸", command)?;
        self.json("◂", answer)?;
        self.line("")
    }

    /// JSON, broken after commas where it is too long for one line.
    fn json(&self, mark: &str, text: &str) -> io::Result<()> {
        let text = text.replace(",\"", ", \"");
        let mut mark = mark;
        for line in wrapped(&text, WIDTH - INDENT.len() - 2) {
            self.line(&format!("{INDENT}{} {line}", self.styled("2", mark)))?;
            mark = " ";
        }
        Ok(())
    }

    /// Two columns of facts, side by side.
    pub fn facts(&self, left: (&str, &[Fact]), right: (&str, &[Fact])) -> io::Result<()> {
        let rule = "─".repeat(COLUMN);
        self.line("")?;
        self.line(&format!(
            "{INDENT}{}   {}",
            self.styled("2", &format!("{:COLUMN$}", left.0)),
            self.styled("2", right.0)
        ))?;
        self.line(&self.styled("2", &format!("{INDENT}{rule}   {rule}")))?;
        for row in 0..left.1.len().max(right.1.len()) {
            let cell = |facts: &[Fact]| facts.get(row).map(|fact| self.cell(fact));
            let left = cell(left.1).unwrap_or_else(|| " ".repeat(COLUMN));
            let line = format!("{INDENT}{left}   {}", cell(right.1).unwrap_or_default());
            self.line(line.trim_end())?;
        }
        self.line("")
    }

    /// The same, followed by what is wrong. Returns whether nothing is.
    pub fn compare(&self, left: (&str, &[Fact]), right: (&str, &[Fact])) -> io::Result<bool> {
        self.facts(left, right)?;
        let mut passed = true;
        for fact in left.1.iter().chain(right.1).filter(|fact| !fact.holds()) {
            passed = false;
            self.bad(&fact.what_is_wrong())?;
        }
        Ok(passed)
    }

    fn cell(&self, fact: &Fact) -> String {
        let number = thousands(fact.value);
        let gap = COLUMN.saturating_sub(fact.name.len() + number.len());
        let style = match fact.value {
            _ if !fact.holds() => "1;31",
            0 => "2",
            _ => "1",
        };
        format!("{}{:gap$}{}", fact.name, "", self.styled(style, &number))
    }

    /// A line about something that went well.
    pub fn good(&self, text: &str) -> io::Result<()> {
        self.marked(&self.styled("32", "✓"), text)
    }

    /// A line about something that went wrong.
    pub fn bad(&self, text: &str) -> io::Result<()> {
        self.marked(&self.styled("1;31", "✗"), text)
    }

    fn marked(&self, mark: &str, text: &str) -> io::Result<()> {
        let mut mark = mark;
        for line in wrapped(text, WIDTH - INDENT.len() - 2) {
            self.line(&format!("{INDENT}{mark} {line}"))?;
            mark = " ";
        }
        Ok(())
    }

    /// Waits for some work. On a terminal it shows the progress.
    pub async fn wait<T>(&self, at: impl Fn() -> String, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        if !self.terminal {
            return work.await;
        }
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        for frame in FRAMES.iter().cycle() {
            tokio::select! {
                biased;
                done = &mut work => {
                    print_over("");
                    return done;
                }
                _ = ticks.tick() => print_over(&format!("{INDENT}{frame} {}", at())),
            }
        }
        work.await
    }

    fn styled(&self, style: &str, text: &str) -> String {
        if self.colours {
            format!("\x1b[{style}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Overwrites the line that the cursor is on. If that fails, nothing is lost.
fn print_over(text: &str) {
    let mut out = io::stdout();
    let _ = write!(out, "\r\x1b[2K{text}").and_then(|()| out.flush());
}

/// The words of a text, in lines of at most so many characters.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `10,000`
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
