//! kcons: a Kafka consumer for the terminal, the shell script and the pod.

mod cli;
mod error;
mod kafka;
mod position;
mod record;
mod settings;
mod usage;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    use clap::Parser;
    cli::Arguments::parse();
}
