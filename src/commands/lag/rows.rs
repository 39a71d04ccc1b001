//! The rows of `kcons lag`, and their totals. Pure.

use crate::kafka::lag::{GroupLag, PartitionLag};
use crate::render::style::Style;
use crate::render::table::{Cell, Column, Concession, TableRows};

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

/// What gives way on a narrow terminal: first what few look at, last what the table is for.
const CONCESSIONS: [Concession; 10] = [
    Concession::Drop(&["HOST", "CLIENT-ID"]),
    Concession::DropEmpty("CONSUMER-ID"),
    // That somebody holds a partition can be seen as long as anything is left.
    Concession::Shorten("CONSUMER-ID", 9),
    Concession::Drop(&["CONSUMER-ID"]),
    Concession::Shorten("TOPIC", 24),
    Concession::Shorten("GROUP", 12),
    Concession::Drop(&["LOG-END-OFFSET"]),
    Concession::Drop(&["CURRENT-OFFSET"]),
    Concession::Shorten("TOPIC", 6),
    Concession::Shorten("GROUP", 5),
];

/// Offsets to go in all partitions of these groups; where nothing is committed the whole log.
pub fn behind_in_all<'a>(group_lags: impl IntoIterator<Item = &'a GroupLag>) -> u64 {
    let partitions = group_lags.into_iter().flat_map(|group_lag| &group_lag.partitions);
    partitions.fold(0, |sum, progress| sum.saturating_add(behind(progress).unwrap_or(0)))
}

/// A row for each partition, a total for each group, and one for all where there are several groups.
pub fn rows(group_lags: &[GroupLag]) -> TableRows {
    let mut rows = TableRows::narrowing(&COLUMNS, &CONCESSIONS);
    for group_lag in group_lags {
        group_lag.partitions.iter().for_each(|progress| rows.push(row(group_lag, progress)));
        if group_lags.len() > 1 {
            rows.push_total(total(Some(&group_lag.group.name), behind_in_all([group_lag])));
        }
    }
    rows.push_total(total(None, behind_in_all(group_lags)));
    rows
}

/// Rows of some partitions, in this order.
pub fn some_rows(some: &[(&GroupLag, &PartitionLag)]) -> TableRows {
    let mut rows = TableRows::narrowing(&COLUMNS, &CONCESSIONS);
    some.iter().for_each(|(group_lag, progress)| rows.push(row(group_lag, progress)));
    rows
}

fn row(group_lag: &GroupLag, progress: &PartitionLag) -> Vec<Cell> {
    let owner = progress.owner.as_ref();
    let behind = behind(progress);
    let lag = match behind {
        None | Some(0) => lag(progress).into(),
        Some(_) => {
            // Nobody is there to read what nobody holds.
            let style = if owner.is_some() { Style::Warning } else { Style::Alarm };
            Cell::Styled(style, Box::new(lag(progress).into()))
        }
    };
    vec![
        group_lag.group.name.as_str().into(),
        (&*progress.partition.topic).into(),
        progress.partition.partition.into(),
        progress.committed.into(),
        progress.begin.into(),
        progress.end.into(),
        lag,
        behind.map(number).into(),
        owner.map(|owner| owner.consumer_id.as_str()).into(),
        owner.map(|owner| owner.host.as_str()).into(),
        owner.map(|owner| owner.client_id.as_str()).into(),
    ]
}

/// The row with the sum of a group, or of all groups.
fn total(group: Option<&str>, behind: u64) -> Vec<Cell> {
    let sum = Cell::from(number(behind));
    let cell = |column| match column {
        Column::Text("GROUP") => "TOTAL".into(),
        Column::Text("TOPIC") => group.map_or(Cell::Blank, Cell::from),
        Column::Number("LAG") if behind > 0 => Cell::Styled(Style::Warning, Box::new(sum.clone())),
        Column::Number("LAG") => sum.clone(),
        Column::Text(_) | Column::Number(_) | Column::Field(_) => Cell::Blank,
    };
    COLUMNS.map(cell).to_vec()
}

/// As Kafka's own tool has it: below zero where the log was cut behind the committed offset.
fn lag(progress: &PartitionLag) -> Option<i64> {
    Some(progress.end? - progress.committed?)
}

/// Offsets to go: the lag, or the whole log where nothing is committed. Never below zero, and zero for a partition that
/// is gone.
pub fn behind(progress: &PartitionLag) -> Option<u64> {
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

    fn group_lag_of(name: &str) -> GroupLag {
        let mut group_lag = group_lag();
        group_lag.group.name = name.to_owned();
        group_lag.partitions.truncate(2);
        group_lag
    }

    #[test]
    fn several_groups_have_a_total_each_and_one_for_all() {
        let expected = "\
GROUP  TOPIC   PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG  CONSUMER-ID  HOST        CLIENT-ID
a      t               0               5              12    7  kcons-1      /127.0.0.1  kcons
a      t               1               -             100    -  -            -           -
TOTAL  a                                                   17
mailer t               0               5              12    7  kcons-1      /127.0.0.1  kcons
mailer t               1               -             100    -  -            -           -
TOTAL  mailer                                              17
TOTAL                                                      34
"
        .replace("mailer t ", "mailer  t ");
        let table = rows(&[group_lag_of("a"), group_lag_of("mailer")]).render(TableFormat::Table);
        let squeezed = |text: &str| -> Vec<Vec<String>> {
            text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
        };
        assert_eq!(squeezed(&table), squeezed(&expected));
    }
}
