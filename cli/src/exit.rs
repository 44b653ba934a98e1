use std::future::pending;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::Arguments;
use crate::commands;
use crate::output::{is_output_closed, say};

/// How a command ended, other than by failing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Ending {
    #[default]
    Fine,
    /// Part of the work failed; what and why has been said.
    Failed,
    /// Data was refused; what and why has been said.
    Refused,
}

impl Ending {
    /// A failure outweighs a refusal, and both outweigh success.
    pub(crate) fn or_worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::Failed, _) | (_, Self::Failed) => Self::Failed,
            (Self::Refused, _) | (_, Self::Refused) => Self::Refused,
            (Self::Fine, Self::Fine) => Self::Fine,
        }
    }
}

const FAILED: u8 = 1;
const REFUSED: u8 = 3;
/// Of a command that was stopped by Ctrl-C, and by SIGTERM: 128 and the number of the signal.
const INTERRUPTED: u8 = 130;
const TERMINATED: u8 = 143;
/// How long a thread that reads files waits for more to do. Each keeps what it has freed until it ends: dozens, of
/// which any may be woken, held 300 MB together at tokio's ten seconds, and at one second as well.
const IDLE_THREAD: Duration = Duration::from_millis(30);
/// How long a stopped command may take to write down that it was.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Runs the command and turns its end into an exit code.
pub(crate) fn run(arguments: Arguments) -> ExitCode {
    start_logging(&arguments);
    let threads = Builder::new_multi_thread().enable_all().thread_keep_alive(IDLE_THREAD).build();
    let runtime = match threads {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("error: no threads could be started: {error}"));
            return ExitCode::from(FAILED);
        }
    };
    let stop = arguments.global.stop.clone();
    let ending = runtime.block_on(async {
        let mut command = pin!(commands::run(arguments));
        tokio::select! {
            ending = &mut command => Ok(ending),
            stopped = told_to_stop() => {
                // What is under way is dropped as soon as it is written down that it is.
                tokio::select! {
                    biased;
                    () = stop.ask() => {}
                    _ = command => {}
                    () = tokio::time::sleep(LAST_WORDS) => {}
                }
                Err(stopped)
            }
        }
    });
    // Readers on blocking threads have been told to stop; nothing of theirs is visible. Threads of
    // libraries that wait for work dropped here panic, which is nobody's concern any more.
    std::panic::set_hook(Box::new(|_| {}));
    runtime.shutdown_timeout(Duration::from_millis(200));
    match ending {
        Ok(Ok(Ending::Fine)) => ExitCode::SUCCESS,
        Ok(Ok(Ending::Failed)) => ExitCode::from(FAILED),
        Ok(Ok(Ending::Refused)) => ExitCode::from(REFUSED),
        Ok(Err(error)) => {
            // A closed pipe (`smelt query … | head`) is the reader's wish, not a failure.
            if is_output_closed(&error) {
                return ExitCode::SUCCESS;
            }
            say(&format!("error: {}", told(&error)));
            ExitCode::from(FAILED)
        }
        Err(stopped) => {
            say("stopped; everything committed so far is kept, the next run carries on");
            ExitCode::from(stopped)
        }
    }
}

/// Waits until a person (Ctrl-C) or a service manager (SIGTERM) stops the command; gives the exit code
/// that says which.
async fn told_to_stop() -> u8 {
    tokio::select! {
        () = heard(SignalKind::interrupt()) => INTERRUPTED,
        () = heard(SignalKind::terminate()) => TERMINATED,
    }
}

/// Waits for a signal; forever where it cannot be heard, so that it ends the process as it always did.
async fn heard(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => pending().await,
    }
}

/// The error's own words, then what is at the bottom of it unless they say so already. What lies
/// in between tells of libraries, not of the user's world.
pub(crate) fn told(error: &anyhow::Error) -> String {
    let (words, root) = (error.to_string(), error.root_cause().to_string());
    if words.contains(&root) { words } else { format!("{words} ({root})") }
}

fn start_logging(arguments: &Arguments) {
    use tracing_subscriber::EnvFilter;
    let default = if arguments.global.json {
        "info,buoyant_kernel=off,delta_kernel=off,deltalake=warn"
    } else {
        "error,buoyant_kernel=off,delta_kernel=off,deltalake=off"
    };
    let filter = EnvFilter::try_from_env("SMELT_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let logging = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if arguments.global.json {
        logging.json().flatten_event(true).init();
    } else {
        logging.without_time().init();
    }
}
