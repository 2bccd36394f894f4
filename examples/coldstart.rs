//! `cargo run --release --example coldstart`
//!
//! Measures how long the function takes from being executed to asking for its first event, and
//! compares it with a hello-world on the same runtime. The programs take turns, so that other work
//! on the machine affects them equally.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use clap::Parser;

type Trouble = Box<dyn std::error::Error>;

/// What the runtime asks for when it is ready (AWS's Lambda runtime API).
const NEXT: &[u8] = b"GET /2018-06-01/runtime/invocation/next ";
/// More time than any start needs.
const AT_MOST: Duration = Duration::from_secs(10);

/// Measures cold starts, from exec to the first request for an event.
#[derive(Debug, Parser)]
struct Arguments {
    /// How often each program is started
    #[arg(long, value_name = "N", default_value_t = 50)]
    starts: usize,
}

struct Candidate {
    name: &'static str,
    program: PathBuf,
    environment: &'static [(&'static str, &'static str)],
    took: Vec<Duration>,
}

const SETTINGS: [(&str, &str); 4] = [
    ("OKTA_ORG_URL", "https://example.okta.com"),
    ("OKTA_IDENTITY_SOURCE_ID", "0oa1ab2cd3EF4gh5i6j7"),
    ("USERS_TABLE", "users"),
    ("STATE_TABLE", "identity-source-state"),
];
const API_TOKEN: [(&str, &str); 1] = [("OKTA_CREDENTIALS", r#"{"apiToken":"00abc"}"#)];
const SECRET: [(&str, &str); 1] = [(
    "OKTA_CREDENTIALS_SECRET_ARN",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:okta/identity-source-AbCdEf",
)];

fn main() -> ExitCode {
    match measure(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("coldstart: {why}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<(), Trouble> {
    let folder = build()?;
    let candidate = |name, program: &str, environment| Candidate {
        name,
        program: folder.join(program),
        environment,
        took: Vec::new(),
    };
    let mut candidates = [
        candidate("hello-world", "examples/hello", &[][..]),
        candidate("with an API token", "bootstrap", &API_TOKEN[..]),
        candidate("with a secret's ARN", "bootstrap", &SECRET[..]),
    ];
    let runtime_api = TcpListener::bind("127.0.0.1:0")?;
    // The first start of each reads it from the disk.
    for round in 0..=arguments.starts {
        for candidate in &mut candidates {
            let took = start(candidate, &runtime_api)?;
            if round > 0 {
                candidate.took.push(took);
            }
        }
    }
    // On a busy machine the fastest tenth says more than the median.
    println!("                     fastest tenth, ratio      median, ratio   binary");
    let [fast, middle] = [0.1, 0.5].map(|share| quantile(&mut candidates[0].took, share));
    for candidate in &mut candidates {
        let times = [(0.1, fast), (0.5, middle)].map(|(share, hello)| {
            let took = quantile(&mut candidate.took, share);
            let ratio = took.as_secs_f64() / hello.as_secs_f64();
            format!("{:>7.2} ms {ratio:>7.2}", took.as_secs_f64() * 1e3)
        });
        let bytes = std::fs::metadata(&candidate.program)?.len();
        let megabytes = bytes as f64 / 1e6;
        println!(
            "{:<20} {}  {} {megabytes:>5.1} MB",
            candidate.name, times[0], times[1]
        );
    }
    Ok(())
}

/// Builds what is measured. Returns the folder that holds it.
fn build() -> Result<PathBuf, Trouble> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--release"])
        .args(["--bin", "bootstrap", "--example", "hello"])
        .status()?;
    if !status.success() {
        return Err("the programs to measure do not build".into());
    }
    let this = std::env::current_exe()?;
    let examples = this.parent().and_then(Path::parent);
    Ok(examples.ok_or("no folder above this program")?.to_owned())
}

/// Starts a program once. Measures from just before it is executed until it asks for an event.
fn start(candidate: &Candidate, runtime_api: &TcpListener) -> Result<Duration, Trouble> {
    let mut command = Command::new(&candidate.program);
    command
        .env_clear()
        .env(
            "AWS_LAMBDA_RUNTIME_API",
            runtime_api.local_addr()?.to_string(),
        )
        .env("AWS_LAMBDA_FUNCTION_NAME", "coldstart")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "coldstart")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "coldstart")
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .env("AWS_REGION", "eu-west-1")
        .envs(SETTINGS)
        .envs(candidate.environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let began = Instant::now();
    let mut process = command.spawn()?;
    let asked = asked(runtime_api, &mut process);
    let took = began.elapsed();
    process.kill()?;
    process.wait()?;
    asked?;
    Ok(took)
}

/// Waits for the request for an event, and leaves it unanswered.
fn asked(runtime_api: &TcpListener, process: &mut Child) -> Result<TcpStream, Trouble> {
    let (mut stream, _) = runtime_api.accept()?;
    stream.set_read_timeout(Some(AT_MOST))?;
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Err(format!("it hung up: {:?}", process.try_wait()?).into());
        }
        head.extend_from_slice(&buffer[..read]);
    }
    if head.starts_with(NEXT) {
        return Ok(stream);
    }
    stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")?;
    Err(format!("it asked for {}", String::from_utf8_lossy(&head)).into())
}

fn quantile(times: &mut [Duration], share: f64) -> Duration {
    times.sort();
    let last = times.len().saturating_sub(1);
    times
        .get((last as f64 * share).round() as usize)
        .copied()
        .unwrap_or_default()
}
