//! Whatever an expression says of a record jq says, too.

mod comparison;
mod limits;
mod programs;
mod projections;
mod random;

use super::*;
use crate::choices::DataFormat;
use crate::jq::Program;
use comparison::{Agreement, Sample, compare, run, translated};
