//! The rows of `kcons lag`, and their sums. Pure.

use crate::kafka::lag::{GroupLag, PartitionLag};
use crate::render::table::{Cell, Column, TableRows};

const COLUMNS: [Column; 11] = [
    Column::Text("GROUP"),
    Column::Text("TOPIC"),
    Column::Number("PARTITION"),
    Column::Number("CURRENT-OFFSET"),
    Column::Field("LOG-START-OFFSET"),
    Column::Number("LOG-END-OFFSET"),
    Column::Number("LAG"),
    Column::Field("BEHIND"),
    Column::Text("CONSUMER-ID"),
    Column::Text("HOST"),
    Column::Text("CLIENT-ID"),
];

/// Sums over all partitions of all groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Offsets to go; where nothing is committed the whole log.
    pub behind: u64,
    /// The sum of committed offsets, which grows as groups read.
    pub committed: i64,
    /// The sum of the ends of logs, which grows as others write.
    pub written: i64,
}

impl Sums {
    pub fn of(group_lags: &[GroupLag]) -> Sums {
        let mut sums = Sums::default();
        for progress in group_lags.iter().flat_map(|group_lag| &group_lag.partitions) {
            sums.behind = sums.behind.saturating_add(behind(progress).unwrap_or(0));
            if let Some(end) = progress.end {
                sums.written = sums.written.saturating_add(end);
                // What is not committed yet is read from the first offset on.
                let committed = progress.committed.or(progress.begin).unwrap_or(end);
                sums.committed = sums.committed.saturating_add(committed);
            }
        }
        sums
    }
}

/// A row for each partition, and the sum.
pub fn rows(group_lags: &[GroupLag]) -> TableRows {
    let row = |(group_lag, progress): (&GroupLag, &PartitionLag)| -> Vec<Cell> {
        let owner = progress.owner.as_ref();
        vec![
            group_lag.group.name.as_str().into(),
            (&*progress.partition.topic).into(),
            progress.partition.partition.into(),
            progress.committed.into(),
            progress.begin.into(),
            progress.end.into(),
            lag(progress).into(),
            behind(progress).map(number).into(),
            owner.map(|owner| owner.consumer_id.as_str()).into(),
            owner.map(|owner| owner.host.as_str()).into(),
            owner.map(|owner| owner.client_id.as_str()).into(),
        ]
    };
    let all =
        group_lags.iter().flat_map(|group_lag| group_lag.partitions.iter().map(move |one| (group_lag, one)));
    let total = COLUMNS.map(|column| match column {
        Column::Text("GROUP") => "TOTAL".into(),
        Column::Number("LAG") => number(Sums::of(group_lags).behind).into(),
        _ => Cell::Blank,
    });
    let total = total.to_vec();
    TableRows { total: Some(total), ..TableRows::new(&COLUMNS, all.map(row).collect()) }
}

/// As Kafka's own tool has it: below zero where the log was cut behind the committed offset.
fn lag(progress: &PartitionLag) -> Option<i64> {
    Some(progress.end? - progress.committed?)
}

/// Offsets to go: the lag, or the whole log where nothing is committed. Never below zero, and zero for a partition that
/// is gone.
fn behind(progress: &PartitionLag) -> Option<u64> {
    let whole = || Some(progress.end? - progress.begin?);
    let behind = lag(progress).or_else(whole).unwrap_or(0);
    progress.unknown.is_none().then(|| u64::try_from(behind).unwrap_or(0))
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choices::TableFormat;
    use crate::kafka::admin::Unknown;
    use crate::kafka::admin::groups::GroupDescription;
    use crate::kafka::lag::Owner;
    use crate::record::TopicPartition;
    use serde_json::{Value, json};

    fn progress(
        partition: i32,
        committed: Option<i64>,
        begin: Option<i64>,
        end: Option<i64>,
    ) -> PartitionLag {
        let partition = TopicPartition { topic: "t".into(), partition };
        let unknown = (partition.partition == 4).then_some(Unknown::NoLeader);
        PartitionLag { partition, committed, begin, end, unknown, owner: None }
    }

    fn group_lag() -> GroupLag {
        let owner = Owner {
            consumer_id: "kcons-1".to_owned(),
            host: "/127.0.0.1".to_owned(),
            client_id: "kcons".to_owned(),
        };
        let partitions = vec![
            PartitionLag { owner: Some(owner), ..progress(0, Some(5), Some(0), Some(12)) },
            progress(1, None, Some(90), Some(100)),
            progress(2, Some(9), Some(0), Some(7)),
            progress(3, Some(9), None, None),
            progress(4, Some(9), None, None),
        ];
        GroupLag { group: GroupDescription::of(Vec::new()), partitions }
    }

    #[test]
    fn what_is_not_committed_counts_in_full() {
        let expected = "\
GROUP  TOPIC  PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG  CONSUMER-ID  HOST        CLIENT-ID
g      t              0               5              12    7  kcons-1      /127.0.0.1  kcons
g      t              1               -             100    -  -            -           -
g      t              2               9               7   -2  -            -           -
g      t              3               9               -    -  -            -           -
g      t              4               9               -    -  -            -           -
TOTAL                                                     17
";
        assert_eq!(rows(&[group_lag()]).render(TableFormat::Table), expected);
    }

    #[test]
    fn json_has_the_columns_as_fields() {
        let json = rows(&[group_lag()]).render(TableFormat::Json);
        let expected = "{\"group\":\"g\",\"topic\":\"t\",\"partition\":1,\"current_offset\":null,\
                        \"log_start_offset\":90,\"log_end_offset\":100,\"lag\":null,\"behind\":10,\
                        \"consumer_id\":null,\"host\":null,\"client_id\":null}";
        assert_eq!(json.lines().nth(1), Some(expected));
        assert_eq!(json.lines().count(), 5);
        let behind: Vec<Value> = json
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["behind"].clone())
            .collect();
        assert_eq!(behind, [json!(7), json!(10), json!(0), json!(0), Value::Null]);
    }

    #[test]
    fn sums_are_over_all_groups() {
        let expected = Sums { behind: 34, committed: 2 * (5 + 90 + 9), written: 2 * (12 + 100 + 7) };
        assert_eq!(Sums::of(&[group_lag(), group_lag()]), expected);
    }
}
