//! What is wrong with a definition, and what would be right.

use std::fmt;

/// One problem of a definition file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, with its dataset folder: `datasets/nyc311/dataset.yaml`.
    pub file: String,
    /// The line in it, counted from 1; none when the problem is the file as a whole.
    pub line: Option<usize>,
    /// What is wrong.
    pub problem: String,
    /// What would be right.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "{}:{line}: ", self.file)?,
            None => write!(formatter, "{}: ", self.file)?,
        }
        write!(formatter, "{}: {}", self.problem, self.remedy)
    }
}

/// Every problem found in a dataset folder, in the order of file and line; never empty as an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.0.iter().enumerate() {
            if position > 0 {
                writeln!(formatter)?;
            }
            write!(formatter, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_file_line_problem_remedy() {
        let with_line = Problem {
            file: "datasets/nyc311/dataset.yaml".to_owned(),
            line: Some(14),
            problem: "unknown key `tabels`".to_owned(),
            remedy: "did you mean `tables`?".to_owned(),
        };
        let text = "datasets/nyc311/dataset.yaml:14: unknown key `tabels`: did you mean `tables`?";
        assert_eq!(with_line.to_string(), text);
        let without_line = Problem { line: None, ..with_line.clone() };
        assert_eq!(
            Problems(vec![with_line, without_line]).to_string(),
            format!("{text}\n{}", text.replace(":14:", ":"))
        );
    }
}
