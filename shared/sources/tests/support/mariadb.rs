//! A MariaDB server of a test's own, on a free port of this machine, in a temporary folder.
//!
//! Needs nothing but `tempfile`, so other crates' tests can include this file by its path.

#![allow(dead_code, reason = "not every suite that includes this needs all of it")]

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// Looks for the server this often while it starts, and this many times.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOOKS: usize = 600;

/// A running server; it ends, and its files go, when this is dropped.
#[derive(Debug)]
pub(crate) struct MariaDb {
    folder: TempDir,
    port: u16,
    server: Child,
}

impl MariaDb {
    /// Starts a server; `None`, and a line that says so, where MariaDB is not installed.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// Starts a server with further arguments.
    pub(crate) fn start_with(arguments: &[String]) -> Option<Self> {
        let Some(program) = installed("mariadbd") else {
            eprintln!("skipped: mariadbd is not installed (apt-get install mariadb-server)");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let temporary = folder.path().join("temporary");
        std::fs::create_dir(&temporary).unwrap();
        let installation = Command::new(installed("mariadb-install-db").unwrap())
            .args(["--no-defaults", "--user=root", "--skip-test-db"])
            .arg("--auth-root-authentication-method=normal")
            .arg(format!("--datadir={}", folder.path().join("data").display()))
            .arg(format!("--tmpdir={}", temporary.display()))
            .output()
            .unwrap();
        assert!(installation.status.success(), "{}", String::from_utf8_lossy(&installation.stderr));
        let (port, server) = serve(&program, folder.path(), arguments);
        let database = Self { folder, port, server };
        database.await_start();
        Some(database)
    }

    /// The URL of a database for a user.
    pub(crate) fn url(&self, user: &str, password: &str, database: &str) -> String {
        format!("mysql://{user}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs statements as the owner of the server; returns what they print, tabs between columns.
    pub(crate) fn execute(&self, database: &str, statements: &str) -> String {
        let mut client = self.client("mariadb");
        client.args([
            "--batch",
            "--skip-column-names",
            "--default-character-set=utf8mb4",
            database,
        ]);
        let client = client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut client = client.spawn().unwrap();
        client.stdin.take().unwrap().write_all(statements.as_bytes()).unwrap();
        let output = client.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}\n{statements}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Ends the server at once, as a loss of power would.
    pub(crate) fn kill(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }

    /// Makes the server hang: it keeps its connections and answers nothing.
    pub(crate) fn hang(&self) {
        let process = self.server.id().to_string();
        assert!(Command::new("kill").args(["-STOP", &process]).status().unwrap().success());
    }

    fn await_start(&self) {
        for _ in 0..LOOKS {
            let ping = self.client("mariadb-admin").args(["--silent", "ping"]).output().unwrap();
            if ping.status.success() {
                return;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        panic!("the server does not start: {log}");
    }

    fn client(&self, program: &str) -> Command {
        let mut client = Command::new(installed(program).unwrap());
        client.args(["--no-defaults", "--user=root"]);
        client.arg(format!("--socket={}", self.folder.path().join("socket").display()));
        client
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        // Its files go with it, so nothing has to be written properly.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn serve(program: &Path, folder: &Path, arguments: &[String]) -> (u16, Child) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let file = |name: &str| folder.join(name).display().to_string();
    let log = std::fs::File::create(file("log")).unwrap();
    let server = Command::new(program)
        // Has a summer time, which many servers have and some bugs need.
        .env("TZ", "EST5EDT,M3.2.0,M11.1.0")
        .args(["--no-defaults", "--user=root", "--bind-address=127.0.0.1", "--skip-name-resolve"])
        .args(["--character-set-server=utf8mb4", "--innodb-buffer-pool-size=32M"])
        .args([format!("--datadir={}", file("data")), format!("--port={port}")])
        .arg(format!("--tmpdir={}", file("temporary")))
        .args([format!("--socket={}", file("socket")), format!("--pid-file={}", file("pid"))])
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    (port, server)
}

/// Where a program is; servers are not always on the path of ordinary users.
fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")])
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}
