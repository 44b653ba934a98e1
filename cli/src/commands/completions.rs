use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::exit::Ending;
use crate::output::print;

pub(crate) fn run(shell: Shell) -> Result<Ending> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "smelt", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Ending::Fine)
}
