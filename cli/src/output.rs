use std::io::{Error, ErrorKind, Result, StdoutLock, Write};

/// Standard output, which its reader may close (`smelt query … | head`): that is the reader's wish
/// and ends the command quietly, unlike a connection that breaks elsewhere.
#[derive(Debug)]
pub(crate) struct Output(StdoutLock<'static>);

/// The reader of standard output has gone.
#[derive(Debug, thiserror::Error)]
#[error("standard output was closed")]
struct OutputClosed;

impl Output {
    pub(crate) fn new() -> Self {
        Self(std::io::stdout().lock())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.write(bytes).map_err(marked)
    }

    fn flush(&mut self) -> Result<()> {
        self.0.flush().map_err(marked)
    }
}

fn marked(error: Error) -> Error {
    match error.kind() {
        ErrorKind::BrokenPipe => Error::new(ErrorKind::BrokenPipe, OutputClosed),
        _ => error,
    }
}

/// Whether the reader of standard output has gone.
pub(crate) fn is_output_closed(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let carried = cause.downcast_ref::<Error>().and_then(Error::get_ref);
        carried.is_some_and(|carried| carried.is::<OutputClosed>())
    })
}

/// Writes to standard output.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut output = Output::new();
    output.write_all(text.as_bytes())?;
    output.flush()?;
    Ok(())
}

/// Says a line on standard error. That nobody listens is no reason to stop.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
