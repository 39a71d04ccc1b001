//! What is typed and what stands in files: secrets, positions, profiles, hints.

use crate::support::harness::Test;
use crate::tests;

/// All of them.
pub const TESTS: &[Test] = tests![];
