//! Query parameters, described once: a list of fields makes the reading and the documentation. What is not in the list
//! is refused by name, since a filter with a slip of the pen that is passed over gives everybody.

use axum::extract::FromRequestParts;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use tongshi_model::{Error, Id, Kind, LocalDate, Timestamp, parse_date};
use utoipa::openapi::{
    RefOr, Required, Schema,
    path::{Parameter, ParameterBuilder, ParameterIn},
    schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type},
};

use crate::problem::Problem;

/// More parameters are not a question.
const PARAMETERS_MAX: usize = 64;

/// The pairs of a query that nobody has read yet.
pub(crate) struct Pairs(Vec<(String, String)>);

impl Pairs {
    fn of(query: &str) -> Result<Self, Error> {
        let mut pairs = Vec::new();
        for piece in query.split('&').filter(|piece| !piece.is_empty()) {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if pairs.iter().any(|(known, _)| *known == name) {
                let name = shortened(&name);
                return Err(Error::invalid(name.clone(), format!("the parameter '{name}' is there twice")));
            }
            pairs.push((name, value));
        }
        if pairs.len() > PARAMETERS_MAX {
            return Err(Error::invalid("query", format!("a query has at most {PARAMETERS_MAX} parameters")));
        }
        Ok(Self(pairs))
    }

    /// Takes a parameter out.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(at).1)
    }

    fn refuse_rest(self) -> Result<(), Error> {
        match self.0.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => {
                let name = shortened(&name);
                Err(Error::invalid(name.clone(), format!("there is no parameter '{name}' here")))
            }
        }
    }
}

/// A name as a message repeats it.
fn shortened(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}

/// One half of a pair. What is no text, or holds a character that no database keeps, is refused here once for all.
fn decoded(text: &str) -> Result<String, Error> {
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text)
        .decode_utf8()
        .map_err(|_| Error::invalid("query", "a query is UTF-8, percent-encoded"))?;
    if decoded.contains('\0') {
        return Err(Error::invalid("query", "a query has no character U+0000"));
    }
    Ok(decoded.into_owned())
}

/// Parameters of a route.
pub(crate) trait Parameters: Sized {
    /// Takes its own out of the pairs.
    fn read(pairs: &mut Pairs) -> Result<Self, Error>;
}

/// A route that takes none.
pub(crate) struct Nothing;

impl Parameters for Nothing {
    fn read(_pairs: &mut Pairs) -> Result<Self, Error> {
        Ok(Self)
    }
}

/// The parameters of a route that takes no others.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Sync, T: Parameters> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut pairs = Pairs::of(parts.uri.query().unwrap_or_default())?;
        let known = T::read(&mut pairs)?;
        pairs.refuse_rest()?;
        Ok(Self(known))
    }
}

/// The parameters of a route whose others are filters; the hub refuses those that are none.
pub(crate) struct Filtered<T> {
    pub(crate) known: T,
    pub(crate) filters: Vec<(String, String)>,
}

impl<S: Sync, T: Parameters> FromRequestParts<S> for Filtered<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut pairs = Pairs::of(parts.uri.query().unwrap_or_default())?;
        let known = T::read(&mut pairs)?;
        Ok(Self { known, filters: pairs.0 })
    }
}

/// Declares a route's parameters.
macro_rules! parameters {
    ($(#[$meta:meta])* $name:ident { $($(#[doc = $doc:literal])+ $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub(crate) struct $name { $($(#[doc = $doc])+ pub(crate) $field: $type,)* }

        impl $crate::parameters::Parameters for $name {
            fn read(
                pairs: &mut $crate::parameters::Pairs,
            ) -> Result<Self, tongshi_model::Error> {
                Ok(Self {
                    $($field: <$type as $crate::parameters::Taken>::taken(
                        stringify!($field),
                        pairs.take(stringify!($field)),
                    )?,)*
                })
            }
        }

        impl utoipa::IntoParams for $name {
            fn into_params(
                _place: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
            ) -> Vec<utoipa::openapi::path::Parameter> {
                vec![$($crate::parameters::documented::<$type>(stringify!($field), concat!($($doc),+))),*]
            }
        }
    };
}
pub(crate) use parameters;

/// A parameter's documentation.
pub(crate) fn documented<T: Taken>(name: &str, doc: &str) -> Parameter {
    let required = if T::REQUIRED { Required::True } else { Required::False };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(required)
        .description(Some(doc.trim()))
        .schema(Some(T::schema()))
        .build()
}

/// A type that a parameter has, there or not.
pub(crate) trait Taken: Sized {
    const REQUIRED: bool = false;
    fn taken(name: &'static str, text: Option<String>) -> Result<Self, Error>;
    fn schema() -> RefOr<Schema>;
}

/// A type that can be read from a text.
pub(crate) trait Readable: Sized {
    fn read(name: &'static str, text: &str) -> Result<Self, Error>;
    fn schema() -> ObjectBuilder;
}

impl<T: Readable> Taken for Option<T> {
    fn taken(name: &'static str, text: Option<String>) -> Result<Self, Error> {
        text.map(|text| T::read(name, &text)).transpose()
    }

    fn schema() -> RefOr<Schema> {
        T::schema().build().into()
    }
}

/// A parameter that must be there.
#[derive(Debug)]
pub(crate) struct Needed<T>(pub(crate) T);

impl<T: Readable> Taken for Needed<T> {
    const REQUIRED: bool = true;

    fn taken(name: &'static str, text: Option<String>) -> Result<Self, Error> {
        let text = text.ok_or_else(|| Error::invalid(name, format!("the parameter '{name}' is needed")))?;
        T::read(name, &text).map(Self)
    }

    fn schema() -> RefOr<Schema> {
        T::schema().build().into()
    }
}

/// How many rows at most.
#[derive(Debug)]
pub(crate) struct Limit(pub(crate) u32);

impl Limit {
    const DEFAULT: u32 = 100;
    const MAX: u32 = 1000;
}

impl Taken for Limit {
    fn taken(name: &'static str, text: Option<String>) -> Result<Self, Error> {
        let Some(text) = text else { return Ok(Self(Self::DEFAULT)) };
        let limit = if digits(&text) { text.parse().ok() } else { None };
        match limit {
            Some(limit @ 1..=Self::MAX) => Ok(Self(limit)),
            _ => Err(Error::invalid(name, format!("{name} is a number from 1 to {}", Self::MAX))),
        }
    }

    fn schema() -> RefOr<Schema> {
        let schema =
            ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(Self::MAX));
        schema.default(Some(Self::DEFAULT.into())).build().into()
    }
}

/// A switch, off unless it is said.
#[derive(Debug)]
pub(crate) struct Switch(pub(crate) bool);

impl Taken for Switch {
    fn taken(name: &'static str, text: Option<String>) -> Result<Self, Error> {
        match text.as_deref() {
            None | Some("false") => Ok(Self(false)),
            Some("true") => Ok(Self(true)),
            Some(_) => Err(Error::invalid(name, format!("{name} is true or false"))),
        }
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Boolean).default(Some(false.into())).build().into()
    }
}

/// A whole number from 0 to this.
#[derive(Debug)]
pub(crate) struct UpTo<const MAX: u32>(pub(crate) u32);

impl<const MAX: u32> Readable for UpTo<MAX> {
    fn read(name: &'static str, text: &str) -> Result<Self, Error> {
        let number = if digits(text) { text.parse().ok() } else { None };
        let number = number.filter(|number| *number <= MAX);
        number
            .map(Self)
            .ok_or_else(|| Error::invalid(name, format!("{name} is a whole number from 0 to {MAX}")))
    }

    fn schema() -> ObjectBuilder {
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(MAX))
    }
}

/// Kinds, separated by commas.
#[derive(Debug, Default)]
pub(crate) struct Kinds(pub(crate) Vec<Kind>);

impl Readable for Kinds {
    fn read(name: &'static str, text: &str) -> Result<Self, Error> {
        text.split(',').map(|kind| Kind::read(name, kind)).collect::<Result<_, _>>().map(Self)
    }

    fn schema() -> ObjectBuilder {
        let one = Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join("|");
        ObjectBuilder::new().schema_type(Type::String).pattern(Some(format!("^({one})(,({one}))*$")))
    }
}

impl Readable for String {
    fn read(name: &'static str, text: &str) -> Result<Self, Error> {
        if text.is_empty() {
            return Err(Error::invalid(name, format!("{name} is empty")));
        }
        Ok(text.to_owned())
    }

    fn schema() -> ObjectBuilder {
        ObjectBuilder::new().schema_type(Type::String)
    }
}

impl Readable for Id {
    fn read(name: &'static str, text: &str) -> Result<Self, Error> {
        text.parse().map_err(|_| Error::invalid(name, format!("{name} is an id: 32 hexadecimal digits")))
    }

    fn schema() -> ObjectBuilder {
        ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9a-f]{32}$"))
    }
}

impl Readable for LocalDate {
    fn read(name: &'static str, text: &str) -> Result<Self, Error> {
        parse_date(name, text)
    }

    fn schema() -> ObjectBuilder {
        let format = SchemaFormat::KnownFormat(KnownFormat::Date);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format))
    }
}

impl Readable for i64 {
    fn read(name: &'static str, text: &str) -> Result<Self, Error> {
        whole_number(name, text)
    }

    fn schema() -> ObjectBuilder {
        let format = SchemaFormat::KnownFormat(KnownFormat::Int64);
        ObjectBuilder::new().schema_type(Type::Integer).format(Some(format)).minimum(Some(0))
    }
}

impl Readable for Timestamp {
    fn read(name: &'static str, text: &str) -> Result<Self, Error> {
        let wrong = |_| Error::invalid(name, format!("{name} is an instant such as 2026-03-16T02:00:00Z"));
        text.parse().map_err(wrong)
    }

    fn schema() -> ObjectBuilder {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format))
    }
}

/// A whole number, wherever it stands in a request.
pub(crate) fn whole_number(name: &'static str, text: &str) -> Result<i64, Error> {
    let number = if digits(text) { text.parse().ok() } else { None };
    number.ok_or_else(|| Error::invalid(name, format!("{name} is a whole number from 0 on")))
}

impl Readable for Kind {
    fn read(name: &'static str, text: &str) -> Result<Self, Error> {
        let known = || Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
        text.parse().map_err(|_| Error::invalid(name, format!("{name} is one of: {}", known())))
    }

    fn schema() -> ObjectBuilder {
        let names = Kind::ALL.iter().map(|kind| kind.name());
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names))
    }
}

/// Plain digits: no sign, no blank, none of other scripts.
fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use tongshi_model::ErrorKind;

    use super::*;

    parameters! {
        /// For the tests.
        Sample {
            /// How many.
            limit: Limit,
            /// From this day on.
            date_from: Option<LocalDate>,
            /// Gone ones, too.
            include_deleted: Switch,
        }
    }

    fn read(query: &str) -> Result<Sample, String> {
        let read = || {
            let mut pairs = Pairs::of(query)?;
            let sample = Sample::read(&mut pairs)?;
            pairs.refuse_rest()?;
            Ok(sample)
        };
        read().map_err(|error: Error| match error.kind() {
            ErrorKind::Invalid(field) => field.to_string(),
            kind => panic!("{kind:?}"),
        })
    }

    #[test]
    fn what_is_missing_has_its_default() {
        let sample = read("").unwrap();
        assert_eq!((sample.limit.0, sample.date_from, sample.include_deleted.0), (100, None, false));
        let sample = read("include_deleted=true&limit=1000&date_from=2026-02-03&").unwrap();
        assert_eq!((sample.limit.0, sample.include_deleted.0), (1000, true));
        assert_eq!(sample.date_from.unwrap().to_string(), "2026-02-03");
    }

    #[test]
    fn each_mistake_names_its_parameter() {
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=-1", "limit"),
            ("limit=1001", "limit"),
            ("limit=1000000000000000000000", "limit"),
            ("limit=1%3Bdrop", "limit"),
            ("limit=%2B5", "limit"),
            ("limit=%D9%A1", "limit"),
            ("limit=", "limit"),
            ("limit=1&limit=2", "limit"),
            ("date_from=2026-02-30", "date_from"),
            ("include_deleted=yes", "include_deleted"),
            ("colour=red", "colour"),
            ("limit=1&%00=1", "query"),
            ("date_from=%ff", "query"),
        ] {
            assert_eq!(read(query).unwrap_err(), field, "{query}");
        }
    }

    #[test]
    fn the_documentation_is_of_the_same_list() {
        use utoipa::IntoParams as _;
        let documented = Sample::into_params(|| None);
        let names: Vec<&str> = documented.iter().map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(names, ["limit", "date_from", "include_deleted"]);
        assert_eq!(documented[0].description.as_deref(), Some("How many."));
    }
}
