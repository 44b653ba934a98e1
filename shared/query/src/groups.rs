//! Rows to groups.

mod accumulator;
mod distinct;
mod exact_sum;

use arrow::array::ArrayRef;
use arrow::array::BooleanArray;
use arrow::buffer::BooleanBuffer;
use arrow::compute::FilterBuilder;
use hashbrown::HashMap;
use smelt_domain::ColumnType;

use crate::aggregate::{Aggregate, GroupKey};
use crate::chunk::Chunk;
use crate::value::array_of;
use crate::{AnswerError, Columns, QueryError};

use accumulator::Accumulator;
use distinct::Distinct;

/// Groups of one answer, and keys and aggregates of all of them together: they are held in memory.
const MOST_GROUPS: usize = 100_000;
const MOST_CELLS: usize = 1_000_000;

/// The groups of the rows so far, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Groups {
    keys: Vec<Distinct>,
    /// Per key but the first: the group of the keys before and the value of this one, to the group of both.
    pairs: Vec<HashMap<u64, u32>>,
    /// Per group, the number of its value of each key.
    members: Vec<u32>,
    accumulators: Vec<Accumulator>,
    count: usize,
    most: usize,
}

impl Groups {
    pub(crate) fn new(keys: &[GroupKey], aggregates: &[Aggregate], columns: &Columns) -> Self {
        let accumulators = aggregates.iter().map(|it| Accumulator::new(*it, columns)).collect();
        let width = (keys.len() + aggregates.len()).max(1);
        Self {
            most: MOST_GROUPS.min(MOST_CELLS / width),
            keys: keys.iter().map(|key| Distinct::new(*key)).collect(),
            pairs: keys.iter().skip(1).map(|_| HashMap::new()).collect(),
            members: Vec::new(),
            accumulators,
            // Without keys there is one group, even of no rows.
            count: usize::from(keys.is_empty()),
        }
    }

    /// Adds the selected rows of a chunk.
    pub(crate) fn add(
        &mut self,
        chunk: &Chunk,
        selected: Option<BooleanBuffer>,
    ) -> Result<(), AnswerError> {
        let chosen;
        let chunk = match selected {
            None => chunk,
            Some(selected) => {
                chosen = self.chosen(chunk, selected)?;
                &chosen
            }
        };
        if chunk.rows == 0 {
            return Ok(());
        }
        let groups = self.groups_of(chunk)?;
        for accumulator in &mut self.accumulators {
            accumulator.add(chunk, &groups, self.count)?;
        }
        Ok(())
    }

    /// The selected rows; of the columns those of keys and aggregates.
    fn chosen(&self, chunk: &Chunk, selected: BooleanBuffer) -> Result<Chunk, AnswerError> {
        let rows = selected.count_set_bits();
        let mut needed = vec![false; chunk.columns.len()];
        for column in self.keys.iter().map(Distinct::column) {
            needed[column] = true;
        }
        for column in self.accumulators.iter().filter_map(Accumulator::column) {
            needed[column] = true;
        }
        let filter = FilterBuilder::new(&BooleanArray::new(selected, None)).optimize().build();
        let columns: Result<Vec<ArrayRef>, arrow::error::ArrowError> = chunk
            .columns
            .iter()
            .zip(needed)
            .map(
                |(column, needed)| {
                    if needed { filter.filter(column) } else { Ok(crate::chunk::nothing(rows)) }
                },
            )
            .collect();
        Ok(Chunk { columns: columns?, rows })
    }

    /// The group of each row.
    fn groups_of(&mut self, chunk: &Chunk) -> Result<Vec<u32>, AnswerError> {
        let Some((first, others)) = self.keys.split_first_mut() else {
            return Ok(vec![0; chunk.rows]);
        };
        let mut groups = first.numbers(&chunk.columns[first.column()])?;
        let mut numbers = vec![groups.clone()];
        let last = others.len();
        if last == 0 {
            self.count = first.count();
            refuse_too_many(self.count, self.most)?;
            return Ok(groups);
        }
        for (place, key) in others.iter_mut().enumerate() {
            let of_key = key.numbers(&chunk.columns[key.column()])?;
            let pairs = &mut self.pairs[place];
            let is_last = place + 1 == last;
            numbers.push(of_key);
            let of_key = &numbers[place + 1];
            let mut before = None;
            for (row, group) in groups.iter_mut().enumerate() {
                let pair = u64::from(*group) << 32 | u64::from(of_key[row]);
                if let Some((same, found)) = before
                    && same == pair
                {
                    *group = found;
                    continue;
                }
                let next = pairs.len();
                let found = *pairs.entry(pair).or_insert(next as u32);
                if is_last && found as usize == next && pairs.len() > next {
                    self.members.extend(numbers.iter().map(|numbers| numbers[row]));
                }
                before = Some((pair, found));
                *group = found;
            }
            refuse_too_many(pairs.len(), self.most)?;
            self.count = pairs.len();
        }
        Ok(groups)
    }

    /// A row per group: its keys, then its aggregates.
    pub(crate) fn finish(self, answer: &[(String, ColumnType)]) -> Result<Chunk, AnswerError> {
        let width = self.keys.len();
        let mut columns = Vec::new();
        for (place, key) in self.keys.iter().enumerate() {
            let values: Vec<_> = match width {
                1 => key.values().to_vec(),
                _ => self
                    .members
                    .iter()
                    .skip(place)
                    .step_by(width)
                    .map(|&number| key.values()[number as usize].clone())
                    .collect(),
            };
            columns.push(array_of(answer[place].1, &values)?);
        }
        for (accumulator, (name, column_type)) in
            self.accumulators.into_iter().zip(&answer[width..])
        {
            let values = accumulator.finish(self.count, name)?;
            columns.push(array_of(*column_type, &values)?);
        }
        Ok(Chunk { columns, rows: self.count })
    }
}

fn refuse_too_many(groups: usize, most: usize) -> Result<(), QueryError> {
    if groups <= most {
        return Ok(());
    }
    Err(QueryError::OutOfRange {
        parameter: "group".to_owned(),
        expected: format!("at most {most} groups: filter, or group by less"),
        value: "more".to_owned(),
    })
}
