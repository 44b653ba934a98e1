//! `smelt`: the whole platform as one command on a folder or an S3 bucket.

mod arguments;
mod commands;
mod data_size;
mod exit;
mod output;
mod progress;
mod result_file;
mod run;
mod session;
mod table_text;

use std::process::ExitCode;

use crate::arguments::Arguments;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    exit::run(Arguments::read())
}
