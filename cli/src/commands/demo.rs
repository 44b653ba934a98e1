use anyhow::Result;

use crate::arguments::{DemoArguments, Global};
use crate::exit::Ending;

pub(crate) async fn run(_global: &Global, _arguments: &DemoArguments) -> Result<Ending> {
    Ok(Ending::Fine)
}
