//! A portal that sends its callers elsewhere.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;

use smelt_sources::ckan::{self, CkanAccess};
use smelt_sources::{Secret, SourceError};

use crate::ckan::{PAGES, definition};
use crate::portal::{TOKEN, hasty, pull, since};

/// Answers every request with this, and tells the request.
pub(crate) fn server(answer: String) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let length = connection.read(&mut request).unwrap_or_default();
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            if sender.send(request).is_err() || connection.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    });
    (url, requests)
}

#[tokio::test]
async fn a_token_goes_to_no_other_host() {
    let (elsewhere, requests_elsewhere) = server("HTTP/1.1 204 No Content\r\n\r\n".to_owned());
    let moved =
        format!("HTTP/1.1 302 Found\r\nlocation: {elsewhere}/\r\ncontent-length: 0\r\n\r\n");
    let (url, requests) = server(moved);
    let access = CkanAccess {
        url: Some(url),
        token: Some(Secret::new(TOKEN)),
        scratch: std::env::temp_dir(),
        http: hasty(),
    };
    let source = ckan::open(&definition(PAGES), "portal".to_owned(), access).unwrap();
    let error = pull(&source, since(None)).await.unwrap_err();
    assert!(matches!(error, SourceError::Definition { .. }), "{error:?}");
    assert!(error.to_string().contains("the portal has moved"), "{error}");
    let request = requests.try_recv().unwrap();
    assert!(request.contains(&format!("authorization: {TOKEN}")), "{request}");
    assert!(requests_elsewhere.try_recv().is_err());
}
