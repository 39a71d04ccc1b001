//! What handlers come to, and what they are refused for.
