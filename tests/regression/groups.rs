//! Groups of other kinds, strange members, static members after an outage.

use crate::support::harness::Test;
use crate::tests;

/// All of them.
pub const TESTS: &[Test] = tests![];
