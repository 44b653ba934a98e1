use datafusion::error::DataFusionError;

/// What the engine says is wrong, without its steps: `Error during planning:` and the like tell the author of
/// SQL nothing.
pub(crate) fn engine_words(error: &DataFusionError) -> String {
    match error.find_root() {
        DataFusionError::Plan(text)
        | DataFusionError::Execution(text)
        | DataFusionError::Internal(text)
        | DataFusionError::NotImplemented(text) => text.clone(),
        DataFusionError::ArrowError(error, _) => error.to_string(),
        DataFusionError::SchemaError(error, _) => error.to_string(),
        DataFusionError::SQL(error, _) => {
            error.to_string().trim_start_matches("sql parser error: ").to_owned()
        }
        other => other.strip_backtrace(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_the_engine_are_left_out() {
        let planned = DataFusionError::Plan("no column `x`".to_owned());
        assert_eq!(engine_words(&planned.context("type_coercion")), "no column `x`");
        let missing = DataFusionError::NotImplemented("PIVOT".to_owned());
        assert_eq!(engine_words(&missing), "PIVOT");
    }
}
