//! What is refused before there is a request: the HTTP library does so by itself, with a status and no
//! word, since an address of more than 64 kB is none that it can hold. Here it is told what is wrong, as in
//! every other answer. Who asked, and from which page, is not known: so there is no id, and nothing for CORS.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::serve::Listener;
use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::guard::SECURITY_HEADERS;
use crate::problem::Problem;

/// Bytes of the longest answer that the library gives by itself.
const LONGEST: usize = 400;
/// How it begins behind its first line. No route gives an answer that does: each has a body.
const WORDLESS: &str = "connection: close\r\ncontent-length: 0\r\n";

/// Accepts connections on which refusals are told in words.
#[derive(Debug)]
pub struct Telling<L>(L);

impl<L: Listener> Telling<L> {
    /// Accepts what this one does.
    pub fn new(listener: L) -> Self {
        Self(listener)
    }
}

impl<L: Listener> Listener for Telling<L> {
    type Io = Told<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (connection, address) = self.0.accept().await;
        (Told { connection, left: Bytes::new() }, address)
    }

    fn local_addr(&self) -> Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// A connection on which refusals are told in words.
#[derive(Debug)]
pub struct Told<C> {
    connection: C,
    /// What is still to be written in place of an answer without words.
    left: Bytes,
}

impl<C: AsyncRead + Unpin> AsyncRead for Told<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.connection).poll_read(context, buffer)
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for Told<C> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        if self.left.is_empty() {
            match in_words(bytes) {
                Some(answer) => self.left = answer,
                None => return Pin::new(&mut self.connection).poll_write(context, bytes),
            }
        }
        while !self.left.is_empty() {
            let Self { connection, left } = &mut *self;
            match ready!(Pin::new(connection).poll_write(context, left))? {
                0 => return Poll::Ready(Err(Error::from(ErrorKind::WriteZero))),
                written => left.advance(written),
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let first = parts.iter().find(|part| !part.is_empty());
        match first {
            Some(first) if !self.left.is_empty() || in_words(first).is_some() => {
                self.poll_write(context, first)
            }
            _ => Pin::new(&mut self.connection).poll_write_vectored(context, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.connection).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(context)
    }
}

/// The same refusal with a body that says what to do; `None` of anything else.
fn in_words(answer: &[u8]) -> Option<Bytes> {
    if answer.len() > LONGEST || !answer.starts_with(b"HTTP/1.") || !answer.ends_with(b"\r\n\r\n") {
        return None;
    }
    let (line, headers) = std::str::from_utf8(answer).ok()?.split_once("\r\n")?;
    let others = headers.strip_prefix(WORDLESS)?;
    let problem = match line.split(' ').nth(1)? {
        "400" => Problem::bad_request(
            "this is no request: mend its first line and its headers (HTTP/1.1, without TLS)",
        ),
        "414" => Problem::address_too_long(
            "the address has more than the 64 kB that are read: ask for less at once",
        ),
        "431" => Problem::head_too_large(
            "the address and the headers have more than the 400 kB, or 100 headers, that are read: send less of them",
        ),
        _ => return None,
    };
    let body = problem.to_json();
    let length = body.len();
    let security = SECURITY_HEADERS.map(|(name, value)| format!("{name}: {value}\r\n")).concat();
    let head = format!(
        "{line}\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\n\
         {security}connection: close\r\ncontent-length: {length}\r\n{others}"
    );
    Some([head.into_bytes(), body].concat().into())
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use serde_json::Value;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// The answer to these bytes: its head, and its body.
    async fn answer(bytes: &[u8]) -> (String, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(|| async { "fine" }));
        let server = tokio::spawn(async move { axum::serve(Telling::new(listener), router).await });
        let mut connection = TcpStream::connect(address).await.unwrap();
        // What is too long need not be read to its end.
        let _ = connection.write_all(bytes).await;
        let mut text = Vec::new();
        let _ = connection.read_to_end(&mut text).await;
        server.abort();
        let text = String::from_utf8(text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    #[tokio::test]
    async fn refusals_without_a_request_say_what_to_do() {
        let get =
            |query: usize| format!("GET /?{} HTTP/1.1\r\n\r\n", "a".repeat(query)).into_bytes();
        let headers = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(101)).into_bytes();
        for (bytes, status, word) in [
            (get(70_000), 414, "ask for less"),
            (get(10_000_000), 431, "send less"),
            (headers, 431, "100 headers"),
            (b"\x16\x03\x01 hello\r\n\r\n".to_vec(), 400, "without TLS"),
        ] {
            let (head, body) = answer(&bytes).await;
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
            assert!(head.contains("content-type: application/problem+json\r\n"), "{head}");
            assert!(head.contains("x-content-type-options: nosniff\r\n"), "{head}");
            assert!(head.contains("x-frame-options: DENY\r\n"), "{head}");
            assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
            let problem: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(problem["status"], status);
            assert!(problem["detail"].as_str().unwrap().contains(word), "{problem}");
        }
    }

    #[tokio::test]
    async fn answers_to_requests_stay_as_they_are() {
        let request = b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n";
        let (head, body) = answer(request).await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert_eq!(body, "fine");
    }
}
