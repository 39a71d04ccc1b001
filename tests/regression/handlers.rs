//! Handlers, their children, dead letters and the memory of event ids.

use crate::support::harness::Test;
use crate::tests;

/// All of them.
pub const TESTS: &[Test] = tests![];
