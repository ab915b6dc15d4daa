//! Roles (§2.3). Heads of departments have one by the record itself; those that programs make lie among the workspace's
//! settings, for the record has no kind for them. Roles that go by a file of the company's own are not there, for there
//! are no such files.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use tongshi_dialect::{Caller, Query, Record, Workforce, lenient::Text};
use tongshi_model::{Employee, Id, Kind, OrgUnit, masked};

use super::{every, kept, names, people::mails_of, units::Tree};
use crate::hesine::{
    map::{self, Names},
    wire::{
        self, Fault, Listed, RoleBrief, RoleGroup, RoleHeld, RoleMade, RoleRow, RoleShown, StaffRole, Valued,
    },
};

/// Under which name roles lie.
const SETTING: &str = "hesine.roles";

/// The role of those who head departments, behind the company's id.
const LEADER: &str = "leader";
const LEADER_NAME: &str = "部门主管";

/// The one group that there is, behind the company's id.
const GROUP: &str = "group:default";

/// How people are named.
const STAFF_BY: [&str; 5] = ["id", "sourceId", "code", "cellphone", "email"];

/// The longest name.
const NAME_CHARS_MAX: usize = 100;

/// By what a role is had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Scope {
    /// By a person alone.
    Plain,
    /// By a person in a department.
    Unit,
}

impl Scope {
    fn of(word: &str) -> Option<Self> {
        match word {
            "普通角色" => Some(Self::Plain),
            "部门角色" => Some(Self::Unit),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        if self == Self::Plain { "普通角色" } else { "部门角色" }
    }

    fn source(self) -> &'static str {
        if self == Self::Plain { "organization.RoleDef" } else { "organization.Department" }
    }
}

/// A role that a program made.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    id: Id,
    name: String,
    scope: Scope,
    /// Whether programs say who has it.
    by_programs: bool,
    version: i64,
    /// In milliseconds.
    created: i64,
    updated: i64,
    rows: Vec<Row>,
}

/// Who has a role, and where.
#[derive(Clone, Serialize, Deserialize)]
struct Row {
    unit: Option<Id>,
    staffs: Vec<Id>,
}

pub(super) async fn groups(caller: Caller, _ask: wire::RoleGroupList) -> Result<Listed<RoleGroup>, Fault> {
    let names = names(&caller);
    let leader = RoleBrief {
        id: own(&names, LEADER),
        name: LEADER_NAME.to_owned(),
        source_type: Scope::Unit.source().to_owned(),
    };
    let brief = |kept: Kept| RoleBrief {
        id: kept.id.to_string(),
        name: kept.name,
        source_type: kept.scope.source().to_owned(),
    };
    let all: Vec<Kept> = kept::list(caller.workforce()?, SETTING).await?;
    let role_defs = std::iter::once(leader).chain(all.into_iter().map(brief)).collect();
    Ok(Listed::of(vec![RoleGroup { id: own(&names, GROUP), name: "角色组".to_owned(), role_defs }]))
}

fn own(names: &Names, id: &str) -> String {
    format!("{}:{id}", names.corporation)
}

pub(super) async fn create(caller: Caller, ask: wire::RoleCreate) -> Result<Valued<RoleMade>, Fault> {
    let name = named(&ask.name)?;
    let scope = Scope::of(&ask.scope).ok_or_else(|| Fault::precondition("角色类型不存在"))?;
    let by_programs = match &*ask.source_channel {
        "API" => true,
        "MANUAL" => false,
        _ => return Err(Fault::request("sourceChannel 为 MANUAL 或 API")),
    };
    if map::filled(ask.role_group_id).is_some_and(|group| group != own(&names(&caller), GROUP)) {
        return Err(Fault::precondition("角色组不存在"));
    }
    let at = map::millis(caller.now);
    let id = Id::of(&["hesine.role", &name, &caller.now.as_nanosecond().to_string()]);
    let role = Kept { id, name, scope, by_programs, version: 1, created: at, updated: at, rows: Vec::new() };
    kept::change(caller.workforce()?, SETTING, |all: &mut Vec<Kept>| {
        unique(all, &role.name, None)?;
        all.push(role.clone());
        Ok(())
    })
    .await?;
    Ok(Valued { value: RoleMade { id: id.to_string(), name: role.name } })
}

fn named(name: &str) -> Result<String, Fault> {
    let name = name.trim();
    match name.chars().count() {
        1..=NAME_CHARS_MAX => Ok(name.to_owned()),
        _ => Err(Fault::request(format!("角色名称为 1 到 {NAME_CHARS_MAX} 个字符"))),
    }
}

fn unique(all: &[Kept], name: &str, but: Option<Id>) -> Result<(), Fault> {
    let taken = name == LEADER_NAME || all.iter().any(|kept| kept.name == name && Some(kept.id) != but);
    if taken { Err(Fault::precondition("此名称的角色已经存在，请更换名称")) } else { Ok(()) }
}

pub(super) async fn rename(caller: Caller, ask: wire::RoleRename) -> Result<Valued<RoleShown>, Fault> {
    let (names, at) = (names(&caller), map::millis(caller.now));
    let (id, name) = (changeable(&names, &ask.roledef_id.0)?, named(&ask.name)?);
    let role = kept::change(caller.workforce()?, SETTING, |all: &mut Vec<Kept>| {
        unique(all, &name, Some(id))?;
        let role = all.iter_mut().find(|kept| kept.id == id).ok_or_else(missing)?;
        role.name.clone_from(&name);
        (role.version, role.updated) = (role.version + 1, at);
        Ok(role.clone())
    })
    .await?;
    Ok(Valued { value: show(&names, &role) })
}

fn missing() -> Fault {
    Fault::precondition("找不到角色")
}

/// The role that a text names, which is not the record's own.
fn changeable(names: &Names, id: &str) -> Result<Id, Fault> {
    if id == own(names, LEADER) {
        return Err(not_by_programs());
    }
    map::id_in(id).ok_or_else(missing)
}

fn not_by_programs() -> Fault {
    Fault::new(403, "没有权限同步此角色")
}

fn show(names: &Names, role: &Kept) -> RoleShown {
    RoleShown {
        pipeline: 1,
        id: role.id.to_string(),
        version: role.version,
        active: true,
        create_time: role.created,
        update_time: role.updated,
        name: role.name.clone(),
        corporation_id: Some(names.corporation.clone()),
        role_group_id: own(names, GROUP),
        scope: wire::RoleScope { name: role.scope.word().to_owned(), ..wire::RoleScope::default() },
        kind: "ROLE".to_owned(),
        source_type: role.scope.source().to_owned(),
        source_name: role.name.clone(),
        // Seen from the other end: from a person to the role.
        purpose_type: "organization.Staff".to_owned(),
        purpose_name: format!("{}(反)", role.name),
        source_channel: if role.by_programs { "API" } else { "MANUAL" }.to_owned(),
        ..RoleShown::default()
    }
}

pub(super) async fn get(caller: Caller, ask: wire::RoleGet) -> Result<Valued<RoleHeld>, Fault> {
    let (workforce, names) = (caller.workforce()?, names(&caller));
    let staff_by = ask.staff_by.unwrap_or_else(|| "id".to_owned());
    if !STAFF_BY.contains(&&*staff_by) {
        return Err(Fault::request(format!("staffBy只支持{}类型", STAFF_BY.join(","))));
    }
    let path_type = ask.path_type.unwrap_or_else(|| "name".to_owned());
    if !matches!(&*path_type, "id" | "name" | "code") {
        return Err(Fault::request("pathType只支持id,name,code类型"));
    }
    let tree = Tree::read(workforce).await?;
    let (id, name, rows) = if ask.roledef_id.0 == own(&names, LEADER) {
        let rows = tree.heads().into_iter().map(|(unit, head)| Row { unit: Some(unit), staffs: vec![head] });
        (ask.roledef_id.0, LEADER_NAME.to_owned(), rows.collect())
    } else {
        let wanted = map::id_in(&ask.roledef_id.0);
        let all: Vec<Kept> = kept::list(workforce, SETTING).await?;
        let role = all.into_iter().find(|kept| Some(kept.id) == wanted);
        let role = role.ok_or_else(|| Fault::request("角色不存在"))?;
        (role.id.to_string(), role.name, role.rows)
    };
    let people: Vec<Id> = rows.iter().flat_map(|row| row.staffs.clone()).collect();
    let shown = shown_by(workforce, &names, &staff_by, &people).await?;
    let word = |id: Id, unit: &OrgUnit| match &*path_type {
        "id" => names.id(id),
        "code" => unit.code.clone().unwrap_or_default(),
        _ => unit.name.clone(),
    };
    let row = |row: Row| RoleRow {
        path_type: Some(path_type.clone()),
        path: Some(
            row.unit.map_or_else(Vec::new, |unit| tree.path(unit, word)).into_iter().map(Text).collect(),
        ),
        staffs: Some(row.staffs.iter().filter_map(|person| shown.get(person).cloned().map(Text)).collect()),
        staffs_type: Some(staff_by.clone()),
    };
    Ok(Valued { value: RoleHeld { id, name, contents: rows.into_iter().map(row).collect() } })
}

/// What people are called where a role shows them; nothing for one who has no such name.
async fn shown_by(
    workforce: &dyn Workforce,
    names: &Names,
    by: &str,
    people: &[Id],
) -> Result<HashMap<Id, String>, Fault> {
    if let "id" | "sourceId" = by {
        let shown = |id: &Id| (*id, if by == "id" { names.id(*id) } else { id.to_string() });
        return Ok(people.iter().map(shown).collect());
    }
    let mut shown = HashMap::new();
    for record in workforce.many(people).await?.into_iter().flatten() {
        let employee: Employee = record.read()?;
        let name = match by {
            "code" => employee.employee_no,
            "cellphone" => employee.mobile.map(|mobile| mobile.expose().clone()),
            _ => mails_of(&employee).next(),
        };
        shown.insert(record.id, name.unwrap_or_default());
    }
    Ok(shown)
}

/// The roles of each of these people, in the same order.
pub(super) async fn of_people(caller: &Caller, people: &[Id]) -> Result<Vec<Vec<StaffRole>>, Fault> {
    let (workforce, names) = (caller.workforce()?, names(caller));
    let heads = Tree::read(workforce).await?.heads();
    let all: Vec<Kept> = kept::list(workforce, SETTING).await?;
    let role = |id: String, unit: Option<Id>| StaffRole {
        role_def_id: id,
        properties: unit.map(|unit| ("departmentId".to_owned(), names.id(unit).into())).into_iter().collect(),
    };
    let of = |person: &Id| {
        let headed = heads.iter().filter(|(_, head)| head == person);
        let mut roles: Vec<StaffRole> =
            headed.map(|(unit, _)| role(own(&names, LEADER), Some(*unit))).collect();
        for kept in &all {
            let held = kept.rows.iter().filter(|row| row.staffs.contains(person));
            roles.extend(held.map(|row| role(kept.id.to_string(), row.unit)));
        }
        roles
    };
    Ok(people.iter().map(of).collect())
}

/// Says anew who has a role, whoever fills it at the vendor's own pages: the whole of it, or nothing where something
/// named is not there.
pub(super) async fn fill(caller: Caller, ask: wire::RoleFill) -> Result<(), Fault> {
    let (workforce, at) = (caller.workforce()?, map::millis(caller.now));
    let contents = ask.contents.ok_or_else(|| Fault::request("contents参数不能为空"))?;
    let id = changeable(&names(&caller), &ask.roledef_id.0)?;
    let all: Vec<Kept> = kept::list(workforce, SETTING).await?;
    let role = all.iter().find(|kept| kept.id == id).ok_or_else(missing)?;
    let rows = rows(workforce, role.scope, ask.staff_by.as_deref().unwrap_or("id"), &contents).await?;
    kept::change(workforce, SETTING, |all: &mut Vec<Kept>| {
        let role = all.iter_mut().find(|kept| kept.id == id).ok_or_else(missing)?;
        role.rows.clone_from(&rows);
        (role.version, role.updated) = (role.version + 1, at);
        Ok(())
    })
    .await
}

pub(super) async fn empty(caller: Caller, ask: wire::RoleEmpty) -> Result<(), Fault> {
    let at = map::millis(caller.now);
    let id = changeable(&names(&caller), &ask.roledef_id.0)?;
    kept::change(caller.workforce()?, SETTING, |all: &mut Vec<Kept>| {
        let role = all.iter_mut().find(|kept| kept.id == id).ok_or_else(missing)?;
        role.rows.clear();
        (role.version, role.updated) = (role.version + 1, at);
        Ok(())
    })
    .await
}

/// The rows as they are kept. A row without people is none; of two for one department the last counts.
async fn rows(
    workforce: &dyn Workforce,
    scope: Scope,
    by: &str,
    contents: &[RoleRow],
) -> Result<Vec<Row>, Fault> {
    let tree = Tree::read(workforce).await?;
    let people = people(workforce, by, contents).await?;
    let (mut rows, mut wrong) = (Vec::<Row>::new(), Vec::new());
    for (place, row) in contents.iter().enumerate() {
        let staffs = row.staffs.as_ref().ok_or_else(|| Fault::precondition("参数staffs不能为空"))?;
        let unit = match scope {
            Scope::Plain => None,
            Scope::Unit => {
                let path = row.path.as_ref().ok_or_else(|| Fault::precondition("参数path不能为空"))?;
                let path: Vec<&str> = path.iter().map(|word| &*word.0).collect();
                let found = match row.path_type.as_deref().unwrap_or("name") {
                    "name" => tree.at(&path, |_, unit, word| unit.name == word),
                    "code" => tree.at(&path, |_, unit, word| unit.code.as_deref() == Some(word)),
                    // The last department alone says which it is.
                    "id" => path.last().and_then(|id| map::id_in(id)).filter(|id| tree.has(*id)),
                    _ => return Err(Fault::request("pathType只支持id,name,code类型")),
                };
                if found.is_none() {
                    wrong.push(format!("{place}:路径不存在[{}]", masked(&path.join(", "))));
                }
                found
            }
        };
        let mut found = Vec::with_capacity(staffs.len());
        for staff in staffs {
            match people.get(&staff.0) {
                Some(person) => found.push(*person),
                None => wrong.push(format!("{place}:人员不存在[{}]", staff.0)),
            }
        }
        rows.retain(|known| known.unit != unit);
        if !found.is_empty() {
            found.dedup();
            rows.push(Row { unit, staffs: found });
        }
    }
    if wrong.is_empty() {
        Ok(rows)
    } else {
        Err(Fault::precondition(format!("数据错误:[{}]", wrong.join(", "))))
    }
}

/// The people that the rows name, by what they are named.
async fn people(
    workforce: &dyn Workforce,
    by: &str,
    contents: &[RoleRow],
) -> Result<HashMap<String, Id>, Fault> {
    let named: Vec<String> =
        contents.iter().flat_map(|row| row.staffs.iter().flatten()).map(|staff| staff.0.clone()).collect();
    let by_lookup = async |lookup: &'static str| -> Result<HashMap<String, Id>, Fault> {
        let found = workforce.find_many(Kind::Employee, lookup, &named).await?;
        Ok(found.into_iter().map(|(value, record)| (value, record.id)).collect())
    };
    match by {
        "id" | "sourceId" => {
            let ids: Vec<Id> = named.iter().filter_map(|text| map::id_in(text)).collect();
            let found = workforce.many(&ids).await?.into_iter().flatten();
            let is_person = |record: &Record| record.kind == Kind::Employee && !record.deleted;
            let known: Vec<Id> = found.filter(is_person).map(|record| record.id).collect();
            let pair = |text: String| Some((map::id_in(&text).filter(|id| known.contains(id))?, text));
            Ok(named.into_iter().filter_map(pair).map(|(id, text)| (text, id)).collect())
        }
        "code" => by_lookup("employee_no").await,
        "cellphone" => by_lookup("mobile").await,
        "email" => {
            let mut found = HashMap::new();
            for record in every(workforce, Query::of(Kind::Employee, 1)).await? {
                let employee: Employee = record.read()?;
                let mails: Vec<String> = mails_of(&employee).collect();
                let named = named.iter().filter(|text| mails.contains(&text.to_lowercase()));
                found.extend(named.map(|text| (text.clone(), record.id)));
            }
            Ok(found)
        }
        _ => Err(Fault::request("staffBy 为 id、sourceId、code、cellphone 或 email")),
    }
}
