//! Rows with named columns: a table for people, or a JSON object for each row for programs.

use super::cells;
use super::style::Style;
use super::styled_line::StyledLine;
use crate::choices::TableFormat;
use crate::escape;
use serde_json::{Map, Value, json};

/// The blanks between two columns.
const GAP: usize = 2;

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
    /// Something that stands out where stdout gets color.
    Styled(Style, Box<Cell>),
}

impl Cell {
    fn is_empty(&self) -> bool {
        match self {
            Cell::Absent | Cell::Blank => true,
            Cell::Text(_) | Cell::Number(_) | Cell::Numbers(_) => false,
            Cell::Styled(_, cell) => cell.is_empty(),
        }
    }
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

/// What a table gives up, a step after the other, until it is as narrow as the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concession {
    /// Leave these columns out.
    Drop(&'static [&'static str]),
    /// Leave this column out if no row has anything in it.
    DropEmpty(&'static str),
    /// Cut what stands in this column, down to so many cells.
    Shorten(&'static str, usize),
}

/// How wide a table may be, and whether it has color. By default it is as wide as it gets, since a table in a pipe is
/// read by columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableLook {
    pub columns: Option<usize>,
    pub has_color: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum TableRow {
    Data(Vec<Cell>),
    Total(Vec<Cell>),
}

impl TableRow {
    fn cells(&self) -> &[Cell] {
        match self {
            TableRow::Data(cells) | TableRow::Total(cells) => cells,
        }
    }
}

/// Rows under their columns, each with a cell for every column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRows {
    columns: &'static [Column],
    concessions: &'static [Concession],
    rows: Vec<TableRow>,
}

/// A column as it is shown.
struct ShownColumn {
    index: usize,
    column: Column,
    /// How many cells it takes.
    width: usize,
    is_empty: bool,
}

impl TableRows {
    pub fn new(columns: &'static [Column], rows: Vec<Vec<Cell>>) -> TableRows {
        TableRows { columns, concessions: &[], rows: rows.into_iter().map(TableRow::Data).collect() }
    }

    /// A table without rows, and what it gives up on a narrow terminal.
    pub fn narrowing(columns: &'static [Column], concessions: &'static [Concession]) -> TableRows {
        TableRows { columns, concessions, rows: Vec::new() }
    }

    pub fn push(&mut self, cells: Vec<Cell>) {
        self.rows.push(TableRow::Data(cells));
    }

    /// Adds a row with a sum, which JSON does not have.
    pub fn push_total(&mut self, cells: Vec<Cell>) {
        self.rows.push(TableRow::Total(cells));
    }

    pub fn render(&self, format: TableFormat) -> String {
        self.render_as(format, TableLook::default())
    }

    pub fn render_as(&self, format: TableFormat, look: TableLook) -> String {
        let object = |row: &TableRow| match row {
            TableRow::Data(cells) => Some(self.object(cells)),
            TableRow::Total(_) => None,
        };
        match format {
            TableFormat::Table => {
                let lines = self.lines(look.columns);
                lines.iter().map(|line| format!("{}\n", line.text(look.has_color))).collect()
            }
            TableFormat::Json => self.rows.iter().filter_map(object).collect(),
        }
    }

    /// The lines of the table, none wider than `most`. Crates for tables look for words to wrap, which takes 5 ms for 500
    /// rows.
    pub fn lines(&self, most: Option<usize>) -> Vec<StyledLine> {
        let head: Vec<(Style, String)> =
            self.columns.iter().map(|column| (Style::Plain, column.name().to_owned())).collect();
        let rows = self.rows.iter().map(|row| row.cells().iter().map(shown).collect());
        let rows: Vec<Vec<(Style, String)>> = std::iter::once(head).chain(rows).collect();
        let widest = |index: usize| rows.iter().map(|row| cells::width(&row[index].1)).max().unwrap_or(0);
        let columns = self.columns.iter().copied().enumerate().filter(|(_, column)| column.is_in_table());
        let is_empty = |index: usize| self.rows.iter().all(|row| row.cells()[index].is_empty());
        let shown =
            |(index, column)| ShownColumn { index, column, width: widest(index), is_empty: is_empty(index) };
        let mut columns: Vec<ShownColumn> = columns.map(shown).collect();
        if let Some(most) = most {
            fit(&mut columns, self.concessions, most);
        }
        let line = |row: Vec<(Style, String)>| line(&columns, &row).cut(most.unwrap_or(usize::MAX));
        rows.into_iter().map(line).collect()
    }

    fn object(&self, row: &[Cell]) -> String {
        let mut object = Map::new();
        for (column, cell) in self.columns.iter().zip(row) {
            object.insert(column.name().to_lowercase().replace('-', "_"), value(cell));
        }
        escape::json_line(&Value::Object(object))
    }
}

/// Makes concessions until the columns take no more than `most` cells, or there is none left to make.
fn fit(columns: &mut Vec<ShownColumn>, concessions: &[Concession], most: usize) {
    for concession in concessions {
        let all: usize = columns.iter().map(|column| column.width + GAP).sum();
        let excess = all.saturating_sub(GAP + most);
        if excess == 0 {
            return;
        }
        match concession {
            Concession::Drop(names) => columns.retain(|column| !names.contains(&column.column.name())),
            Concession::DropEmpty(name) => {
                columns.retain(|column| !column.is_empty || column.column.name() != *name);
            }
            Concession::Shorten(name, least) => {
                let named = |column: &&mut ShownColumn| column.column.name() == *name;
                if let Some(column) = columns.iter_mut().find(named) {
                    column.width = column.width.saturating_sub(excess).max((*least).min(column.width));
                }
            }
        }
    }
}

fn line(columns: &[ShownColumn], row: &[(Style, String)]) -> StyledLine {
    let mut line = StyledLine::default();
    let mut space = 0;
    for ShownColumn { index, column, width, .. } in columns {
        let (style, text) = &row[*index];
        let text = StyledLine::of(*style, text.as_str()).cut(*width);
        let left = width.saturating_sub(text.width());
        let (before, after) = if column.is_number() { (left, 0) } else { (0, left) };
        // Nothing follows the last text of a line.
        if text.width() > 0 {
            line.push(Style::Plain, " ".repeat(space + before));
            line.append(text);
            space = after + GAP;
        } else {
            space += left + GAP;
        }
    }
    line
}

fn shown(cell: &Cell) -> (Style, String) {
    let text = match cell {
        Cell::Text(text) if text.is_empty() => "-".to_owned(),
        Cell::Text(text) => escape::line(text).into_owned(),
        Cell::Number(number) => number.to_string(),
        Cell::Numbers(numbers) if numbers.is_empty() => "-".to_owned(),
        Cell::Numbers(numbers) => numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        Cell::Absent => "-".to_owned(),
        Cell::Blank => String::new(),
        Cell::Styled(style, cell) => return (*style, shown(cell).1),
    };
    (Style::Plain, text)
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Text(text) => json!(text),
        Cell::Number(number) => json!(number),
        Cell::Numbers(numbers) => json!(numbers),
        Cell::Absent | Cell::Blank => Value::Null,
        Cell::Styled(_, cell) => value(cell),
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
        let mut rows = TableRows::new(&COLUMNS, rows);
        rows.push_total(vec!["TOTAL".into(), Cell::Number(8), Cell::Blank]);
        rows
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

    /// Two rows of which the first has an id, fitted to so many cells.
    fn fitted(most: usize) -> Vec<String> {
        const CONCESSIONS: [Concession; 4] = [
            Concession::DropEmpty("HOST"),
            Concession::Shorten("ID", 4),
            Concession::Drop(&["ID"]),
            Concession::Shorten("TOPIC", 5),
        ];
        const COLUMNS: [Column; 4] =
            [Column::Text("TOPIC"), Column::Number("LAG"), Column::Text("ID"), Column::Text("HOST")];
        let mut rows = TableRows::narrowing(&COLUMNS, &CONCESSIONS);
        rows.push(vec!["task-created".into(), Cell::Number(12), "kcons-1234".into(), Cell::Absent]);
        rows.push(vec!["日本語".into(), Cell::Absent, Cell::Absent, Cell::Absent]);
        rows.lines(Some(most)).iter().map(|line| line.text(false)).collect()
    }

    #[test]
    fn a_table_makes_one_concession_after_the_other_until_it_fits() {
        let full = [
            "TOPIC         LAG  ID          HOST",
            "task-created   12  kcons-1234  -",
            "日本語          -  -           -",
        ];
        for (most, expected) in [
            (35, full),
            (34, ["TOPIC         LAG  ID", "task-created   12  kcons-1234", "日本語          -  -"]),
            (29, ["TOPIC         LAG  ID", "task-created   12  kcons-1234", "日本語          -  -"]),
            (28, ["TOPIC         LAG  ID", "task-created   12  kcons-12…", "日本語          -  -"]),
            (23, ["TOPIC         LAG  ID", "task-created   12  kco…", "日本語          -  -"]),
            (22, ["TOPIC         LAG", "task-created   12", "日本語          -"]),
            (16, ["TOPIC        LAG", "task-creat…   12", "日本語         -"]),
            (10, ["TOPIC  LAG", "task…   12", "日本…    -"]),
            (4, ["TOP…", "tas…", "日…"]),
        ] {
            assert_eq!(fitted(most), expected, "{most}");
        }
    }

    #[test]
    fn only_what_stands_out_is_in_color() {
        let lag = Cell::Styled(Style::Warning, Box::new(Cell::Number(7)));
        let rows = TableRows::new(&COLUMNS, vec![vec!["t".into(), lag, "x".into()]]);
        let look = TableLook { columns: None, has_color: true };
        let expected = "TOPIC  END-OFFSET  ID\nt               \x1b[33m7\x1b[0m  x\n";
        assert_eq!(rows.render_as(TableFormat::Table, look), expected);
        assert!(rows.render(TableFormat::Json).contains("\"end_offset\":7"));
    }
}
