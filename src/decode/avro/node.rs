//! Compiled schemas.

/// Where a node stands in the list of its schema.
pub type NodeIndex = u32;

/// A type, with all that decoding wants to know of it.
#[derive(Debug)]
pub enum SchemaNode {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed {
        size: usize,
    },
    Enum {
        /// JSON strings with their quotes.
        symbols: Box<[Box<[u8]>]>,
    },
    Array {
        items: NodeIndex,
    },
    Map {
        values: NodeIndex,
    },
    Union {
        branches: Box<[Branch]>,
    },
    Record {
        fields: Box<[SchemaField]>,
    },
    Decimal {
        /// Of the fixed that it is; bytes have their own length.
        size: Option<usize>,
        scale: usize,
    },
    BigDecimal,
    Date,
    Time(Unit),
    Timestamp {
        unit: Unit,
        is_local: bool,
    },
    Uuid,
    Duration,
}

/// A branch of a union.
#[derive(Debug)]
pub struct Branch {
    pub node: NodeIndex,
    /// How much deeper it is: a level where it is named, and where it is a union itself, since that is deeper for the stack.
    pub levels: usize,
    /// `{"com.acme.A":` where the branch is to be named.
    pub opening: Option<Box<[u8]>>,
}

/// A field of a record.
#[derive(Debug)]
pub struct SchemaField {
    pub name: Box<str>,
    /// What stands before its value: `{"name":` or `,"name":`.
    pub opening: Box<[u8]>,
    pub node: NodeIndex,
}

/// What a time counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Milliseconds,
    Microseconds,
    Nanoseconds,
}
