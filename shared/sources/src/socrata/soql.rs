//! Questions in SoQL, in the two forms that the interfaces take.

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Soql {
    select: String,
    conditions: Vec<String>,
    group: Option<String>,
    order: Option<String>,
    limit: Option<u32>,
}

impl Soql {
    pub(super) fn select(select: impl Into<String>) -> Self {
        Self {
            select: select.into(),
            conditions: Vec::new(),
            group: None,
            order: None,
            limit: None,
        }
    }

    /// Only rows for which this also holds.
    pub(super) fn only(mut self, condition: impl Into<String>) -> Self {
        self.conditions.push(condition.into());
        self
    }

    pub(super) fn group_by(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    pub(super) fn order_by(mut self, order: impl Into<String>) -> Self {
        self.order = Some(order.into());
        self
    }

    pub(super) fn limit(mut self, rows: u32) -> Self {
        self.limit = Some(rows);
        self
    }

    pub(super) fn rows(&self) -> Option<u32> {
        self.limit
    }

    /// The parameters of SODA 2.
    pub(super) fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = vec![("$select", self.select.clone())];
        parameters.extend(self.condition().map(|condition| ("$where", condition)));
        parameters.extend(self.group.clone().map(|group| ("$group", group)));
        parameters.extend(self.order.clone().map(|order| ("$order", order)));
        parameters.extend(self.limit.map(|limit| ("$limit", limit.to_string())));
        parameters
    }

    /// The one text of SODA 3.
    pub(super) fn text(&self) -> String {
        let words = |name: &str| match name {
            "$select" => "SELECT",
            "$where" => "WHERE",
            "$group" => "GROUP BY",
            "$order" => "ORDER BY",
            _ => "LIMIT",
        };
        let clauses: Vec<String> = self
            .parameters()
            .iter()
            .map(|(name, value)| format!("{} {value}", words(name)))
            .collect();
        clauses.join(" ")
    }

    fn condition(&self) -> Option<String> {
        match self.conditions.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            many => {
                let terms: Vec<String> = many.iter().map(|term| format!("({term})")).collect();
                Some(terms.join(" AND "))
            }
        }
    }
}

/// A text as a literal: SoQL takes it for a number or a time where one is compared.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_two_forms() {
        let soql =
            Soql::select("a, b").only("a > 1").only("b = 'x' OR b = 'y'").order_by("a").limit(7);
        assert_eq!(
            soql.text(),
            "SELECT a, b WHERE (a > 1) AND (b = 'x' OR b = 'y') ORDER BY a LIMIT 7"
        );
        let names: Vec<_> = soql.parameters().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["$select", "$where", "$order", "$limit"]);
        assert_eq!(Soql::select("a").only("b").parameters()[1].1, "b");
    }

    #[test]
    fn a_quote_in_a_text_ends_no_literal() {
        assert_eq!(literal("O'Neill' OR '1"), "'O''Neill'' OR ''1'");
    }
}
