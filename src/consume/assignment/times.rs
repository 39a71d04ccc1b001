//! How long things may take before they are asked for again, told, or given up.

use std::time::Duration;

/// A partition below its stop that delivers nothing for that long may hold batches without records, which
/// move no position: twice the default `fetch.wait.max.ms`.
pub const QUIET: Duration = Duration::from_secs(1);

/// Partitions that cannot be reached are told after that long.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// How long a leader may take to answer a question about partitions that are read.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// The pause before such a question is asked again, if it was not answered.
pub const ASK_AGAIN: Duration = Duration::from_millis(200);
