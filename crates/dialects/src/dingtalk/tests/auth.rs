//! The signatures, held against values that Python's `hmac` computed.

use tongshi_model::Secret;

use crate::dingtalk::auth::signature;

#[test]
fn signatures_are_those_that_other_programs_compute() {
    let robot = signature(&Secret::new("SECtest"), &["1577262236757", "\n", "SECtest"]);
    assert_eq!(robot, "Za/ne6w2koB8B4ROVlgTNd/X+/FbyDpZrXLz57xNZSA=");
    let sns = signature(&Secret::new("testappSecret"), &["1546084445901"]);
    assert_eq!(sns, "HCbG3xNE3vzhO+u7qCUL1jS5hsu2n5r2cFhnTrtyDAE=");
    let suite = signature(&Secret::new("suiteSecret"), &["1527130370219", "\n", "TestSuiteTicket"]);
    assert_eq!(suite, "Pf3FwHKyUPBqYRlE1ti0qtsOGDkSArtp2N15O/UM2zc=");
}
