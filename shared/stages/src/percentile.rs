//! `percentile_cont`, exact to the last bit.
//!
//! DataFusion's own rounds the weight between two neighbours to six digits; other engines do not,
//! and the same SQL must give the same numbers everywhere. Collecting the values is left to
//! DataFusion, only the last step is replaced.

use std::hash::Hash;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array};
use arrow::datatypes::{DataType, FieldRef, Float64Type};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::functions_aggregate::percentile_cont::PercentileCont;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature,
};
use datafusion::physical_expr::expressions::Literal;

/// The function as the engine knows it, in place of DataFusion's of the same name.
pub(crate) fn percentile_function() -> AggregateUDF {
    AggregateUDF::new_from_impl(ExactPercentile { inner: PercentileCont::new() })
}

/// The percentile `p` (0 to 1) of values without nulls: at position `p · (n − 1)` among the sorted
/// values, counted from 0, weighted between the two neighbours as `low · (1 − f) + high · f` with
/// `f` the position's fraction. `None` when there are no values.
fn percentile(values: &mut [f64], p: f64) -> Option<f64> {
    let position = p * (values.len().checked_sub(1)? as f64);
    let (low, fraction) = (position.floor() as usize, position - position.floor());
    let (_, at_low, above) = values.select_nth_unstable_by(low, f64::total_cmp);
    let at_low = *at_low;
    if fraction == 0.0 {
        return Some(at_low);
    }
    let at_high = above.iter().copied().min_by(f64::total_cmp)?;
    Some(at_low * (1.0 - fraction) + at_high * fraction)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ExactPercentile {
    inner: PercentileCont,
}

impl AggregateUDFImpl for ExactPercentile {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        self.inner.state_fields(args)
    }

    fn supports_within_group_clause(&self) -> bool {
        true
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let p = wanted_percentile(&args)?;
        Ok(Box::new(ExactAccumulator { inner: self.inner.accumulator(args)?, p }))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        self.inner.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        let p = wanted_percentile(&args)?;
        Ok(Box::new(ExactGroups { inner: self.inner.create_groups_accumulator(args)?, p }))
    }
}

/// The percentile that the call asks for, turned round for a descending order.
fn wanted_percentile(args: &AccumulatorArgs<'_>) -> Result<f64> {
    if args.expr_fields.first().map(|field| field.data_type()) != Some(&DataType::Float64) {
        return Err(DataFusionError::Plan("percentile_cont takes a DOUBLE".to_owned()));
    }
    let literal = args.exprs.get(1).and_then(|p| p.downcast_ref::<Literal>()).map(Literal::value);
    let Some(ScalarValue::Float64(Some(p))) = literal else {
        return Err(DataFusionError::Plan(
            "percentile_cont takes a constant percentile".to_owned(),
        ));
    };
    if !(0.0..=1.0).contains(p) {
        return Err(DataFusionError::Plan(format!("percentile {p} is not between 0 and 1")));
    }
    let descending = args.order_bys.first().is_some_and(|order| order.options.descending);
    Ok(if descending { 1.0 - p } else { *p })
}

/// The percentile of each list of values.
fn percentiles(lists: &dyn Array, p: f64) -> Result<Float64Array> {
    let lists = lists
        .as_list_opt::<i32>()
        .ok_or_else(|| DataFusionError::Internal("percentile_cont keeps lists".to_owned()))?;
    let of_list = |list: Option<ArrayRef>| {
        let list = list?;
        let mut values = list.as_primitive_opt::<Float64Type>()?.values().to_vec();
        percentile(&mut values, p)
    };
    Ok(lists.iter().map(of_list).collect())
}

#[derive(Debug)]
struct ExactAccumulator {
    inner: Box<dyn Accumulator>,
    p: f64,
}

impl Accumulator for ExactAccumulator {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.update_batch(values)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let state = self.inner.state()?;
        let Some(values) = state.first() else { return Ok(ScalarValue::Float64(None)) };
        let found = percentiles(&values.to_array()?, self.p)?;
        ScalarValue::try_from_array(&found, 0)
    }

    fn size(&self) -> usize {
        self.inner.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.inner.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.inner.merge_batch(states)
    }
}

struct ExactGroups {
    inner: Box<dyn GroupsAccumulator>,
    p: f64,
}

impl GroupsAccumulator for ExactGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.inner.update_batch(values, groups, filter, total)
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let state = self.inner.state(emit)?;
        let lists = state
            .first()
            .ok_or_else(|| DataFusionError::Internal("percentile_cont keeps lists".to_owned()))?;
        Ok(Arc::new(percentiles(lists, self.p)?))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        self.inner.state(emit)
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.inner.merge_batch(values, groups, total)
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        self.inner.convert_to_state(values, filter)
    }

    fn size(&self) -> usize {
        self.inner.size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_between_neighbours() {
        assert_eq!(percentile(&mut [], 0.9), None);
        assert_eq!(percentile(&mut [3.0], 0.9), Some(3.0));
        assert_eq!(percentile(&mut [4.0, 1.0, 2.0, 3.0, 5.0], 0.5), Some(3.0));
        assert_eq!(percentile(&mut [2.0, 1.0], 0.25), Some(1.25));
        // Seven digits of weight count: DataFusion's own gives another number here.
        let mut values: Vec<f64> = (0..1_235).map(|n| f64::from(n) * 1e6).collect();
        let position = 0.9 * 1_234.0;
        let fraction: f64 = position - 1_110.0;
        let expected = 1_110e6 * (1.0 - fraction) + 1_111e6 * fraction;
        assert_eq!(percentile(&mut values, 0.9), Some(expected));
    }

    #[tokio::test]
    async fn replaces_the_engine_s_own() {
        let lake = smelt_lake::Lake::in_memory();
        let settings = crate::EngineSettings {
            memory_bytes: 256 << 20,
            parallelism: 2,
            scratch: std::env::temp_dir(),
        };
        let session = crate::Engine::new(&lake, settings).unwrap().session().unwrap();
        let sql = "SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY x) AS p, \
                   percentile_cont(0.25) WITHIN GROUP (ORDER BY x DESC) AS q \
                   FROM (VALUES (1.0e0), (NULL), (2.0e0), (4.0e0)) AS t(x)";
        let rows = session.sql(sql).await.unwrap().collect().await.unwrap();
        let value = |column: usize| rows[0].column(column).as_primitive::<Float64Type>().value(0);
        let fraction: f64 = 0.9 * 2.0 - 1.0;
        assert_eq!(value(0), 2.0 * (1.0 - fraction) + 4.0 * fraction);
        assert_eq!(value(1), 3.0);
    }
}
