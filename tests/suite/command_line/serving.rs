//! `smelt serve`: the API and the dashboard of a lake, on this machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Child;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::Ed25519KeyPair;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;

use super::{Home, assert_holds, csv_of_keys};

/// A server, and where it listens.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut child = home.start(&[&["serve", "--port", "0"], arguments].concat());
        let out = BufReader::new(child.stdout.take().unwrap());
        let line = out.lines().map(Result::unwrap).find(|line| line.starts_with("API"));
        let url = line.expect("it says where it serves");
        let address = url.split("http://").nth(1).unwrap().trim_end_matches("/docs").to_owned();
        Self { child, address }
    }

    /// The answer to a request, head and body.
    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {length}\r\n\
             {headers}\r\n{body}",
            self.address
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn get(&self, path: &str) -> String {
        self.ask("GET", path, "", "")
    }

    /// Asks until the answer holds this.
    fn wait_for(&self, path: &str, part: &str) {
        let until = Instant::now() + Duration::from_secs(60);
        while !self.get(path).contains(part) {
            assert!(Instant::now() < until, "{path} never holds {part}: {}", self.get(path));
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn an_upload_goes_from_the_announcement_to_published_marts() {
    let home = Home::new();
    home.write("dash/index.html", "<!doctype html><title>dash</title>");
    let server = Server::start(&home, &["--dashboard", &home.path("dash").display().to_string()]);
    assert!(server.get("/").contains("<title>dash"), "the dashboard is at the root");
    assert!(server.get("/health").contains("\"ok\""));
    assert!(server.get("/nothing/here").starts_with("HTTP/1.1 404"));

    let content = "unique_key,created_date,agency,complaint_type,borough\n\
                   1,2024-12-30T10:00:00.000,NYPD,Noise,BRONX\n\
                   2,2024-12-30T11:00:00.000,NYPD,Noise,BRONX\n";
    let announcement = format!("{{\"file_name\": \"requests.csv\", \"bytes\": {}}}", content.len());
    let json = "Content-Type: application/json\r\n";
    let announced = server.ask("POST", "/v1/datasets/nyc311/uploads", json, &announcement);
    assert!(announced.starts_with("HTTP/1.1 201"), "{announced}");
    let text = |name: &str| {
        let after = announced.split(&format!("\"{name}\":\"")).nth(1).unwrap();
        after.split('"').next().unwrap().to_owned()
    };
    let sent = server.ask("PUT", &text("url"), "Content-Type: text/csv\r\n", content);
    assert!(sent.starts_with("HTTP/1.1 200"), "{sent}");
    // Ends when the upload has gone all the way.
    let events = server.get(&text("events"));
    assert!(events.contains("event: done"), "{events}");
    assert!(
        events.contains("\"stage\":\"published\"") && events.contains("\"rows\":2"),
        "{events}"
    );
    let rows = server.get("/v1/datasets/nyc311/marts/daily_requests?select=borough,requests");
    assert!(rows.contains("\"requests\":2"), "{rows}");
    // Where the dataset stands is told after the marts, and the report of the run at its end.
    server.wait_for("/published/nyc311/dataset.json", "\"is_exact\":true");
    server.wait_for("/v1/runs", "\"command\":\"refresh nyc311\"");
}

#[test]
fn others_are_served_only_if_they_show_who_they_are() {
    let home = Home::new();
    let open = home.refused(1, &["serve", "--port", "0", "--host", "0.0.0.0"]);
    assert_holds(&open, &["0.0.0.0 can be reached from elsewhere", "--api-keys"]);
    let keys =
        home.write("keys.json", "[{\"name\": \"bi\", \"role\": \"king\", \"sha256\": \"00\"}]");
    let keys = keys.display().to_string();
    let wrong = home.refused(1, &["serve", "--port", "0", "--api-keys", &keys]);
    assert_holds(
        &wrong,
        &["keys.json holds no API keys", "`king`", "reader, uploader, operator or admin"],
    );
    let empty = home.write("empty.json", "[]").display().to_string();
    let empty = home.refused(1, &["serve", "--port", "0", "--api-keys", &empty]);
    assert_holds(&empty, &["empty.json has no key in its list"]);
    let nowhere = ["serve", "--port", "0", "--jwt-issuer", "x", "--jwt-audience", "smelt"];
    assert_holds(&home.refused(1, &nowhere), &["`x/.well-known/jwks.json`", "--jwks-url"]);
    let none = home.refused(1, &["serve", "--port", "0", "--dashboard", "nowhere"]);
    assert_holds(&none, &["nowhere holds no dashboard"]);
    let issuer = ["serve", "--jwt-issuer", "https://issuer.example.com"];
    home.refused(2, &issuer);
    let both = ["--jwt-audience", "smelt", "--jwt-secret", "secret", "--jwks-url", "http://a.b/c"];
    home.refused(2, &[&issuer[..], &both].concat());

    // The SHA-256 of `secret`.
    let sha256 = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    let keys = format!("[{{\"name\": \"bi\", \"role\": \"reader\", \"sha256\": \"{sha256}\"}}]");
    let keys = home.write("keys.json", keys).display().to_string();
    let server = Server::start(&home, &["--api-keys", &keys]);
    assert!(server.get("/v1/datasets").starts_with("HTTP/1.1 401"));
    let with_key =
        |key: &str| server.ask("GET", "/v1/datasets", &format!("X-Api-Key: {key}\r\n"), "");
    assert!(with_key("secret").starts_with("HTTP/1.1 200"));
    assert!(with_key("guess").starts_with("HTTP/1.1 401"));
}

/// A key that signs tokens, and the set of keys that its issuer publishes.
fn signing_key(id: &str) -> (EncodingKey, String) {
    let document = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
    let key = EncodingKey::from_ed_der(document.as_ref());
    let mut public = Jwk::from_encoding_key(&key, Algorithm::EdDSA).unwrap();
    public.common.key_id = Some(id.to_owned());
    (key, json!({ "keys": [public] }).to_string())
}

/// Answers every request with this text; returns where.
fn publish(text: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let asked = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
            assert!(asked.take_while(|line| !line.is_empty()).count() > 0);
            let length = text.len();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n");
            write!(stream, "{head}Connection: close\r\n\r\n{text}").unwrap();
        }
    });
    format!("http://{address}")
}

#[test]
fn tokens_count_that_are_signed_with_keys_which_the_issuer_publishes() {
    let (key, published) = signing_key("this-year");
    let (forger, _) = signing_key("this-year");
    let issuer = publish(published);
    let home = Home::new();
    let server = Server::start(&home, &["--jwt-issuer", &issuer, "--jwt-audience", "smelt"]);
    let asked_by = |key: &EncodingKey, audience: &str| {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some("this-year".to_owned());
        let claims = json!({
            "iss": issuer, "aud": audience, "sub": "ada", "exp": 4_000_000_000_u64,
            "roles": ["reader"],
        });
        let token = encode(&header, &claims, key).unwrap();
        server.ask("GET", "/v1/datasets", &format!("Authorization: Bearer {token}\r\n"), "")
    };
    let answer = asked_by(&key, "smelt");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(asked_by(&forger, "smelt").starts_with("HTTP/1.1 401"), "signed with another key");
    assert!(asked_by(&key, "others").starts_with("HTTP/1.1 401"), "for somebody else");
    assert!(server.get("/v1/datasets").starts_with("HTTP/1.1 401"), "no token");
}

#[test]
fn an_empty_lake_is_served_and_told() {
    let home = Home::new();
    let told = || {
        let mut server = Server::start(&home, &[]);
        assert!(server.get("/health").starts_with("HTTP/1.1 200"));
        let lines = BufReader::new(server.child.stderr.take().unwrap()).lines().map(Result::unwrap);
        lines.take_while(|line| !line.starts_with("Ctrl-C")).collect::<Vec<String>>().join("\n")
    };
    assert_holds(&told(), &["no lake at lake yet: it is empty, and uploads will make its tables"]);
    home.write("some.csv", csv_of_keys(1..4));
    home.fine(&["ingest", "nyc311", "--file", "some.csv"]);
    assert!(!told().contains("no lake"), "there is one now");
}
