//! Where an answer goes while it comes, and how it is known to be whole.

use serde::de::IgnoredAny;

use crate::SourceError;

/// Takes an answer chunk by chunk.
pub(crate) trait AnswerBody: Send {
    /// What is asked for, as a media type.
    fn media_type(&self) -> &'static str;

    /// Forgets what came: the question is asked once more.
    fn restart(&mut self) -> Result<(), SourceError>;

    /// Takes what came next.
    fn add(&mut self, chunk: &[u8]) -> Result<(), SourceError>;

    /// Why what came cannot be all of the answer; `None` when it can. A server, or a proxy before
    /// it, may end an answer early without any other sign.
    fn defect(&self) -> Option<String>;
}

/// An answer in JSON, in memory.
#[derive(Debug)]
pub(super) struct JsonBody<'a> {
    label: &'a str,
    most_bytes: usize,
    pub(super) bytes: Vec<u8>,
}

impl<'a> JsonBody<'a> {
    /// Takes an answer of at most so many bytes.
    pub(super) fn new(label: &'a str, most_bytes: usize) -> Self {
        Self { label, most_bytes, bytes: Vec::new() }
    }
}

impl AnswerBody for JsonBody<'_> {
    fn media_type(&self) -> &'static str {
        "application/json"
    }

    fn restart(&mut self) -> Result<(), SourceError> {
        self.bytes.clear();
        Ok(())
    }

    fn add(&mut self, chunk: &[u8]) -> Result<(), SourceError> {
        if self.bytes.len() + chunk.len() > self.most_bytes {
            return Err(SourceError::Definition {
                source_label: self.label.to_owned(),
                detail: format!("an answer is longer than {} bytes", self.most_bytes),
                remedy: "lower `page_rows` in the source's definition".to_owned(),
            });
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }

    fn defect(&self) -> Option<String> {
        let error = serde_json::from_slice::<IgnoredAny>(&self.bytes).err()?;
        Some(match error.is_eof() {
            true => format!("its answer ends early, after {} bytes", self.bytes.len()),
            false => format!("its answer is not JSON ({error})"),
        })
    }
}
