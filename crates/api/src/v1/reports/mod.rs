//! Reports: figures made from many records.

pub(super) mod travel;
