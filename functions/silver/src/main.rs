//! The function `silver`, see its README.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    smelt_runtime::main::<smelt_silver::SilverContext>()
}
