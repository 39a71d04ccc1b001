//! kcons: a Kafka consumer for the terminal, the shell script and the pod.

mod alarm;
mod cli;
mod commands;
mod decode;
mod error;
mod kafka;
mod offsets;
mod output;
mod pipeline;
mod position;
mod record;
mod render;
mod settings;
mod shutdown;
mod talk;
mod usage;

/// librdkafka allocates on one thread and frees on another: with several partitions this halves the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let code = match usage::parse(std::env::args_os()) {
        Ok(usage::Request::Run(arguments)) => commands::run(&arguments),
        Ok(usage::Request::Print(text)) => commands::print(&text),
        Err(failure) => commands::refuse(&failure),
    };
    kafka::leave_process(code)
}
