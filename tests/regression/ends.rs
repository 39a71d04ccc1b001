//! Where a run ends: silence taken for the end of a log, and answers that never came.

use crate::support::harness::Test;
use crate::tests;

/// All of them.
pub const TESTS: &[Test] = tests![];
