//! Programs of the jq language, compiled once and run on the envelopes of records.

use std::fmt;

/// A program, compiled.
pub struct Program {
    text: String,
}

impl Program {
    /// Compiles a program.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn compile(text: &str) -> Result<Program, String> {
        Ok(Program { text: text.to_owned() })
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Program").field(&self.text).finish()
    }
}
