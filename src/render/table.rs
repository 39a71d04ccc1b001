//! Rows with named columns: a table for people, or a JSON object for each row for programs.

use crate::choices::TableFormat;
use crate::escape;
use serde_json::{Map, Value, json};
use unicode_width::UnicodeWidthStr as _;

/// What stands in a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Text(String),
    Number(i64),
    /// Numbers of brokers.
    Numbers(Vec<i32>),
    /// `-` in a table, `null` in JSON.
    Absent,
    /// Empty in a table.
    Blank,
}

impl From<i64> for Cell {
    fn from(number: i64) -> Cell {
        Cell::Number(number)
    }
}

impl From<i32> for Cell {
    fn from(number: i32) -> Cell {
        Cell::Number(i64::from(number))
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Cell {
        value.map_or(Cell::Absent, Into::into)
    }
}

/// A column by its name in the head of the table; numbers are aligned to the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Text(&'static str),
    Number(&'static str),
    /// A column that only JSON has.
    Field(&'static str),
}

impl Column {
    fn name(self) -> &'static str {
        match self {
            Column::Text(name) | Column::Number(name) | Column::Field(name) => name,
        }
    }

    fn is_number(self) -> bool {
        match self {
            Column::Text(_) | Column::Field(_) => false,
            Column::Number(_) => true,
        }
    }

    fn is_in_table(self) -> bool {
        match self {
            Column::Text(_) | Column::Number(_) => true,
            Column::Field(_) => false,
        }
    }
}

/// Rows under their columns, each with a cell for every column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRows {
    pub columns: &'static [Column],
    pub rows: Vec<Vec<Cell>>,
    /// The last row of a table, which JSON does not have.
    pub total: Option<Vec<Cell>>,
}

impl TableRows {
    pub fn new(columns: &'static [Column], rows: Vec<Vec<Cell>>) -> TableRows {
        TableRows { columns, rows, total: None }
    }

    pub fn render(&self, format: TableFormat) -> String {
        match format {
            TableFormat::Table => self.table(),
            TableFormat::Json => self.rows.iter().map(|row| self.object(row)).collect(),
        }
    }

    /// Renders the table as wide as it gets, since a table in a pipe is read by columns. Crates for tables look for
    /// words to wrap, which takes 5 ms for 500 rows.
    fn table(&self) -> String {
        let columns: Vec<(usize, &Column)> =
            self.columns.iter().enumerate().filter(|(_, column)| column.is_in_table()).collect();
        let head = columns.iter().map(|(_, column)| column.name().to_owned()).collect();
        let cells = |row: &Vec<Cell>| columns.iter().map(|(index, _)| shown(&row[*index])).collect();
        let shown: Vec<Vec<String>> =
            std::iter::once(head).chain(self.rows.iter().chain(&self.total).map(cells)).collect();
        let widest = |index: usize| shown.iter().map(|row| row[index].width()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns.len()).map(widest).collect();
        let mut table = String::new();
        for row in &shown {
            let start = table.len();
            for ((cell, (_, column)), width) in row.iter().zip(&columns).zip(&widths) {
                let space = " ".repeat(width - cell.width());
                let (before, after) = if column.is_number() { (&*space, "") } else { ("", &*space) };
                table.extend([before, cell, after, "  "]);
            }
            table.truncate(start + table[start..].trim_end().len());
            table.push('\n');
        }
        table
    }

    fn object(&self, row: &[Cell]) -> String {
        let mut object = Map::new();
        for (column, cell) in self.columns.iter().zip(row) {
            object.insert(column.name().to_lowercase().replace('-', "_"), value(cell));
        }
        escape::json_line(&Value::Object(object))
    }
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) if text.is_empty() => "-".to_owned(),
        Cell::Text(text) => escape::line(text).into_owned(),
        Cell::Number(number) => number.to_string(),
        Cell::Numbers(numbers) if numbers.is_empty() => "-".to_owned(),
        Cell::Numbers(numbers) => numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        Cell::Absent => "-".to_owned(),
        Cell::Blank => String::new(),
    }
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Text(text) => json!(text),
        Cell::Number(number) => json!(number),
        Cell::Numbers(numbers) => json!(numbers),
        Cell::Absent | Cell::Blank => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [Column::Text("TOPIC"), Column::Number("END-OFFSET"), Column::Text("ID")];

    fn rows() -> TableRows {
        let rows = vec![
            vec!["t".into(), Cell::Number(7), Cell::Numbers(vec![1, 2])],
            vec!["a-much-longer-topic\n".into(), Cell::Number(1_234_567), Cell::Absent],
        ];
        TableRows {
            total: Some(vec!["TOTAL".into(), Cell::Number(8), Cell::Blank]),
            ..TableRows::new(&COLUMNS, rows)
        }
    }

    #[test]
    fn a_table_has_numbers_at_the_right_and_no_borders() {
        let expected = "\
TOPIC                  END-OFFSET  ID
t                               7  1,2
a-much-longer-topic\\n     1234567  -
TOTAL                           8
";
        assert_eq!(rows().render(TableFormat::Table), expected);
    }

    #[test]
    fn json_has_a_row_each_and_no_total() {
        let expected = "\
{\"topic\":\"t\",\"end_offset\":7,\"id\":[1,2]}
{\"topic\":\"a-much-longer-topic\\n\",\"end_offset\":1234567,\"id\":null}
";
        assert_eq!(rows().render(TableFormat::Json), expected);
    }

    #[test]
    fn a_field_stands_in_json_alone() {
        const COLUMNS: [Column; 3] =
            [Column::Number("LAG"), Column::Field("BEHIND"), Column::Text("CONSUMER-ID")];
        let rows = TableRows::new(&COLUMNS, vec![vec![Cell::Absent, Cell::Number(3), "c".into()]]);
        assert_eq!(rows.render(TableFormat::Table), "LAG  CONSUMER-ID\n  -  c\n");
        let json = "{\"lag\":null,\"behind\":3,\"consumer_id\":\"c\"}\n";
        assert_eq!(rows.render(TableFormat::Json), json);
    }

    #[test]
    fn wide_characters_take_two_places() {
        let row = |name: &str| vec![name.into(), Cell::Number(1), "x".into()];
        let table = TableRows::new(&COLUMNS, vec![row("日本"), row("abcd")]).render(TableFormat::Table);
        assert_eq!(table.lines().nth(1), Some("日本            1  x"));
        assert_eq!(table.lines().nth(2), Some("abcd            1  x"));
    }

    #[test]
    fn a_wide_table_is_neither_wrapped_nor_cut() {
        let long = "x".repeat(500);
        let table = TableRows::new(&COLUMNS, vec![vec![long.as_str().into(), Cell::Absent, Cell::Absent]]);
        assert!(table.render(TableFormat::Table).contains(&long));
    }
}
