//! The given document's clock-in (§3.1).

use tongshi_dialect::Server;

use crate::dingtalk::wire::DingTalk;

/// Adds this area's operations.
pub(super) fn on(server: Server<DingTalk>) -> Server<DingTalk> {
    server
}
