//! The given document's clock-in on the wire (§3.1).
