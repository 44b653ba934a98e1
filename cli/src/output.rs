use std::io::Write;

use anyhow::Result;

/// Writes to standard output; a closed pipe is an error that ends the command quietly.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut output = std::io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()?;
    Ok(())
}
