//! The suite that every dialect must pass; `tests.rs` of each calls [`crate::conformance!`] with all its operations.
//!
//! Both sides of a dialect share code, so both could share a mistake: fixtures and vectors computed elsewhere pin
//! what this suite cannot.

use std::{fmt::Debug, path::Path};

use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};
use serde_json::Value;
use tongshi_model::{Secret, Timestamp};

use crate::{AuthFault, AuthScheme, Contract, Dialect, Message, Operation, OperationInfo, decode, encode};

/// How many mutated requests are tried for each operation.
const MUTATIONS: usize = 64;

/// A key to test a scheme with.
pub trait SampleKey: AuthScheme {
    /// A claimed id and its secret; none for a scheme that proves nothing.
    fn sample() -> Option<(&'static str, Secret)>;

    /// Seconds after which a message is stale; none where the scheme carries no time.
    fn stale_after_seconds() -> Option<i64>;

    /// Whether the vendor signs the path; where it does not, its changes are not held against the scheme.
    fn signs_path() -> bool {
        true
    }

    /// Whether the vendor signs the body; where it does not, its changes are not held against the scheme.
    fn signs_body() -> bool {
        true
    }
}

impl SampleKey for crate::NoAuth {
    fn sample() -> Option<(&'static str, Secret)> {
        None
    }

    fn stale_after_seconds() -> Option<i64> {
        None
    }
}

/// A sample of an operation: what was asked, what was answered, and who says so.
pub struct Fixture {
    /// The document that it was taken from.
    pub source: String,
    /// The request's fields.
    pub fields: Value,
    /// The answer.
    pub answer: Value,
}

/// Reads `fixtures/{operation}.json` and checks its labels.
pub fn fixture<O: Operation>(folder: &Path) -> Fixture {
    let path = folder.join(format!("{}.json", O::NAME));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{} has no fixture at {}: {error}", O::NAME, path.display()));
    let mut value: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let source = value["source"].as_str().unwrap_or_default().to_owned();
    assert!(!source.is_empty(), "{} names no source", path.display());
    assert_eq!(value["contract"], O::CONTRACT.name(), "{}: contract label", path.display());
    assert!(
        O::CONTRACT == Contract::Sample || !O::SPEC.is_empty(),
        "{} names no row of the specification",
        O::NAME
    );
    Fixture { source, fields: value["fields"].take(), answer: value["answer"].take() }
}

/// Every operation that the dialect lists is tested, and no other.
pub fn operations_are_all_listed(listed: &[OperationInfo], tested: &[&str]) {
    let mut listed: Vec<&str> = listed.iter().map(|operation| operation.name).collect();
    let mut tested = tested.to_vec();
    listed.sort_unstable();
    tested.sort_unstable();
    assert_eq!(listed, tested, "OPERATIONS and conformance! name different operations");
}

/// decode(encode(x)) = x, for the fixture and for mutations of it.
pub fn requests_survive_the_wire<O: Operation>(fixture: &Fixture) {
    let original: O = serde_json::from_value(fixture.fields.clone())
        .unwrap_or_else(|error| panic!("{}: the fixture's fields: {error}", O::NAME));
    round_trip(&original);
    let mut runner = TestRunner::deterministic();
    let text = proptest::string::string_regex(r#"[\PC"'\\ &+%/?#=]{1,12}"#).expect("a valid pattern");
    for _ in 0..MUTATIONS {
        let mut fields = fixture.fields.clone();
        replace_strings(&mut fields, &mut || {
            text.new_tree(&mut runner).map(|tree| tree.current()).unwrap_or_default()
        });
        // A mutation may break what the type demands (a date, a word of a set); then it is no request.
        if let Ok(mutated) = serde_json::from_value::<O>(fields) {
            round_trip(&mutated);
        }
    }
}

fn round_trip<O: Operation>(operation: &O) {
    let message =
        encode(operation, Default::default()).unwrap_or_else(|fault| panic!("{}: {fault}", O::NAME));
    let mut router = matchit::Router::new();
    router.insert(O::PATH, ()).expect("a valid path");
    let found = router.at(&message.path).unwrap_or_else(|_| panic!("{} is not at {}", O::NAME, message.path));
    let back: O = decode(&message, found.params.iter())
        .unwrap_or_else(|fault| panic!("{} does not come back: {fault}", O::NAME));
    let json = |value: &O| serde_json::to_value(value).expect("an operation serialises");
    assert_eq!(json(operation), json(&back), "{} changed on the wire", O::NAME);
}

fn replace_strings(value: &mut Value, make: &mut dyn FnMut() -> String) {
    match value {
        Value::String(text) => *text = make(),
        Value::Array(items) => items.iter_mut().for_each(|item| replace_strings(item, make)),
        Value::Object(fields) => fields.values_mut().for_each(|field| replace_strings(field, make)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The fixture's answer goes out and comes back unchanged.
pub fn answers_survive_the_wire<O: Operation>(fixture: &Fixture) {
    let answer: O::Answer = serde_json::from_value(fixture.answer.clone())
        .unwrap_or_else(|error| panic!("{}: the fixture's answer: {error}", O::NAME));
    let body = serde_json::to_vec(&answer).expect("an answer serialises");
    let reply = O::Dialect::answer(body, O::SHAPE);
    let Ok(read) = O::Dialect::read(&reply, O::SHAPE) else { panic!("{}: own answer is not read", O::NAME) };
    let back: O::Answer = serde_json::from_slice(&read)
        .unwrap_or_else(|error| panic!("{}: own answer is misread: {error}", O::NAME));
    let json = |value: &O::Answer| serde_json::to_value(value).expect("an answer serialises");
    assert_eq!(json(&answer), json(&back), "{}: the answer changed on the wire", O::NAME);
}

/// Signed messages verify; each changed byte is refused; missing, stale and foreign proofs too; no secret prints.
pub fn proofs_hold<O: Operation>(fixture: &Fixture)
where
    O::Auth: SampleKey,
{
    let Some((id, secret)) = O::Auth::sample() else { return };
    let operation: O = serde_json::from_value(fixture.fields.clone()).expect("checked before");
    let unsigned = encode(&operation, Default::default()).expect("checked before");
    let key = O::Auth::key(id, &secret);
    let now = Timestamp::from_second(1_500_000_000).expect("in range");
    let mut signed = unsigned.clone();
    O::Auth::sign(&mut signed, &key, now);
    assert_eq!(O::Auth::claim(&signed).as_deref(), Ok(id), "{}", O::NAME);
    assert_eq!(O::Auth::verify(&signed, &key, now), Ok(()), "{}", O::NAME);
    assert!(
        matches!(O::Auth::claim(&unsigned), Err(AuthFault::Missing(_))),
        "{} takes unsigned messages",
        O::NAME
    );
    let shown = format!("{:?}", O::Auth::explain(&signed));
    assert!(!shown.contains(secret.expose()), "{}: the explanation shows the secret", O::NAME);
    if let Some(seconds) = O::Auth::stale_after_seconds() {
        for late in [seconds + 1, -seconds - 1] {
            let then = Timestamp::from_second(now.as_second() + late).expect("in range");
            assert_eq!(
                O::Auth::verify(&signed, &key, then),
                Err(AuthFault::Stale),
                "{} at {late} s",
                O::NAME
            );
        }
        let wrong = O::Auth::key(id, &Secret::new("some other secret"));
        assert!(matches!(O::Auth::verify(&signed, &wrong, now), Err(AuthFault::Wrong(_))), "{}", O::NAME);
        each_byte_counts::<O>(&signed, id, &key, now);
    }
}

/// Changes every byte of path, query and body in turn; what says something else must be refused. Something else is
/// another path, another request once read, another text to be signed or another signature; a parameter that nobody
/// reads says nothing.
fn each_byte_counts<O: Operation>(
    signed: &Message,
    id: &str,
    key: &<O::Auth as AuthScheme>::Key,
    now: Timestamp,
) where
    O::Auth: SampleKey,
{
    let path_bytes = if O::Auth::signs_path() { signed.path.len() } else { 0 };
    let body_bytes = if O::Auth::signs_body() { signed.body.len() } else { 0 };
    let said = |message: &Message| {
        let fields = O::Dialect::take(message, O::SHAPE).map_err(|fault| fault.to_string());
        let explained = O::Auth::explain(message);
        (message.path.clone(), fields, explained.string_to_sign, explained.received)
    };
    let original = said(signed);
    let changes = (0..path_bytes)
        .map(|at| Message { path: change(&signed.path, at), ..signed.clone() })
        .chain(
            (0..signed.query.len()).map(|at| Message { query: change(&signed.query, at), ..signed.clone() }),
        )
        .chain((0..body_bytes).map(|at| {
            let mut body = signed.body.to_vec();
            body[at] ^= 1;
            Message { body: body.into(), ..signed.clone() }
        }));
    for changed in changes.filter(|changed| said(changed) != original) {
        let accepted = O::Auth::claim(&changed).is_ok_and(|claimed| claimed == id)
            && O::Auth::verify(&changed, key, now).is_ok();
        assert!(!accepted, "a changed message is accepted: {} {}", changed.path, changed.query);
    }
}

fn change(text: &str, at: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'7' { b'8' } else { b'7' };
    String::from_utf8(bytes).unwrap_or_else(|_| format!("{text}7"))
}

/// Every fault goes out and comes back as itself.
pub fn faults_survive_the_wire<D: Dialect>(faults: &[D::Fault], shapes: &[D::Shape])
where
    D::Fault: Debug,
{
    assert!(!faults.is_empty());
    for fault in faults {
        for shape in shapes {
            let reply = D::fault(fault, *shape);
            match D::read(&reply, *shape) {
                Err(crate::Unread::Fault(back)) => assert_eq!(format!("{fault:?}"), format!("{back:?}")),
                _ => panic!("{fault:?} is not read back as a fault"),
            }
        }
    }
}

/// The typed half of the suite, for one dialect. Every operation must be named.
#[macro_export]
macro_rules! conformance {
    ($dialect:ty, fixtures: $folder:expr, listed: $listed:expr, shapes: $shapes:expr, faults: $faults:expr,
     operations: [$($operation:ty),* $(,)?] $(,)?) => {
        #[test]
        fn conformance_lists_every_operation() {
            $crate::conformance::operations_are_all_listed(
                $listed, &[$(<$operation as $crate::Operation>::NAME),*],
            );
        }

        #[test]
        fn conformance_of_requests_answers_and_proofs() {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join($folder);
            $({
                let fixture = $crate::conformance::fixture::<$operation>(&folder);
                $crate::conformance::requests_survive_the_wire::<$operation>(&fixture);
                $crate::conformance::answers_survive_the_wire::<$operation>(&fixture);
                $crate::conformance::proofs_hold::<$operation>(&fixture);
            })*
        }

        #[test]
        fn conformance_of_faults() {
            let faults: Vec<<$dialect as $crate::Dialect>::Fault> = $faults;
            $crate::conformance::faults_survive_the_wire::<$dialect>(&faults, $shapes);
        }
    };
}
