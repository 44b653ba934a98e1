//! Tables that are aligned in the source too.

use std::fmt;

use super::escape::escaped;

/// How a column is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Rows of texts, which are escaped.
#[derive(Debug)]
pub(super) struct Table {
    align: Vec<Align>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new<'a>(columns: impl IntoIterator<Item = (&'a str, Align)>) -> Self {
        let (header, align) =
            columns.into_iter().map(|(name, align)| (escaped(name), align)).unzip();
        Self { align, rows: vec![header] }
    }

    /// Adds a row, with a cell for each column.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| escaped(&cell)).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0).max(3)
        };
        let widths: Vec<usize> = (0..self.align.len()).map(width).collect();
        for (number, row) in self.rows.iter().enumerate() {
            for (cell, (align, width)) in row.iter().zip(self.align.iter().zip(&widths)) {
                match align {
                    Align::Left => write!(formatter, "| {cell:<width$} ")?,
                    Align::Right => write!(formatter, "| {cell:>width$} ")?,
                }
            }
            writeln!(formatter, "|")?;
            if number == 0 {
                for (align, width) in self.align.iter().zip(&widths) {
                    match align {
                        Align::Left => write!(formatter, "|-{:-<width$}-", "")?,
                        Align::Right => write!(formatter, "|-{:-<width$}:", "")?,
                    }
                }
                writeln!(formatter, "|")?;
            }
        }
        Ok(())
    }
}
