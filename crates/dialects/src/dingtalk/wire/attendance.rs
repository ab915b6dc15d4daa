//! Attendance on the wire (§5).
