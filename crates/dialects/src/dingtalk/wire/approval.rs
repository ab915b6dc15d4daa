//! OA approvals on the wire (§6).
