//! The vendors' protocols as code, one folder a vendor, the same eight parts in each. The list below is all that the
//! rest of the program knows of them: a new vendor is a folder and two lines here.

use tongshi_dialect::Descriptor;

mod dingtalk;
mod waiqin;
mod workhuman;
mod zhiren;

/// Every dialect.
pub static ALL: &[&Descriptor] =
    &[&dingtalk::DESCRIPTOR, &waiqin::DESCRIPTOR, &workhuman::DESCRIPTOR, &zhiren::DESCRIPTOR];
