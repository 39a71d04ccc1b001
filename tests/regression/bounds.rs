//! Work and memory for one record, and what strangers' bytes may do to a terminal.

use crate::support::harness::Test;
use crate::tests;

/// All of them.
pub const TESTS: &[Test] = tests![];
