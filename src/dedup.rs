//! Event ids that were processed, remembered over restarts.
