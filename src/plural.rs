//! Numbers with the words for what they count.

/// A number with the word for what it counts: `1 record`, `2 records`.
pub fn counted(count: u64, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_singular() {
        let records = |count| counted(count, "record", "records");
        assert_eq!([0, 1, 2].map(records), ["0 records", "1 record", "2 records"]);
    }
}
