//! DingTalk's faults: one meaning, two numbers. The old host counts (`errcode`), the new one names (`code`) and says more
//! by its status; what the old host's gateway refuses on `/topapi` comes wrapped in 88 (§8.1, §8.2).

use std::{borrow::Cow, time::Duration};

use http::StatusCode;
use tongshi_dialect::{AuthFault, FormFault};
use tongshi_model::{Error, ErrorKind};

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {text}", code.label())]
pub(crate) struct Fault {
    /// Which.
    pub(crate) code: Code,
    /// What happened, for people.
    pub(crate) text: Cow<'static, str>,
    /// The permissions that are missing, where that is it.
    pub(crate) scopes: Vec<String>,
}

impl Fault {
    /// A refusal with a text.
    pub(crate) fn new(code: Code, text: impl Into<Cow<'static, str>>) -> Self {
        Self { code, text: text.into(), scopes: Vec::new() }
    }

    /// What is missing or cannot be taken.
    pub(crate) fn parameter(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Parameter, text)
    }

    /// A call for which the app lacks a permission.
    pub(crate) fn scope(scope: &str) -> Self {
        let text = "the app has not been granted the permission that this call needs";
        Self { scopes: vec![scope.to_owned()], ..Self::new(Code::Scope, text) }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $number:literal $($wrapped:ident)?, $name:literal $status:ident;)*) => {
        /// Why something was refused.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(crate) enum Code {
            $($(#[$doc])* $variant,)*
            /// Another number of the old host.
            Other(i64),
            /// Another name of the new host.
            Named(String),
        }

        impl Code {
            /// Those that we give.
            #[cfg(test)]
            pub(crate) const GIVEN: &[Self] = &[$(Self::$variant),*];

            /// The old host's number; 0 where it has none.
            pub(crate) const fn number(&self) -> i64 {
                match self { $(Self::$variant => $number,)* Self::Other(number) => *number, Self::Named(_) => 0 }
            }

            /// Whether the old host's gateway says it, so that it is wrapped on `/topapi`.
            const fn is_wrapped(&self) -> bool {
                match self { $(Self::$variant => codes!(@ $($wrapped)?),)* Self::Other(_) | Self::Named(_) => false }
            }

            /// The new host's name for it; empty where it has none.
            fn name(&self) -> &str {
                match self { $(Self::$variant => $name,)* Self::Other(_) => "", Self::Named(name) => name }
            }

            /// The status with which the new host says it.
            pub(crate) const fn status(&self) -> StatusCode {
                match self {
                    $(Self::$variant => StatusCode::$status,)*
                    Self::Other(_) | Self::Named(_) => StatusCode::BAD_REQUEST,
                }
            }

            /// The code with this number.
            pub(crate) fn of(number: i64) -> Self {
                $(if $number != 0 && number == $number { return Self::$variant; })*
                Self::Other(number)
            }

            /// The code with this name.
            pub(crate) fn named(name: &str) -> Self {
                $(if !$name.is_empty() && name == $name { return Self::$variant; })*
                // Where we have no name of the vendor's, the old number stands in its place.
                name.parse().map_or_else(|_| Self::Named(name.to_owned()), Self::of)
            }
        }
    };
    (@) => { false };
    (@ wrapped) => { true };
}

codes! {
    /// The service is busy; three more tries at most.
    Busy = -1, "systemError" INTERNAL_SERVER_ERROR;
    /// What lies behind the gateway failed.
    Remote = 15, "internalError" INTERNAL_SERVER_ERROR;
    /// No token was shown.
    NoToken = 41001 wrapped, "AuthenticationFailed.MissingParameter" BAD_REQUEST;
    /// The token is none, or over.
    Token = 40014 wrapped, "InvalidAuthentication" BAD_REQUEST;
    /// The token was good once.
    Expired = 42001 wrapped, "accesstoken.expired" BAD_REQUEST;
    /// The company is not the token's.
    Company = 33001, "" BAD_REQUEST;
    /// The secret is wrong, in the oldest words.
    Secret = 40001, "" BAD_REQUEST;
    /// The app has no permission for this.
    Scope = 60011 wrapped, "Forbidden.AccessDenied.AccessTokenPermissionDenied" FORBIDDEN;
    /// The address is not on the app's list.
    Address = 60020 wrapped, "Forbidden.AccessDenied.IpNotInWhiteList" FORBIDDEN;
    /// The app calls this too fast.
    AppFast = 90018 wrapped, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi" FORBIDDEN;
    /// The app calls this too often in a minute.
    AppOften = 0, "Forbidden.AccessDenied.QpmLimitForAppkeyAndApi" FORBIDDEN;
    /// All together call this too fast.
    AllFast = 90002 wrapped, "Forbidden.AccessDenied.QpsLimitForApi" FORBIDDEN;
    /// The month is used up.
    Month = 90020 wrapped, "Forbidden.AccessDenied.ApiCountLimitForOrg" FORBIDDEN;
    /// The address calls too much of everything and is shut out for some minutes (§8.3).
    Banned = 1111, "1111" FORBIDDEN;
    /// App key and secret do not belong together.
    Credentials = 40096, "invalidClientIdOrSecret" BAD_REQUEST;
    /// The old pair of corpid and corpsecret.
    CorpSecret = 40089, "" BAD_REQUEST;
    /// A parameter is missing or wrong.
    Parameter = 40035, "invalidParameter" BAD_REQUEST;
    /// A value cannot be.
    Value = 400_002, "paramError" BAD_REQUEST;
    /// The new host wants JSON.
    MissingBody = 0, "Missingbody" BAD_REQUEST;
    /// The method is GET.
    WantsGet = 43001, "" BAD_REQUEST;
    /// The method is POST.
    WantsPost = 43002, "" BAD_REQUEST;
    /// The company must agree first.
    Unauthorised = 43007, "" FORBIDDEN;
    /// There is no such user id.
    UserId = 33012, "invalidParameter.user.notFound" NOT_FOUND;
    /// Nobody is found by this.
    Nobody = 60121, "staff.notExisted" NOT_FOUND;
    /// There is no such department.
    NoDepartment = 60003, "department.notExist" BAD_REQUEST;
    /// There is no such parent.
    NoParent = 60004, "" BAD_REQUEST;
    /// The department has members.
    HasMembers = 60005, "" BAD_REQUEST;
    /// The department has children.
    HasChildren = 60006, "" BAD_REQUEST;
    /// The root cannot be deleted.
    RootStays = 60007, "" BAD_REQUEST;
    /// A sibling has the name already.
    DepartmentName = 60008, "" BAD_REQUEST;
    /// The department's name is too long or has forbidden characters.
    DepartmentNaming = 60001, "" BAD_REQUEST;
    /// The department would lie below itself.
    Loop = 60010, "" BAD_REQUEST;
    /// The root cannot be changed.
    Root = 60018, "" BAD_REQUEST;
    /// The members cannot be given.
    Members = 60019, "" BAD_REQUEST;
    /// Somebody has the user id already.
    UserIdTaken = 60102, "" BAD_REQUEST;
    /// The mobile number is none.
    Mobile = 60103, "" BAD_REQUEST;
    /// Somebody has the mobile number already.
    MobileTaken = 60104, "" BAD_REQUEST;
    /// The number that is looked for is none.
    MobileForm = 40104, "" BAD_REQUEST;
    /// The page is too large.
    PageSize = 40069, "" BAD_REQUEST;
    /// The page begins where none can.
    PageStart = 40068, "" BAD_REQUEST;
    /// The user is outside of what the app may see.
    UserOutside = 50002, "" FORBIDDEN;
    /// The department is outside of what the app may see.
    DepartmentOutside = 50004, "" FORBIDDEN;
    /// The code is unknown, used or over.
    Spent = 40078, "invalidParameter.authCode.notFound" BAD_REQUEST;
    /// The window is longer than seven days.
    Window = 41041, "" BAD_REQUEST;
    /// The time is not in the form that is wanted.
    Time = 41100, "" BAD_REQUEST;
    /// There is a callback already.
    CallbackExists = 71006, "" BAD_REQUEST;
    /// There is no callback.
    NoCallback = 71007, "" BAD_REQUEST;
    /// The address did not answer success.
    CallbackReply = 71009, "" BAD_REQUEST;
    /// The address cannot be reached.
    CallbackAway = 71012, "" BAD_REQUEST;
    /// The AES key is no key.
    AesKey = 900_004, "" BAD_REQUEST;
    /// The callback's signature does not fit.
    CallbackSignature = 900_005, "" BAD_REQUEST;
    /// The callback is for another owner.
    OwnerKey = 900_010, "" BAD_REQUEST;
    /// The timestamp is no number.
    TimestampForm = 853_001, "" BAD_REQUEST;
    /// The timestamp is too far away.
    Stale = 853_002, "" BAD_REQUEST;
    /// Nobody has this access key.
    AccessKey = 853_003, "" BAD_REQUEST;
    /// The signature does not fit.
    Signature = 853_004, "" BAD_REQUEST;
    /// The unified endpoint knows no such client.
    Client = 0, "invalid.client" BAD_REQUEST;
    /// The unified endpoint gives only client_credentials.
    GrantType = 0, "unsupported.grant.type" BAD_REQUEST;
    /// The client may not have a token here.
    ClientDenied = 0, "unauthorized.client" UNAUTHORIZED;
    /// The unified endpoint for a company that nobody knows.
    UnknownCompany = 0, "unknownError" INTERNAL_SERVER_ERROR;
    /// The suite key is none.
    SuiteKey = 0, "invalidSuiteKey" BAD_REQUEST;
    /// The suite ticket is not the last one.
    SuiteTicket = 0, "invalidSuiteTicket" BAD_REQUEST;
    /// The company has not authorised the suite.
    SuiteCompany = 0, "invalidAuthInfo" BAD_REQUEST;
}

/// The number under which the gateway says on `/topapi` that there is no token (§8.1).
const BLANK: &str = "40000";

impl Code {
    /// The number or, where there is none, the name.
    fn label(&self) -> String {
        match self.number() {
            0 => self.name().to_owned(),
            number => number.to_string(),
        }
    }

    /// The old host's number, and that of a bad parameter for what only the new host says.
    pub(super) const fn old(&self) -> i64 {
        match self.number() {
            0 => Self::Parameter.number(),
            number => number,
        }
    }

    /// The sub code where the gateway wraps it.
    pub(super) fn wrapped(&self) -> Option<String> {
        match self {
            Self::NoToken => Some(BLANK.to_owned()),
            code => code.is_wrapped().then(|| code.number().to_string()),
        }
    }

    /// What a wrapped sub code means.
    pub(super) fn unwrapped(sub_code: &str) -> Self {
        match sub_code {
            BLANK => Self::NoToken,
            "isp.-1" => Self::Remote,
            code => code.parse().map_or_else(|_| Self::Named(code.to_owned()), Self::of),
        }
    }

    /// The new host's name.
    pub(super) fn new_name(&self) -> String {
        match self.name() {
            "" => self.number().to_string(),
            name => name.to_owned(),
        }
    }

    /// Whether a new token would help.
    pub(crate) const fn is_of_token(&self) -> bool {
        matches!(self, Self::Token | Self::Expired | Self::Company | Self::Secret)
    }

    /// How long to wait where it says "too fast" (§8.3: a window of one second).
    pub(super) const fn wait(&self) -> Option<Duration> {
        match self {
            Self::AppFast | Self::AllFast => Some(Duration::from_secs(1)),
            Self::AppOften => Some(Duration::from_secs(60)),
            _ => None,
        }
    }
}

impl From<AuthFault> for Fault {
    fn from(fault: AuthFault) -> Self {
        let code = match &fault {
            AuthFault::Missing("access_token") => return Self::new(Code::NoToken, "access_token is blank"),
            AuthFault::Missing(_) => Code::Parameter,
            AuthFault::Malformed("timestamp") => Code::TimestampForm,
            AuthFault::Malformed("access_token") => Code::Token,
            AuthFault::Malformed(_) | AuthFault::Wrong(_) => Code::Signature,
            AuthFault::Stale => Code::Stale,
            // Whoever shows a key that is switched off learns no more than whoever made one up.
            AuthFault::Unknown | AuthFault::Disabled => {
                return Self::new(Code::Token, "不合法的access_token: it is not known, or its time is over");
            }
            AuthFault::Forbidden => Code::Scope,
            AuthFault::Address => Code::Address,
            AuthFault::Blocked(_) => Code::AllFast,
        };
        Self::new(code, fault.to_string())
    }
}

/// What the new host says where there is no JSON.
pub(super) const MISSING_BODY: &str = "Missingbody";

impl From<FormFault> for Fault {
    fn from(fault: FormFault) -> Self {
        match fault {
            FormFault::Malformed(text) if text == MISSING_BODY => {
                Self::new(Code::MissingBody, "the body must be a JSON object")
            }
            fault => Self::parameter(fault.to_string()),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let code = match error.kind() {
            ErrorKind::NotFound => Code::Nobody,
            ErrorKind::Conflict | ErrorKind::Invalid(_) => Code::Value,
            ErrorKind::Unauthenticated => Code::Token,
            ErrorKind::Forbidden => Code::Scope,
            ErrorKind::Gone => Code::Spent,
            ErrorKind::Limited(_) => Code::AllFast,
            ErrorKind::Unavailable => Code::Busy,
            ErrorKind::Upstream => Code::Remote,
            ErrorKind::Internal => {
                tracing::error!(dialect = "dingtalk", reason = error.private(), "a call failed");
                Code::Busy
            }
        };
        Self::new(code, error.public().to_owned())
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let kind = match &fault.code {
            Code::NoToken
            | Code::Token
            | Code::Expired
            | Code::Company
            | Code::Secret
            | Code::Credentials
            | Code::CorpSecret
            | Code::AccessKey
            | Code::Signature
            | Code::TimestampForm
            | Code::Stale
            | Code::Client
            | Code::ClientDenied
            | Code::SuiteKey
            | Code::SuiteTicket
            | Code::CallbackSignature
            | Code::OwnerKey => ErrorKind::Unauthenticated,
            Code::Scope
            | Code::Address
            | Code::Unauthorised
            | Code::UserOutside
            | Code::DepartmentOutside
            | Code::SuiteCompany => ErrorKind::Forbidden,
            Code::AppFast | Code::AppOften | Code::AllFast => ErrorKind::Limited(fault.code.wait()),
            Code::Month | Code::Banned => ErrorKind::Limited(None),
            Code::UserId | Code::Nobody | Code::NoDepartment | Code::NoCallback => ErrorKind::NotFound,
            Code::HasMembers | Code::HasChildren | Code::UserIdTaken | Code::MobileTaken => {
                ErrorKind::Conflict
            }
            Code::CallbackExists | Code::DepartmentName => ErrorKind::Conflict,
            Code::Spent => ErrorKind::Gone,
            Code::Busy => ErrorKind::Unavailable,
            Code::Remote | Code::UnknownCompany | Code::Other(_) | Code::Named(_) => ErrorKind::Upstream,
            Code::Parameter
            | Code::Value
            | Code::MissingBody
            | Code::WantsGet
            | Code::WantsPost
            | Code::NoParent
            | Code::RootStays
            | Code::DepartmentNaming
            | Code::Loop
            | Code::Root
            | Code::Members
            | Code::Mobile
            | Code::MobileForm
            | Code::PageSize
            | Code::PageStart
            | Code::Window
            | Code::Time
            | Code::CallbackReply
            | Code::CallbackAway
            | Code::AesKey
            | Code::GrantType => ErrorKind::Invalid("body".into()),
        };
        Self::new(kind, fault.to_string())
    }
}
