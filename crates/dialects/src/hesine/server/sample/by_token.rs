//! Each operation a second time, for whoever comes with a token in place of the three headers.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tongshi_dialect::{Contract, Operation, Verb};

use crate::hesine::{
    auth::sample::Bearer,
    wire::sample::{Place, Sample},
};

/// The same operation for whoever comes with a token.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent, bound(serialize = "O: Serialize", deserialize = "O: DeserializeOwned"))]
pub(crate) struct ByToken<O>(pub(crate) O);

impl<O: Operation<Dialect = Sample>> Operation for ByToken<O> {
    type Dialect = Sample;
    type Auth = Bearer;
    type Answer = O::Answer;

    const NAME: &'static str = O::NAME;
    const METHOD: Verb = O::METHOD;
    const PATH: &'static str = O::PATH;
    const CONTRACT: Contract = O::CONTRACT;
    const SPEC: &'static str = O::SPEC;
    const SHAPE: Place = O::SHAPE;
}
