//! Lists with optional filters: one text for rows and count, always in a total order.

use std::marker::PhantomData;

use crate::row::{Record, select_prefix};
use crate::value::Value;

/// A page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Rows to skip.
    pub offset: i64,
    /// Rows to return.
    pub limit: i64,
}

impl Page {
    /// The rows of the page, out of all there are.
    #[must_use]
    pub fn of<T>(self, all: Vec<T>) -> crate::session::Listed<T> {
        let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
        let bound = |number| usize::try_from(number).unwrap_or(0);
        let rows = all.into_iter().skip(bound(self.offset)).take(bound(self.limit)).collect();
        crate::session::Listed { rows, total }
    }
}

/// A list under construction. Conditions are constants of the store; values are always bound.
pub(crate) struct Select<R> {
    conditions: Vec<String>,
    args: Vec<Value>,
    order: &'static str,
    page: Page,
    record: PhantomData<R>,
}

impl<R: Record> Select<R> {
    /// All rows, ordered by the columns, which must end in a unique one.
    pub(crate) fn new(order: &'static str, page: Page) -> Self {
        Self { conditions: Vec::new(), args: Vec::new(), order, page, record: PhantomData }
    }

    /// Only rows that meet the condition, in which `?` stands for the value.
    pub(crate) fn filter(mut self, condition: &'static str, value: impl Into<Value>) -> Self {
        let place = self.bind(value.into());
        self.conditions.push(condition.replace('?', &place));
        self
    }

    /// The filter, if there is a value for it.
    pub(crate) fn maybe(self, condition: &'static str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.filter(condition, value),
            None => self,
        }
    }

    /// Only rows that meet one of the conditions, each `column IN (values)` or a condition on one value.
    pub(crate) fn any(mut self, lists: Vec<(&'static str, Vec<Value>)>) -> Self {
        let mut alternatives = Vec::new();
        for (condition, values) in lists.into_iter().filter(|(_, values)| !values.is_empty()) {
            let places: Vec<_> = values.into_iter().map(|value| self.bind(value)).collect();
            alternatives.push(condition.replace('?', &places.join(", ")));
        }
        // No alternative: nothing may be seen.
        let condition = if alternatives.is_empty() { "1 = 0".to_owned() } else { alternatives.join(" OR ") };
        self.conditions.push(format!("({condition})"));
        self
    }

    fn bind(&mut self, value: Value) -> String {
        self.args.push(value);
        format!("${}", self.args.len())
    }

    /// The text for the rows, the text for the count, and the values for both.
    pub(crate) fn build(self) -> (String, String, Vec<Value>) {
        let condition = match self.conditions.as_slice() {
            [] => String::new(),
            conditions => format!(" WHERE {}", conditions.join(" AND ")),
        };
        let Page { offset, limit } = self.page;
        let rows = format!(
            "{}{condition} ORDER BY {} LIMIT {limit} OFFSET {offset}",
            select_prefix::<R>(),
            self.order
        );
        let count = format!("SELECT COUNT(*) FROM {}{condition}", R::TABLE);
        (rows, count, self.args)
    }
}
