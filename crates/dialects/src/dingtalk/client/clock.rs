//! The given document's clock-in as the hub calls it (§3.1).
