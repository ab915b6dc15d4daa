//! Records in memory: which a query means, and in which order.

use serde_json::Value;
use tongshi_model::{Keys, LocalDate};

use crate::{Order, Query, Record};

/// A record with what it is found by.
pub(super) struct Kept {
    pub(super) record: Record,
    pub(super) keys: Keys,
    pub(super) date: Option<LocalDate>,
}

impl Kept {
    fn key(&self, lookup: &str) -> Option<&str> {
        self.record.kind.lookup(lookup).and_then(|place| self.keys[place].as_deref())
    }

    pub(super) fn has(&self, lookup: &str, value: &str) -> bool {
        self.key(lookup) == Some(value)
    }

    /// Whether it has a place in this order.
    fn is_ordered(&self, order: Order) -> bool {
        match order {
            Order::Stored => true,
            Order::Dated | Order::Latest => self.date.is_some(),
            Order::Last(lookup) => self.key(lookup).is_some(),
        }
    }

    /// Whether the query means it.
    pub(super) fn fits(&self, query: &Query) -> bool {
        let within = |date: Option<LocalDate>, from: Option<LocalDate>, to: Option<LocalDate>| {
            (from.is_none() && to.is_none())
                || date.is_some_and(|date| {
                    from.is_none_or(|from| from <= date) && to.is_none_or(|to| date <= to)
                })
        };
        if self.record.kind != query.kind
            || self.record.deleted
            || !self.is_ordered(query.order)
            || !query.keys.iter().all(|(lookup, value)| self.has(lookup, value))
            || !within(self.date, query.date_from, query.date_to)
        {
            return false;
        }
        let doc: Value = serde_json::from_str(&self.record.doc).unwrap_or_default();
        let field = |path: &str| path.split('.').fold(&doc, |value, name| &value[name]).as_str();
        query
            .fields
            .iter()
            .all(|(path, words)| field(path).is_some_and(|text| words.iter().any(|word| word == text)))
            && query.field_dates.iter().all(|(path, from, to)| {
                within(field(path).and_then(|text| tongshi_model::parse_date("date", text).ok()), *from, *to)
            })
    }
}

/// Puts records that were kept as they came into a query's order.
pub(super) fn ordered(fitting: &mut [&Kept], order: Order) {
    match order {
        Order::Stored => {}
        Order::Dated => fitting.sort_by_key(|kept| kept.date),
        Order::Latest => {
            fitting.sort_by_key(|kept| kept.date);
            fitting.reverse();
        }
        Order::Last(lookup) => {
            fitting.sort_by(|one, other| one.key(lookup).cmp(&other.key(lookup)));
            fitting.reverse();
        }
    }
}
