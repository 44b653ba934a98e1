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
    pub(super) fn new<const COLUMNS: usize>(columns: [(&str, Align); COLUMNS]) -> Self {
        let header = columns.iter().map(|(name, _)| escaped(name)).collect();
        Self { align: columns.iter().map(|(_, align)| *align).collect(), rows: vec![header] }
    }

    pub(super) fn row<const COLUMNS: usize>(&mut self, cells: [String; COLUMNS]) {
        self.rows.push(cells.iter().map(|cell| escaped(cell)).collect());
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
