//! What a function that only reads does not serve.

use crate::event::{Command, Event};

/// The name of an event that might change something. None if it only looks.
pub(crate) fn refused(event: &Event) -> Option<&'static str> {
    let command = match event {
        Event::Schedule => return Some("the schedule's full run"),
        Event::Stream(_) => return Some("a stream batch"),
        Event::Command(command) => command,
    };
    match command {
        Command::Plan { .. }
        | Command::Explain { .. }
        | Command::Status {}
        | Command::Doctor {}
        | Command::Verify {
            adopt: false,
            repair: false,
        } => None,
        Command::Verify { adopt: true, .. } => Some("verify with \"adopt\""),
        Command::Verify { .. } => Some("verify with \"repair\""),
        Command::Sync { .. } => Some("sync"),
        Command::Push { .. } => Some("push"),
        Command::Approve { .. } => Some("approve"),
        Command::Pause { .. } => Some("pause"),
        Command::Resume { .. } => Some("resume"),
        Command::Prove { .. } => Some("prove"),
    }
}
