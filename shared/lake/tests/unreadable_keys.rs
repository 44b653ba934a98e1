//! A bucket with keys that no path can name, asked by the client of S3.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use smelt_lake::{Lake, LakeError};
use url::Url;

/// What the bucket holds, in its order.
const KEYS: [&str; 4] = [
    "lake/landing/d/t//x.csv",
    "lake/landing/d/t/a b.csv",
    "lake/landing/d/t/c.csv",
    "lake/landing/d/u/other.csv",
];

/// A server that answers listings, and its address.
fn bucket() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let Some(Ok(request)) = lines.next() else { continue };
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let page = page(&request);
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nConnection: close";
            write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{page}", page.len()).unwrap();
        }
    });
    address
}

/// The answer to a request such as `GET /bucket?list-type=2&prefix=lake%2Flanding HTTP/1.1`.
fn page(request: &str) -> String {
    let path = request.split(' ').nth(1).unwrap();
    let url = Url::parse("http://bucket").unwrap().join(path).unwrap();
    let asked = |name: &str| {
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned())
    };
    let (prefix, offset) = (asked("prefix").unwrap_or_default(), asked("start-after"));
    let most = asked("max-keys").map_or(1_000, |most| most.parse().unwrap());
    let is_asked_for = |key: &&&str| {
        key.starts_with(&prefix) && offset.as_deref().is_none_or(|offset| **key > offset)
    };
    let mut keys = KEYS.iter().filter(is_asked_for);
    let contents: String = keys
        .by_ref()
        .take(most)
        .map(|key| {
            format!(
                "<Contents><Key>{key}</Key><LastModified>2026-11-22T00:00:00.000Z</LastModified>\
                 <ETag>\"1\"</ETag><Size>7</Size></Contents>"
            )
        })
        .collect();
    let more = match keys.next() {
        Some(_) => "<NextContinuationToken>more</NextContinuationToken>",
        None => "",
    };
    format!("<ListBucketResult>{contents}{more}</ListBucketResult>")
}

#[tokio::test]
async fn the_others_are_listed_and_the_unreadable_are_named() {
    let endpoint = bucket();
    let options = [
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ENDPOINT", endpoint.as_str()),
    ];
    let options = options.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let lake = Lake::open("s3://bucket/lake", options).unwrap();
    let error = lake.list_objects("landing/d/t").await.unwrap_err();
    assert!(matches!(error, LakeError::BadKey { .. }), "{error:?}");

    // As a function has it.
    let lake = lake.writable_only(&["bronze"]);
    let listed = lake.list_readable("landing/d/t").await.unwrap();
    let found: Vec<&str> = listed.objects.iter().map(|object| object.location.as_ref()).collect();
    assert_eq!(found, ["landing/d/t/a b.csv", "landing/d/t/c.csv"]);
    let [unreadable] = listed.unreadable.as_slice() else { panic!("{:?}", listed.unreadable) };
    assert!(unreadable.to_string().contains("landing/d/t//x.csv"), "{unreadable}");
    let listed = lake.list_readable("landing/d/u").await.unwrap();
    assert_eq!((listed.objects.len(), listed.unreadable.len()), (1, 0));
}
