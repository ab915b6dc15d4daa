//! Sign-in of people through a vendor: where a browser is sent, what it comes back with, who the vendor says it is. The
//! hub keeps state, cookies and sessions; a connector knows addresses and names and nothing of those.

use async_trait::async_trait;
use tongshi_model::{Error, Secret};

use crate::{CallError, Row};

/// What a vendor's sign-in page is asked with.
#[derive(Clone, Copy, Debug)]
pub struct Departure<'a> {
    /// Where the connection's vendor answers; its sign-in page may lie elsewhere.
    pub base_url: &'a str,
    /// Where the browser is to come back to, as it is registered at the vendor.
    pub redirect_uri: &'a str,
    /// Comes back unchanged: 43 characters that are safe in a query.
    pub state: &'a str,
    /// Proves to the vendor that who redeems is who asked (PKCE, RFC 7636); for vendors that have it.
    pub verifier: &'a Secret,
}

/// What a browser came back with. Nothing of it is believed yet.
#[derive(Clone, Debug)]
pub struct Return {
    /// The state, as it came.
    pub state: Option<String>,
    /// The code, or why there is none.
    pub code: Result<Secret, SignInFault>,
}

/// What a code is redeemed with.
#[derive(Clone, Copy, Debug)]
pub struct Redemption<'a> {
    /// The code.
    pub code: &'a Secret,
    /// The redirect URI of the departure.
    pub redirect_uri: &'a str,
    /// The verifier of the departure; none where the way began at the vendor.
    pub verifier: Option<&'a Secret>,
}

/// Who somebody is, by the vendor's word: the vendor's row, which the connector reads as a record of the kind `account`
/// ([`crate::Connector::read`]). The vendor's id of the user is the row's remote id.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The row.
    pub row: Row,
}

/// Why nobody is signed in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInFault {
    /// The person did not agree, or the vendor did not let them.
    #[error("the person or the vendor refused")]
    Denied,
    /// What came back is no return of this vendor.
    #[error("the return cannot be read: {0}")]
    Malformed(&'static str),
    /// It is meant for another app or another company.
    #[error("the return is for another {0}")]
    Foreign(&'static str),
    /// The code is not valid: unknown, used, over, or another app's.
    #[error("the code is not valid: unknown, used, over, or another app's")]
    Code,
    /// The vendor could not be asked, or its answer not understood. For the log.
    #[error("the vendor could not be asked: {0}")]
    Vendor(String),
}

impl From<Error> for SignInFault {
    fn from(error: Error) -> Self {
        Self::Vendor(error.to_string())
    }
}

impl<F> From<CallError<F>> for SignInFault
where
    Error: From<CallError<F>>,
{
    fn from(error: CallError<F>) -> Self {
        Error::from(error).into()
    }
}

/// A connector through which people sign in.
#[async_trait]
pub trait SignIn: Send + Sync {
    /// Where the browser is sent. An error says which part of the account is missing.
    fn departure(&self, departure: &Departure<'_>) -> Result<String, Error>;

    /// Takes apart what the browser came back with: the decoded pairs of the query, no name twice.
    fn read_return(&self, pairs: &[(String, String)]) -> Return;

    /// Whether a return with this state may come although nobody was sent out: the vendor has places of its own, such as
    /// a menu, from which it sends people. The hub asks such people before it signs them in.
    fn begins_there(&self, _state: Option<&str>) -> bool {
        false
    }

    /// Asks the vendor who it is. A code is redeemed once.
    async fn redeem(&self, redemption: &Redemption<'_>) -> Result<Identity, SignInFault>;
}
