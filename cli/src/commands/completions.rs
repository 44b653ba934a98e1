use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::exit::Ending;

pub(crate) fn run(shell: Shell) -> Result<Ending> {
    clap_complete::generate(shell, &mut Arguments::command(), "smelt", &mut std::io::stdout());
    Ok(Ending::Fine)
}
