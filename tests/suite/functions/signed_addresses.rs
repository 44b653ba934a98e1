//! The addresses that `api` signs for uploads: the store takes what was signed, and nothing else. Signed
//! anew here by the specification, from the request as a client would send it:
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>.

use std::collections::BTreeMap;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_lc_rs::{digest, hmac};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use chrono::{TimeDelta, Utc};
use smelt_api::PresignedUploads;
use smelt_domain::UploadId;
use smelt_runtime::LakeAddress;
use smelt_web::{PortError, UploadGate, UploadRequest, UploadTarget};
use url::Url;

const KEY: &str = "landing/till/sales/0192-größe (1).csv";
const SECRET: &str = "a secret of nobody";

fn announced() -> UploadRequest {
    UploadRequest {
        upload: UploadId::of_key(KEY),
        dataset: "till".parse().unwrap(),
        table: "sales".parse().unwrap(),
        key: KEY.to_owned(),
        bytes: 1234,
        content_type: "text/csv".to_owned(),
        expires_at: Utc::now() + TimeDelta::minutes(15),
    }
}

async fn signed(lake: &str, upload: &UploadRequest) -> Result<UploadTarget, PortError> {
    let credentials = Credentials::new("AKIDEXAMPLE", SECRET, None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    PresignedUploads::of(&LakeAddress::of(lake), &config).open(upload).await
}

/// What a client sends.
#[derive(Clone)]
struct Sent {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
}

impl Sent {
    /// As the announcement says, with the size that the client's library adds.
    fn by(target: &UploadTarget, bytes: u64) -> Self {
        let url = Url::parse(&target.url).unwrap();
        // Encoded, as they are signed.
        let pairs = url.query().unwrap().split('&').map(|pair| pair.split_once('=').unwrap());
        let mut headers = target.headers.clone();
        headers.insert("content-length".to_owned(), bytes.to_string());
        headers.insert("host".to_owned(), url.host_str().unwrap().to_owned());
        Self {
            method: target.method.to_owned(),
            path: url.path().to_owned(),
            query: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            headers,
        }
    }

    /// Whether the store takes it.
    fn is_taken(&self) -> bool {
        let mut query = self.query.clone();
        let given = query.remove("X-Amz-Signature").unwrap();
        let query: Vec<String> =
            query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let names = self.query["X-Amz-SignedHeaders"].replace("%3B", ";");
        let header = |name| self.headers.get(name).map_or("", String::as_str);
        let headers: String =
            names.split(';').map(|name| format!("{name}:{}\n", header(name))).collect();
        let request = format!(
            "{}\n{}\n{}\n{headers}\n{names}\nUNSIGNED-PAYLOAD",
            self.method,
            self.path,
            query.join("&"),
        );
        let scope = self.query["X-Amz-Credential"].replace("%2F", "/");
        let (_, scope) = scope.split_once('/').unwrap();
        let hash = hex(digest::digest(&digest::SHA256, request.as_bytes()).as_ref());
        let date = &self.query["X-Amz-Date"];
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hash}");
        let key = scope
            .split('/')
            .fold(format!("AWS4{SECRET}").into_bytes(), |key, part| mac(&key, part.as_bytes()));
        hex(&mac(&key, text.as_bytes())) == given
    }
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn an_address_takes_one_file_as_it_was_announced() {
    let target = signed("s3://bucket/some/lake", &announced()).await.unwrap();
    let sent = Sent::by(&target, 1234);
    assert!(sent.is_taken(), "{}", target.url);
    assert_eq!(sent.headers["host"], "bucket.s3.eu-central-1.amazonaws.com");
    assert_eq!(sent.path, "/some/lake/landing/till/sales/0192-gr%C3%B6%C3%9Fe%20%281%29.csv");
    assert_eq!(target.headers["content-type"], "text/csv");
    assert_eq!(target.headers["if-none-match"], "*", "what is there already is not replaced");
    assert!(!target.headers.contains_key("content-length"), "no page may set it");
    let seconds: i64 = sent.query["X-Amz-Expires"].parse().unwrap();
    assert!((1..=15 * 60).contains(&seconds), "{seconds}");

    let changed = |change: &dyn Fn(&mut Sent)| {
        let mut other = sent.clone();
        change(&mut other);
        other.is_taken()
    };
    let header = |name: &'static str, value: &'static str| {
        changed(&move |sent| drop(sent.headers.insert(name.to_owned(), value.to_owned())))
    };
    assert!(!changed(&|sent| sent.method = "GET".to_owned()), "another method");
    assert!(!changed(&|sent| sent.path += ".exe"), "another key");
    assert!(!header("content-length", "1235"), "another size");
    assert!(!header("content-type", "text/html"), "another type");
    assert!(!header("if-none-match", "\"a\""), "over what is there");
    let later =
        |sent: &mut Sent| drop(sent.query.insert("X-Amz-Expires".to_owned(), "9999".to_owned()));
    assert!(!changed(&later), "for longer");
}

#[tokio::test]
async fn nothing_is_signed_that_has_expired_or_lies_in_no_bucket() {
    let past = UploadRequest { expires_at: Utc::now() - TimeDelta::seconds(1), ..announced() };
    let error = signed("s3://bucket", &past).await.unwrap_err();
    assert!(matches!(error, PortError::Failed { .. }), "{error}");
    let error = signed("/var/lake", &announced()).await.unwrap_err();
    assert!(matches!(error, PortError::Refused(_)), "{error}");
}
