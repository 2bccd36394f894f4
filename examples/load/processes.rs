//! Starts this program again for each of its parts.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, ChildStdout, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde::de::DeserializeOwned;

use crate::{
    Arguments, Scenario, Trouble,
    function::Measured,
    servers::{Addresses, Served},
};

/// Plays one scenario: the servers in one process, the function in another.
pub fn measure(
    scenario: Scenario,
    users: u32,
    arguments: &Arguments,
) -> Result<(Measured, Served), Trouble> {
    let mut servers = Part::start("servers", scenario, users, arguments, &[])?;
    let addresses: Addresses = servers.line()?;
    let mut function = Part::start(
        "function",
        scenario,
        users,
        arguments,
        &addresses.environment(),
    )?;
    let measured = function.line()?;
    function.end()?;
    drop(servers.process.stdin.take());
    let served = servers.line()?;
    servers.end()?;
    Ok((measured, served))
}

/// Servers that last for all steps of a scenario. Each step has its own process for the function.
pub struct Steps<'a> {
    servers: Part,
    addresses: Addresses,
    scenario: Scenario,
    users: u32,
    arguments: &'a Arguments,
}

impl<'a> Steps<'a> {
    /// Starts the servers.
    pub fn of(scenario: Scenario, users: u32, arguments: &'a Arguments) -> Result<Self, Trouble> {
        let mut servers = Part::start("servers", scenario, users, arguments, &[])?;
        Ok(Self {
            addresses: servers.line()?,
            servers,
            scenario,
            users,
            arguments,
        })
    }

    /// Plays the next step, with these additions to the function's environment. Returns what the
    /// servers report.
    pub fn next<T: DeserializeOwned>(
        &mut self,
        also: &[(&'static str, String)],
    ) -> Result<(Measured, T), Trouble> {
        let mut environment = self.addresses.environment();
        environment.extend_from_slice(also);
        let (scenario, users) = (self.scenario, self.users);
        let mut function = Part::start("function", scenario, users, self.arguments, &environment)?;
        let measured = function.line()?;
        function.end()?;
        let servers = self.servers.process.stdin.as_mut().ok_or("no pipe")?;
        writeln!(servers)?;
        Ok((measured, self.servers.line()?))
    }

    /// Ends the servers.
    pub fn end(mut self) -> Result<(), Trouble> {
        drop(self.servers.process.stdin.take());
        self.servers.end()
    }
}

/// One of the processes. It ends with this one.
pub struct Part {
    name: &'static str,
    process: Child,
    said: Option<BufReader<ChildStdout>>,
}

impl Part {
    /// Starts it.
    pub fn start(
        name: &'static str,
        scenario: Scenario,
        users: u32,
        arguments: &Arguments,
        environment: &[(&str, String)],
    ) -> Result<Self, Trouble> {
        let scenario = clap::ValueEnum::to_possible_value(&scenario);
        let mut process = Command::new(std::env::current_exe()?)
            .args(["--part", name])
            .args(["--users", &users.to_string()])
            .args(scenario.map(|it| format!("--scenario={}", it.get_name())))
            .arg(format!("--record-bytes={}", arguments.record_bytes))
            .arg(format!("--invocation={}s", arguments.invocation.as_secs()))
            .envs(environment.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let said = process.stdout.take().ok_or("no pipe")?;
        Ok(Self {
            name,
            process,
            said: Some(BufReader::new(said)),
        })
    }

    /// The next line that the process prints.
    pub fn line<T: DeserializeOwned>(&mut self) -> Result<T, Trouble> {
        let mut line = String::new();
        if let Some(said) = &mut self.said {
            said.read_line(&mut line)?;
        }
        serde_json::from_str(&line).map_err(|why| {
            format!(
                "the process of the {} printed something else: {why}",
                self.name
            )
            .into()
        })
    }

    /// The next and last line that the process prints. `None` if it takes too long and is killed.
    pub fn line_within<T: DeserializeOwned>(
        mut self,
        within: Duration,
    ) -> Result<Option<T>, Trouble> {
        let (sender, said) = mpsc::channel();
        let name = self.name;
        let mut output = self.said.take().ok_or("its output was read before")?;
        let reading = thread::spawn(move || {
            let mut line = String::new();
            let read = output.read_line(&mut line).map(|_| line);
            // If it was killed, nobody listens any more.
            let _ = sender.send(read);
        });
        let line = said.recv_timeout(within);
        if line.is_err() {
            self.process.kill()?;
        }
        self.process.wait()?;
        reading.join().map_err(|_| "the reader died")?;
        match line {
            Err(_) => Ok(None),
            Ok(line) => serde_json::from_str(&line?).map(Some).map_err(|why| {
                format!("the process of the {name} printed something else: {why}").into()
            }),
        }
    }

    /// Tells the process to end.
    pub fn tell_end(&mut self) {
        drop(self.process.stdin.take());
    }

    /// Waits until it ends, which must be a success.
    pub fn end(mut self) -> Result<(), Trouble> {
        let mut rest = String::new();
        if let Some(said) = &mut self.said {
            said.read_to_string(&mut rest)?;
        }
        let status = self.process.wait()?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("the process of the {} ended with {status}", self.name).into())
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It has ended already, unless something went wrong here.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
