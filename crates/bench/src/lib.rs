//! What the programs of the benchmark share: the invented people, a bare HTTP/1.1 client, Zhiren's signature, options, medians.
//! Nothing here knows the hub: the references must stay independent of what they are compared with.

pub mod args;
pub mod http1;
pub mod people;
pub mod process;
pub mod sign;
pub mod stats;
