//! OA approvals as the hub reads and writes them (§6).
