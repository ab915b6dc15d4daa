//! One document out of several: for each field the first source in the order of ownership that has it.

use std::collections::{BTreeMap, HashMap};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use tongshi_model::{Error, Id, Kind, Space};
use tongshi_store::{Connection, Session, Workspace, connections, identity};

use crate::connections::LOCAL;

/// Stands for all fields, of a kind or of all.
pub(crate) const ALL: &str = "*";

/// Whose values win.
///
/// Vendors come in the order in which they were connected, what the workspace's own programs wrote after them: their
/// values fill what no vendor says, and win where a rule says so. A value that loses is kept in its source.
pub(crate) struct Ownership {
    workspace: Id,
    pub(crate) connections: Vec<Connection>,
    /// The place of each connection's number where no rule says otherwise.
    places: HashMap<i64, usize>,
    pub(crate) rules: BTreeMap<String, Vec<i64>>,
}

/// What one source says.
#[derive(Clone, Copy)]
pub(crate) struct Said<'a> {
    pub(crate) source: i64,
    pub(crate) connection: i64,
    pub(crate) doc: &'a str,
}

/// A field of the fold.
pub(crate) struct Won<'a> {
    pub(crate) field: String,
    pub(crate) value: &'a RawValue,
    /// Whose value it is.
    pub(crate) source: i64,
    /// Sources that say something else.
    pub(crate) others: Vec<(i64, &'a RawValue)>,
}

impl Ownership {
    pub(crate) async fn load(session: &mut Session, workspace: &Workspace) -> Result<Self, Error> {
        let connections = connections::all(session, workspace).await?;
        let rules = identity::owners(session, workspace).await?.into_iter().collect();
        Ok(Self::of(workspace.id, connections, rules))
    }

    fn of(workspace: Id, mut connections: Vec<Connection>, rules: BTreeMap<String, Vec<i64>>) -> Self {
        connections.sort_by_key(|connection| (connection.dialect == LOCAL, connection.no));
        let places = connections.iter().enumerate().map(|(place, found)| (found.no, place)).collect();
        Self { workspace, connections, places, rules }
    }

    /// The id that a source would have as a record of its own.
    pub(crate) fn own_id(&self, connection: i64, kind: Kind, remote_id: &str) -> Result<Id, Error> {
        let found = self.connections.iter().find(|found| found.no == connection);
        let found = found.ok_or_else(|| Error::internal("a source names no connection"))?;
        Ok(Space { workspace: self.workspace, connection: found.id }.id(kind, remote_id))
    }

    /// The rule for a field, the nearest first.
    fn rule(&self, kind: Kind, field: &str) -> Option<&Vec<i64>> {
        if self.rules.is_empty() {
            return None;
        }
        let of_field = self.rules.get(&format!("{kind}.{field}"));
        of_field.or_else(|| self.rules.get(&format!("{kind}.{ALL}"))).or_else(|| self.rules.get(ALL))
    }

    fn rank(&self, rule: Option<&Vec<i64>>, connection: i64) -> (usize, usize) {
        let named = rule.and_then(|rule| rule.iter().position(|no| *no == connection));
        (named.unwrap_or(usize::MAX), self.places.get(&connection).copied().unwrap_or(usize::MAX))
    }

    /// The fold of what sources say. One source's document is taken as it is, to the byte.
    pub(crate) fn fold(&self, kind: Kind, said: &[Said<'_>]) -> Result<String, Error> {
        if let [alone] = said {
            return Ok(alone.doc.to_owned());
        }
        let mut doc = String::with_capacity(said.iter().map(|said| said.doc.len()).max().unwrap_or(2));
        for won in self.fields(kind, said)? {
            doc.push(if doc.is_empty() { '{' } else { ',' });
            doc.push_str(&serde_json::to_string(&won.field).map_err(unreadable)?);
            doc.push(':');
            doc.push_str(won.value.get());
        }
        if doc.is_empty() {
            doc.push('{');
        }
        doc.push('}');
        Ok(doc)
    }

    /// Every field of the fold, with whose value it is and who says something else.
    pub(crate) fn fields<'a>(&self, kind: Kind, said: &[Said<'a>]) -> Result<Vec<Won<'a>>, Error> {
        let mut said = said.to_vec();
        said.sort_by_key(|said| (self.rank(None, said.connection), said.source));
        let mut names: Vec<String> = Vec::new();
        let mut values: HashMap<String, Vec<(Said<'a>, &'a RawValue)>> = HashMap::new();
        for said in said {
            let Fields(fields) = serde_json::from_str(said.doc).map_err(unreadable)?;
            for (name, value) in fields {
                let of_field = values.entry(name.clone()).or_default();
                if of_field.is_empty() {
                    names.push(name);
                }
                of_field.push((said, value));
            }
        }
        let won = names.into_iter().filter_map(|field| {
            let mut values = values.remove(&field)?;
            let rule = self.rule(kind, &field);
            values.sort_by_key(|(said, value)| {
                (is_blank(value), self.rank(rule, said.connection), said.source)
            });
            let (winner, value) = *values.first()?;
            let others = values
                .into_iter()
                .skip(1)
                .filter(|(_, other)| !is_blank(other) && other.get() != value.get())
                .map(|(said, other)| (said.source, other))
                .collect();
            Some(Won { field, value, source: winner.source, others })
        });
        Ok(won.collect())
    }
}

/// A value that says nothing.
fn is_blank(value: &RawValue) -> bool {
    matches!(value.get(), "null" | "\"\"" | "{}" | "[]")
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::internal("a source's document cannot be read").caused_by(error)
}

/// The fields of a document in their order.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn connection(no: i64, name: &str, dialect: &str) -> Connection {
        Connection {
            no,
            id: Id::of(&["connection", name]),
            workspace: 1,
            name: name.to_owned(),
            dialect: dialect.to_owned(),
            base_url: String::new(),
            settings: Value::Null,
            sealed: Vec::new(),
            created_at: tongshi_model::Timestamp::UNIX_EPOCH,
            disabled: false,
        }
    }

    fn ownership(rules: &[(&str, &[i64])]) -> Ownership {
        let connections =
            vec![connection(1, "apps", LOCAL), connection(2, "hr", "zhiren"), connection(3, "im", "other")];
        let rules = rules.iter().map(|(field, list)| ((*field).to_owned(), list.to_vec())).collect();
        Ownership::of(Id::of(&["w"]), connections, rules)
    }

    const HR: Said<'static> =
        Said { source: 20, connection: 2, doc: r#"{"name":"林一","mobile":null,"phase":{"value":"x"}}"# };
    const IM: Said<'static> =
        Said { source: 10, connection: 3, doc: r#"{"name":"Lin","mobile":"19900000001","nickname":""}"# };
    const APP: Said<'static> = Said { source: 5, connection: 1, doc: r#"{"nickname":"一一","name":"L"}"# };

    #[test]
    fn the_first_that_has_a_field_wins_in_the_order_of_connections() {
        let folded = ownership(&[]).fold(Kind::Employee, &[APP, IM, HR]).unwrap();
        assert_eq!(
            folded,
            r#"{"name":"林一","mobile":"19900000001","phase":{"value":"x"},"nickname":"一一"}"#
        );
        let again = ownership(&[]).fold(Kind::Employee, &[HR, APP, IM]).unwrap();
        assert_eq!(again, folded, "whatever the order in which they come");
    }

    #[test]
    fn one_source_is_taken_to_the_byte() {
        let spaced = r#"{ "a" : 1 }"#;
        let said = Said { source: 1, connection: 2, doc: spaced };
        assert_eq!(ownership(&[]).fold(Kind::Employee, &[said]).unwrap(), spaced);
    }

    #[test]
    fn rules_win_by_how_near_they_are() {
        let name = |rules: &[(&str, &[i64])]| {
            let owners = ownership(rules);
            let fields = owners.fields(Kind::Employee, &[HR, IM, APP]).unwrap();
            let won = fields.into_iter().find(|won| won.field == "name").unwrap();
            (won.source, won.others.len())
        };
        assert_eq!(name(&[]), (20, 2));
        assert_eq!(name(&[("*", &[3])]), (10, 2));
        assert_eq!(name(&[("*", &[3]), ("employee.*", &[1])]), (5, 2));
        assert_eq!(name(&[("employee.*", &[1]), ("employee.name", &[2])]), (20, 2));
        assert_eq!(name(&[("org_unit.name", &[1])]), (20, 2));
    }
}
