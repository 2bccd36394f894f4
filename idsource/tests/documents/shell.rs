//! Command lines that need an account: what they name is there.

use std::collections::HashMap;

use clap::Parser as _;
use dynamodb_identity_source::event::Event;
use idsource::Cli;

use crate::reference::template;

/// What is wrong with the command lines of a block.
pub fn wrong(code: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for command in commands(code) {
        let name = command.iter().find(|word| !is_assignment(word));
        match name.map(String::as_str) {
            Some("idsource") => {
                let words = command.iter().skip_while(|word| is_assignment(word));
                if let Err(why) = Cli::try_parse_from(words)
                    && why.use_stderr()
                {
                    wrong.push(format!("{}: {why}", command.join(" ")));
                }
            }
            Some("aws" | "sam") => wrong.extend(aws(&command)),
            _ => {}
        }
    }
    wrong.extend(outputs(code));
    wrong
}

/// The commands of a block, word by word.
fn commands(code: &str) -> Vec<Vec<String>> {
    let code = code.replace("\\\n", " ").replace("$(", " ; ");
    let (mut commands, mut command) = (Vec::new(), String::new());
    // Within quotes nothing ends a command.
    let mut quote = None;
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, '#') if command.is_empty() || command.ends_with(' ') => {
                chars.by_ref().find(|c| *c == '\n');
                commands.push(std::mem::take(&mut command));
                continue;
            }
            (None, ';' | '|' | '&' | '>' | '\n') => {
                commands.push(std::mem::take(&mut command));
                // What follows is a file's name.
                if c == '>' {
                    command.push_str("file ");
                }
                continue;
            }
            _ => {}
        }
        command.push(c);
    }
    commands.push(command);
    let words = commands.iter().map(|command| {
        let words = shlex::split(command);
        words.unwrap_or_else(|| panic!("quotes are open in {command}"))
    });
    words.filter(|words| !words.is_empty()).collect()
}

fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map(|(name, _)| name);
    name.is_some_and(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
}

/// What is wrong with a command line of AWS's.
fn aws(command: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    let given: HashMap<_, _> = command
        .iter()
        .zip(command.iter().skip(1))
        .map(|(flag, value)| (flag.as_str(), value.as_str()))
        .collect();
    let invokes = command.iter().any(|word| word == "invoke");
    if let Some(payload) = given
        .get("--payload")
        .filter(|it| invokes && !it.contains("://"))
    {
        let event = serde_json::from_str(payload).map_err(|why| why.to_string());
        let event = event.and_then(|it| Event::parse(&it).map_err(|why| why.to_string()));
        wrong.extend(event.err().map(|why| format!("{payload}: {why}")));
    }
    let parameters = template::parameters();
    let overrides = command
        .iter()
        .skip_while(|it| *it != "--parameter-overrides");
    for word in overrides.skip(1).take_while(|word| !word.starts_with("--")) {
        for word in word.split_whitespace() {
            if let Some((name, _)) = word.split_once('=')
                && !parameters.contains(name)
            {
                wrong.push(format!("{name} is no parameter of the template"));
            }
        }
    }
    wrong
}

/// Outputs that are asked for and that the template has not: by their key, or by a page's own function
/// `output`, which takes one.
fn outputs(code: &str) -> Vec<String> {
    let outputs = template::outputs();
    let by_key = code.split("OutputKey==").skip(1);
    let by_key = by_key
        .filter_map(|rest| rest.split(['\'', '`', '"', '\\']).find(|it| !it.is_empty()))
        .filter(|name| *name != "$1");
    let by_function = code.split("$(output ").skip(1);
    let by_function = by_function.filter_map(|rest| rest.split(')').next());
    by_key
        .chain(by_function)
        .filter(|name| !outputs.contains(*name))
        .map(|name| format!("{name} is no output of the template"))
        .collect()
}
