//! kcons: a Kafka consumer for the terminal, the shell script and the pod.

mod alarm;
mod choices;
mod cli;
mod commands;
mod commits;
mod consume;
mod date_time;
mod decode;
mod dedup;
mod delivery;
mod duration;
mod encode;
mod error;
mod escape;
mod expressions;
mod files;
mod handlers;
mod http;
mod jq;
mod json_text;
mod kafka;
mod memory;
mod metrics;
mod near;
mod pause;
mod plural;
mod position;
mod quiet;
mod reachability;
mod record;
mod registry;
mod render;
mod secrets;
mod settings;
mod signals;
mod startup;
mod talk;
mod tokens;
mod usage;

use std::ffi::OsString;

/// librdkafka allocates on one thread and frees on another: with several partitions this halves the time.
#[global_allocator]
static ALLOCATOR: memory::Counting<mimalloc::MiMalloc> = memory::Counting(mimalloc::MiMalloc);

fn main() {
    startup::listen_to_children();
    use_small_pages();
    kafka::openssl::ignore_files();
    let words: Vec<_> = std::env::args_os().collect();
    let ending = match commands::complete::request(&words) {
        Some(request) => commands::complete::run(request).into(),
        None => run(&words),
    };
    commands::leave(ending)
}

/// Runs what was typed.
fn run(words: &[OsString]) -> commands::Ending {
    match usage::parse(words) {
        Ok(usage::Invocation::Run(arguments)) => commands::run(*arguments, words),
        Ok(usage::Invocation::Print(text)) => commands::print(&text, usage::error_style(words)).into(),
        Ok(usage::Invocation::Nothing(help)) => commands::show_help(&help, usage::error_style(words)).into(),
        Err(failure) => commands::refuse(&failure, usage::error_style(words)).into(),
    }
}

/// Keeps the allocator from asking for pages of 2 MiB: they are a quarter of the memory and make nothing faster.
fn use_small_pages() {
    #[cfg(target_os = "linux")]
    // A kernel that knows no such pages gives none.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}
