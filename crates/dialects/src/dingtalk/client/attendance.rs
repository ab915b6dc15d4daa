//! Attendance as the hub reads and writes it (§5).
