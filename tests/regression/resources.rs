//! Memory and processor time, whatever the brokers send or however long they are away.

use crate::support::harness::Test;
use crate::tests;

/// All of them.
pub const TESTS: &[Test] = tests![];
