//! Attendance (§5).

use tongshi_dialect::Server;

use crate::dingtalk::wire::DingTalk;

/// Adds this area's operations.
pub(super) fn on(server: Server<DingTalk>) -> Server<DingTalk> {
    server
}
