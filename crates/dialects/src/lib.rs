//! The vendors' protocols as code, one folder a vendor, the same eight parts in each. The list below is all that the
//! rest of the program knows of them: a new vendor is a folder and two lines here.

use tongshi_dialect::Descriptor;

mod dingtalk;
mod hesine;
mod waiqin;
mod workhuman;
mod zhiren;

/// Every dialect.
pub static ALL: &[&Descriptor] = &[
    &dingtalk::DESCRIPTOR,
    &hesine::DESCRIPTOR,
    &waiqin::DESCRIPTOR,
    &workhuman::DESCRIPTOR,
    &zhiren::DESCRIPTOR,
];

/// Calls that a vendor documents and its face answers with 501, by dialect, where somebody has written them down.
pub static UNSERVED: &[(&str, &[&str])] = &[("hesine", hesine::UNSERVED)];
