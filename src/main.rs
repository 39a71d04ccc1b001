//! kcons: a Kafka consumer for the terminal, the shell script and the pod.

mod cli;
mod decode;
mod error;
mod kafka;
mod position;
mod record;
mod render;
mod settings;
mod usage;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    use clap::Parser;
    cli::Arguments::parse();
}
