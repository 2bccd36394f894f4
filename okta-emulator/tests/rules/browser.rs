//! Chromium, driven over a pipe by its DevTools protocol.

use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// A browser with one page open.
pub(crate) struct Browser {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    profile: PathBuf,
    session: String,
    sent: u64,
}

impl Browser {
    /// Opens a page.
    pub(crate) fn open(url: &str) -> Self {
        static OPENED: AtomicUsize = AtomicUsize::new(0);
        let number = OPENED.fetch_add(1, Ordering::Relaxed);
        let name = format!("okta-emulator-{}-{number}", std::process::id());
        let profile = std::env::temp_dir().join(name);
        let flags = format!(
            "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
             --disable-background-networking --disable-component-update --disable-sync \
             --remote-debugging-pipe --window-size=1280,900 --user-data-dir={}",
            profile.display()
        );
        // The pipe is on descriptors 3 and 4.
        let command = format!(
            "exec \"${{CHROMIUM:-chromium}}\" {flags} about:blank 3<&0 4>&1 >/dev/null 2>&1"
        );
        let mut process = Command::new("sh")
            .args(["-c", &command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut browser = Self {
            commands: process.stdin.take().unwrap(),
            answers: BufReader::new(process.stdout.take().unwrap()),
            process,
            profile,
            session: String::new(),
            sent: 0,
        };
        let target = browser.send("Target.createTarget", &json!({ "url": url }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.send("Target.attachToTarget", &attach);
        attached["sessionId"]
            .as_str()
            .unwrap()
            .clone_into(&mut browser.session);
        browser.send("Page.bringToFront", &json!({}));
        let focus = json!({ "enabled": true });
        browser.send("Emulation.setFocusEmulationEnabled", &focus);
        // An empty page comes first, and is complete as well.
        browser.wait_for("location.href !== 'about:blank'");
        browser.wait_for("document.readyState === 'complete'");
        browser
    }

    /// Sends a command and returns its result.
    pub(crate) fn send(&mut self, method: &str, params: &Value) -> Value {
        self.sent += 1;
        let mut command = json!({ "id": self.sent, "method": method, "params": params });
        if !self.session.is_empty() {
            command["sessionId"] = json!(self.session);
        }
        write!(self.commands, "{command}\0").unwrap();
        loop {
            let mut message = Vec::new();
            self.answers.read_until(0, &mut message).unwrap();
            assert_eq!(
                message.pop(),
                Some(0),
                "Chromium has gone, or is not on the path (CHROMIUM names another program)"
            );
            let message: Value = serde_json::from_slice(&message).unwrap();
            if message["id"] == self.sent {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].clone();
            }
        }
    }

    /// The value of an expression in the page.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true });
        self.send("Runtime.evaluate", &params)["result"]["value"].clone()
    }

    /// Goes to another page.
    pub(crate) fn go(&mut self, url: &str) {
        self.send("Page.navigate", &json!({ "url": url }));
        self.wait_for(&format!("location.href === '{url}'"));
        self.wait_for("document.readyState === 'complete'");
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, expression: &str) {
        let started = Instant::now();
        while self.value(expression) != true {
            let text = self.value("document.body && document.body.innerText");
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "{expression} did not come true: {text}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Presses and releases a key.
    pub(crate) fn press(&mut self, key: &str) {
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let code = match key {
                "Tab" => 9,
                _ => 13,
            };
            let mut params =
                json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                params["text"] = json!(text);
            }
            self.send("Input.dispatchKeyEvent", &params);
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}
