//! reference/idsource.md: every command and flag of the operator's program.

use std::fmt::Write as _;

use clap::{Arg, Command, CommandFactory as _};
use idsource::Cli;

use super::answers::cell;

pub fn page() -> String {
    let mut cli = Cli::command();
    cli.build();
    let mut page = String::from(
        "# idsource\n\nThis page is made from the program. [The operator's page](../tasks/operator.md) shows how to use it.\n",
    );
    about(&cli, &mut page);
    options(&cli, &mut page);
    for command in cli.get_subcommands().filter(|it| it.get_name() != "help") {
        describe("idsource", command, &mut page);
    }
    page
}

fn describe(before: &str, command: &Command, page: &mut String) {
    let name = format!("{before} {}", command.get_name());
    writeln!(page, "\n## {name}").unwrap();
    about(command, page);
    options(command, page);
    for inner in command
        .get_subcommands()
        .filter(|it| it.get_name() != "help")
    {
        describe(&name, inner, page);
    }
}

fn about(command: &Command, page: &mut String) {
    let about = command.get_long_about().or_else(|| command.get_about());
    if let Some(about) = about {
        writeln!(page, "\n{}", about.to_string().trim_end()).unwrap();
    }
}

/// What a command takes; what all take is said once.
fn options(command: &Command, page: &mut String) {
    let own = |arg: &&Arg| {
        let is_global = arg.is_global_set() && command.get_name() != "idsource";
        !is_global && !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str())
    };
    let args: Vec<_> = command.get_arguments().filter(own).collect();
    if args.is_empty() {
        return;
    }
    page.push_str("\n| | |\n|---|---|\n");
    for arg in args {
        let help = arg.get_long_help().or_else(|| arg.get_help());
        let help = help.map(ToString::to_string).unwrap_or_default();
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        let required = if arg.is_required_set() {
            " Required."
        } else {
            ""
        };
        let mut help = help;
        if !help.ends_with(['.', '?', '!']) && !help.is_empty() {
            help.push('.');
        }
        writeln!(page, "| `{}` | {}{required} |", shown(arg), cell(&help)).unwrap();
    }
}

/// An argument as one types it.
fn shown(arg: &Arg) -> String {
    let values = arg.get_value_names().unwrap_or_default();
    let takes = arg.get_action().takes_values();
    let value = values.iter().map(ToString::to_string).collect::<Vec<_>>();
    let value = value.join(" ");
    let flag = match (arg.get_short(), arg.get_long()) {
        (Some(short), Some(long)) => format!("-{short}, --{long}"),
        (None, Some(long)) => format!("--{long}"),
        (Some(short), None) => format!("-{short}"),
        (None, None) => return value,
    };
    match takes {
        true => format!("{flag} {value}"),
        false => flag,
    }
}
