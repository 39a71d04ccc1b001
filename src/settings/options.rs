//! The options of each command: checked, and completed with their defaults.

pub mod admin;
pub mod consume;
pub mod decoding;
pub mod delete;
pub mod demo;
mod escapes;
pub mod filter;
pub mod given;
pub mod group;
pub mod handler;
pub mod inspection;
pub mod lag;
pub mod lists;
pub mod output;
pub mod registry;
pub mod reset;
pub mod rules;
pub mod talk;
pub mod template;
pub mod topics;
