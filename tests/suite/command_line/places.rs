//! Lakes in places that cannot hold one, and what must never be told.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;
use std::thread;

use super::{Home, assert_holds, csv_of_keys};
use crate::support::say;

#[test]
fn a_place_that_cannot_be_a_lake_is_explained() {
    let home = Home::new();
    home.write("a.csv", csv_of_keys(1..=3));
    for (lake, parts) in [
        ("ftp://host/lake", &["lake location `ftp://host/lake`", "unknown scheme `ftp`"][..]),
        ("a.csv/lake", &["lake location `a.csv/lake` cannot be used", "Not a directory"]),
        ("a.csv", &["lake location `a.csv` cannot be used"]),
        ("", &["lake location `` cannot be used"]),
        ("s3:///no-bucket", &["lake location `s3:///no-bucket` cannot be used"]),
        ("s3://my bucket/lake", &["lake location `s3://my bucket/lake` cannot be used"]),
    ] {
        for command in [&["status"][..], &["ingest", "nyc311", "--file", "a.csv"], &["runs"]] {
            let arguments = [command, &["--lake", lake]].concat();
            let error = home.refused(1, &arguments);
            assert_holds(&error, parts);
            assert_holds(&error, &["error: ", "give a folder or an s3://bucket/prefix URL"]);
        }
    }
}

#[test]
fn only_what_brings_data_makes_a_lake() {
    let home = Home::new();
    let nowhere = ["--lake", "nowhere/lake"];
    for command in [
        &["status"][..],
        &["plan", "events"],
        &["query", "SELECT 1"],
        &["uploads"],
        &["anomalies"],
        &["quarantine", "nyc311"],
        &["alerts"],
        &["alerts", "--check"],
        &["runs"],
        &["report", "nyc311", "--period", "2024"],
        &["refresh"],
        &["refresh", "nyc311"],
        &["train"],
        &["backfill", "events"],
        &["maintain"],
        &["record", "put", "nyc311", "3", "agency=NYPD"],
        &["record", "delete", "nyc311", "3"],
        &["quarantine", "nyc311", "--replay"],
    ] {
        let error = home.refused(1, &[command, &nowhere].concat());
        assert_holds(&error, &["there is no lake at nowhere/lake", "--lake or SMELT_LAKE"]);
        assert!(!home.path("nowhere").exists(), "{command:?}");
    }
    // A source is looked at before anything is loaded.
    let url = "sqlite://nothing.db";
    let mut command = home.command(&["sources", "test", "restaurant"]);
    let ran: super::Ran = command.env("ORDER_DB_URL", url).output().unwrap().into();
    assert!(!ran.err.contains("there is no lake"), "{ran:#?}");
    assert!(!home.path("lake").exists());
    home.fine(&["run", "events"]);
    assert!(home.path("lake").exists());
    home.fine(&["status"]);
    home.fine(&["refresh"]);
}

#[test]
fn nobody_who_listens_and_odd_variables_stop_no_run() {
    let home = Home::new();
    home.write("a.csv", csv_of_keys(1..=20));
    let mut command = home.command(&["ingest", "nyc311", "--file", "a.csv"]);
    command.env("ODD", std::ffi::OsStr::from_bytes(b"\xff"));
    let mut child = command.spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    home.fine(&["refresh"]);
    assert_eq!(home.balance(), [20, 20, 0, 0, 0]);

    let mut child = home.start(&["status"]);
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0), "the reader has seen enough");
}

#[test]
fn a_lake_without_permission_is_explained() {
    let home = Home::new();
    home.write("a.csv", csv_of_keys(1..=3));
    fs::create_dir(home.path("locked")).unwrap();
    let mut permissions = fs::metadata(home.path("locked")).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(home.path("locked"), permissions).unwrap();
    if fs::write(home.path("locked/probe"), "").is_ok() {
        return say("skipped: this user may write everywhere, so no lake lacks permission");
    }
    let error = home.refused(1, &["run", "--lake", "locked/lake"]);
    assert_holds(&error, &["no permission to create locked/lake"]);
    let error = home.refused(1, &["ingest", "nyc311", "--file", "a.csv", "--lake", "locked"]);
    assert_holds(&error, &["no permission to write bronze/nyc311/requests", "access rights"]);
}

/// A small disk that goes away with this.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    /// `None` where this user or this machine does not allow it.
    fn mount(place: &'a Path) -> Option<Self> {
        fs::create_dir(place).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(place);
        mount.output().is_ok_and(|ended| ended.status.success()).then(|| Self(place))
    }

    fn grow(&self) {
        let grown = Command::new("mount").args(["-o", "remount,size=200m"]).arg(self.0).status();
        assert!(grown.unwrap().success());
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_is_explained_and_the_next_run_carries_on() {
    let home = Home::new();
    let place = home.path("small");
    let Some(disk) = SmallDisk::mount(&place) else {
        return say("skipped: no small disk can be mounted here, so none can be full");
    };
    let (files, truth) = home.simulate(60, 1500, 3);
    let files = files.to_str().unwrap();
    let on_disk = ["--lake", "small/lake"];
    let ingest = [&["ingest", "nyc311", "--file", files][..], &on_disk].concat();
    let error = home.refused(1, &ingest);
    assert_holds(
        &error,
        &[
            "no space left while writing bronze/nyc311/requests/",
            "nothing of this step was committed, free some space and run again",
        ],
    );
    let status = [&["status", "--format", "json"][..], &on_disk].concat();
    let nothing: serde_json::Value = serde_json::from_str(&home.fine(&status)).unwrap();
    assert_eq!(nothing["nyc311"]["balances"], serde_json::json!([]));

    disk.grow();
    home.fine(&ingest);
    home.fine(&[&["refresh"][..], &on_disk].concat());
    let status: serde_json::Value = serde_json::from_str(&home.fine(&status)).unwrap();
    let balance = &status["nyc311"]["balances"][0];
    assert_eq!(balance["bronze"], truth["rows_received"]);
    assert_eq!(balance["silver"], truth["rows_silver"]);
}

const SECRET: &str = "wJalrXUtnFEMIsecretEXAMPLEKEY";

#[test]
fn secrets_are_never_told() {
    let home = Home::new();
    home.write("a.csv", csv_of_keys(1..=3));
    let secretive = |arguments: &[&str], endpoint: &str| {
        let mut command = home.command(arguments);
        command
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env("AWS_SESSION_TOKEN", SECRET)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ALLOW_HTTP", "true")
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("SMELT_LOG", "debug");
        let ran: super::Ran = command.output().unwrap().into();
        assert!(!(ran.out + &ran.err).contains(SECRET), "{arguments:?}");
        (ran.code.expect("it ends by itself"), ran.err)
    };
    // On a folder, into the run reports and the tables.
    let (code, _) = secretive(&["ingest", "nyc311", "--file", "a.csv", "missing.csv"], "http://x");
    assert_eq!(code, 1);
    let (code, _) = secretive(&["ingest", "nyc311", "--file", "a.csv", "--json"], "http://x");
    assert_eq!(code, 0);
    let (code, _) = secretive(&["refresh"], "http://x");
    assert_eq!(code, 0);
    assert!(!holds(&home.path("lake"), SECRET.as_bytes()));

    // On a store that refuses.
    let endpoint = refusing_store();
    for command in [&["status"][..], &["ingest", "nyc311", "--file", "a.csv"], &["runs"]] {
        let arguments = [command, &["--lake", "s3://bucket/lake"]].concat();
        let (code, error) = secretive(&arguments, &endpoint);
        assert_eq!(code, 1, "{error}");
        assert_holds(&error, &["error: no permission to read", "check the access rights"]);
    }
}

/// A store that answers every request with 403, and its address.
fn refusing_store() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let body = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
            let _ = write!(
                stream,
                "HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    address
}

/// Whether any file below a folder holds these bytes.
fn holds(folder: &Path, bytes: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => holds(&path, bytes),
            false => fs::read(path).unwrap().windows(bytes.len()).any(|window| window == bytes),
        }
    })
}
