//! Departments: read, added, changed, switched off; and the company.

use std::collections::HashMap;

use tongshi_dialect::{Caller, Query, Record, Replacement, Workforce};
use tongshi_model::{Action, Company, Draft, Employee, Id, Kind, OrgUnit};

use super::{TRIES_MAX, busy, every, live, names, part, people};
use crate::hesine::{
    map::{self, Names},
    wire::{self, Corporation, Department, DepartmentFields, Fault, Listed, Valued},
};

/// Departments in one call; the vendor gives no figure.
const UNITS_MAX: usize = 100;

/// A tree of departments deeper than this is a circle.
const DEPTH_MAX: usize = 32;

pub(super) async fn list(caller: Caller, ask: wire::DepartmentList) -> Result<Listed<Department>, Fault> {
    let (start, count) = part(&ask.paging)?;
    let query = Query::of(Kind::OrgUnit, count);
    let (total, records) = people::listed(caller.workforce()?, query, start, count, &ask.filter).await?;
    let names = names(&caller);
    let items = records.iter().map(|record| show(&names, record)).collect::<Result<_, _>>()?;
    Ok(Listed { count: Some(total), items })
}

fn show(names: &Names, record: &Record) -> Result<Department, Fault> {
    let unit: OrgUnit = record.read()?;
    Ok(map::show_department(names, (record.id, record.created_at, record.changed_at), &unit, !record.deleted))
}

pub(super) async fn get(caller: Caller, ask: wire::DepartmentGet) -> Result<Valued<Department>, Fault> {
    let (workforce, key) = (caller.workforce()?, &ask.id_or_code.0);
    let found = match ask.department_by.as_deref().unwrap_or("id") {
        "id" => live(workforce, Kind::OrgUnit, key).await?,
        "code" => workforce.find(Kind::OrgUnit, "code", key).await?.into_iter().next(),
        _ => return Err(Fault::request("departmentBy 为 id 或 code")),
    };
    Ok(Valued { value: show(&names(&caller), &found.ok_or_else(missing)?)? })
}

pub(super) async fn by_name(
    caller: Caller,
    ask: wire::DepartmentByName,
) -> Result<Listed<Department>, Fault> {
    let names = names(&caller);
    let found = caller.workforce()?.find(Kind::OrgUnit, "name", &ask.name).await?;
    Ok(Listed::of(found.iter().map(|record| show(&names, record)).collect::<Result<_, _>>()?))
}

/// The department at the end of these names, from the top down.
pub(super) async fn by_path(
    caller: Caller,
    ask: wire::DepartmentByPath,
) -> Result<Valued<Department>, Fault> {
    let workforce = caller.workforce()?;
    let path: Vec<&str> = ask.path.split('/').map(str::trim).filter(|name| !name.is_empty()).collect();
    let tree = Tree::read(workforce).await?;
    let found = tree.at(&path, |_, unit, name| unit.name == name).ok_or_else(missing)?;
    let record = workforce.get(Kind::OrgUnit, found).await?.ok_or_else(missing)?;
    Ok(Valued { value: show(&names(&caller), &record)? })
}

/// Departments of people from outside: the record has no such people, so it has no such departments.
pub(super) async fn external(
    caller: Caller,
    ask: wire::DepartmentExternal,
) -> Result<Listed<Department>, Fault> {
    part(&ask.paging)?;
    caller.workforce()?;
    Ok(Listed { count: Some(0), items: Vec::new() })
}

fn missing() -> Fault {
    Fault::request("未找到对应部门")
}

/// All departments, to go from names to one and back.
pub(super) struct Tree(HashMap<Id, OrgUnit>);

impl Tree {
    /// Reads them.
    pub(super) async fn read(workforce: &dyn Workforce) -> Result<Self, Fault> {
        let all = every(workforce, Query::of(Kind::OrgUnit, 1)).await?;
        let units = all.iter().map(|record| Ok((record.id, record.read()?)));
        Ok(Self(units.collect::<Result<_, tongshi_model::Error>>()?))
    }

    /// The department to which these words lead from the top down, each fitting as the caller says.
    pub(super) fn at(&self, path: &[&str], fits: impl Fn(Id, &OrgUnit, &str) -> bool) -> Option<Id> {
        let mut above: Vec<Option<Id>> = vec![None];
        for word in path {
            let below = |(id, unit): (&Id, &OrgUnit)| {
                (above.contains(&unit.parent) && fits(*id, unit, word)).then_some(Some(*id))
            };
            above = self.0.iter().filter_map(below).collect();
        }
        match (path.len(), above.as_slice()) {
            (1.., [Some(found)]) => Some(*found),
            _ => None,
        }
    }

    /// Whether this is a department.
    pub(super) fn has(&self, id: Id) -> bool {
        self.0.contains_key(&id)
    }

    /// The words that lead to a department.
    pub(super) fn path(&self, id: Id, word: impl Fn(Id, &OrgUnit) -> String) -> Vec<String> {
        let mut words = Vec::new();
        let mut next = Some(id);
        while let Some((id, unit)) = next.and_then(|id| self.0.get_key_value(&id)) {
            if words.len() == DEPTH_MAX {
                break;
            }
            words.push(word(*id, unit));
            next = unit.parent;
        }
        words.reverse();
        words
    }

    /// Departments that somebody heads, with whom.
    pub(super) fn heads(&self) -> Vec<(Id, Id)> {
        let mut heads: Vec<_> = self.0.iter().filter_map(|(id, unit)| Some((*id, unit.head?))).collect();
        heads.sort_unstable();
        heads
    }
}

pub(super) async fn create(caller: Caller, ask: wire::DepartmentCreate) -> Result<Valued<Department>, Fault> {
    let made = add(&caller, vec![ask.fields], Fault::precondition, |_| "该部门编码已存在".to_owned());
    let made = made.await?.pop();
    Ok(Valued { value: made.ok_or_else(busy)? })
}

pub(super) async fn create_many(
    caller: Caller,
    ask: wire::DepartmentCreateMany,
) -> Result<Listed<Department>, Fault> {
    if ask.department_list.is_empty() || ask.department_list.len() > UNITS_MAX {
        return Err(Fault::request(format!("departmentList 为 1 到 {UNITS_MAX} 个部门")));
    }
    let made =
        add(&caller, ask.department_list, Fault::request, |code| format!("该部门编码「{code}」已存在"));
    Ok(Listed::of(made.await?))
}

/// Said of a name that another department beside this one has.
const SAME_NAME: &str = "该部门在同级有相同的部门名称";

/// Adds departments, all or none. Of one that is added alone the vendor says in another way that it is there.
async fn add(
    caller: &Caller,
    list: Vec<DepartmentFields>,
    taken: impl Fn(String) -> Fault,
    same_code: impl Fn(&str) -> String,
) -> Result<Vec<Department>, Fault> {
    let workforce = caller.workforce()?;
    let mut items = Vec::with_capacity(list.len());
    for fields in &list {
        if map::filled(fields.name.clone()).is_none() {
            return Err(Fault::request("部门名称不能为空"));
        }
        let mut unit = OrgUnit { parent: parent(workforce, fields).await?.flatten(), ..OrgUnit::default() };
        map::apply_department(&mut unit, fields);
        let above = unit.parent.map(|parent| parent.to_string()).unwrap_or_default();
        match clash(workforce, None, &unit).await? {
            None => {}
            Some(Clash::Name) => return Err(taken(SAME_NAME.to_owned())),
            Some(Clash::Code) => return Err(taken(same_code(unit.code.as_deref().unwrap_or_default()))),
        }
        // The same department asked for twice at once is one.
        items.push((format!("department/{}", Id::of(&[&above, &unit.name])), Draft::of(&unit)?));
    }
    let ids = workforce.save(items).await?;
    let names = names(caller);
    workforce.many(&ids).await?.iter().flatten().map(|record| show(&names, record)).collect()
}

/// What a department has in common with another one, and must not have.
enum Clash {
    Name,
    Code,
}

/// Whether a department clashes with another one by what is new of it: what was so before stays so.
async fn clash(
    workforce: &dyn Workforce,
    before: Option<(Id, &OrgUnit)>,
    unit: &OrgUnit,
) -> Result<Option<Clash>, Fault> {
    let other = |record: &Record| before.is_none_or(|(own, _)| own != record.id);
    if let Some(code) = unit.code.as_ref().filter(|_| before.is_none_or(|(_, old)| old.code != unit.code)) {
        let found = workforce.find(Kind::OrgUnit, "code", code).await?;
        if found.iter().any(other) {
            return Ok(Some(Clash::Code));
        }
    }
    if before.is_some_and(|(_, old)| (&old.name, old.parent) == (&unit.name, unit.parent)) {
        return Ok(None);
    }
    for record in workforce.find(Kind::OrgUnit, "name", &unit.name).await? {
        if other(&record) && record.read::<OrgUnit>()?.parent == unit.parent {
            return Ok(Some(Clash::Name));
        }
    }
    Ok(None)
}

/// The department above: `""` is none; none where nothing is said. It must be there.
async fn parent(workforce: &dyn Workforce, fields: &DepartmentFields) -> Result<Option<Option<Id>>, Fault> {
    match fields.parent_id.as_deref() {
        None => Ok(None),
        Some("") => Ok(Some(None)),
        Some(id) => {
            let found = live(workforce, Kind::OrgUnit, id).await?;
            Ok(Some(Some(found.ok_or_else(|| Fault::request("上级部门不存在"))?.id)))
        }
    }
}

pub(super) async fn update(caller: Caller, ask: wire::DepartmentUpdate) -> Result<Valued<Department>, Fault> {
    let workforce = caller.workforce()?;
    let above = parent(workforce, &ask.fields).await?;
    for _ in 0..TRIES_MAX {
        let record = live(workforce, Kind::OrgUnit, &ask.department_id.0).await?.ok_or_else(missing)?;
        let before: OrgUnit = record.read()?;
        let mut unit = before.clone();
        map::apply_department(&mut unit, &ask.fields);
        if let Some(above) = above {
            if let Some(above) = above
                && tree(workforce, record.id).await?.iter().any(|below| below.id == above)
            {
                return Err(Fault::request("上级部门不可为本部门或其下级部门"));
            }
            unit.parent = above;
        }
        match clash(workforce, Some((record.id, &before)), &unit).await? {
            None => {}
            Some(Clash::Name) => return Err(Fault::precondition(SAME_NAME)),
            Some(Clash::Code) => return Err(Fault::precondition("该部门编码已存在")),
        }
        if workforce.replace(vec![Replacement::of(&record, Action::Update, &unit)?]).await? {
            let found = workforce.get(Kind::OrgUnit, record.id).await?.ok_or_else(missing)?;
            return Ok(Valued { value: show(&names(&caller), &found)? });
        }
    }
    Err(busy())
}

/// A department and all below it.
async fn tree(workforce: &dyn Workforce, top: Id) -> Result<Vec<Record>, Fault> {
    let all = every(workforce, Query::of(Kind::OrgUnit, 1)).await?;
    let mut parents = Vec::with_capacity(all.len());
    for record in &all {
        parents.push(record.read::<OrgUnit>()?.parent);
    }
    let mut within = vec![top];
    loop {
        let count = within.len();
        for (record, parent) in all.iter().zip(&parents) {
            if parent.is_some_and(|parent| within.contains(&parent)) && !within.contains(&record.id) {
                within.push(record.id);
            }
        }
        if within.len() == count {
            return Ok(all.into_iter().filter(|record| within.contains(&record.id)).collect());
        }
    }
}

/// Switches a department off with all below it, where nobody is in them; or on, alone. The record knows one that is off
/// as deleted: lists show those that are on.
pub(super) async fn switch(caller: Caller, ask: wire::DepartmentSwitch) -> Result<Listed<Department>, Fault> {
    let (workforce, names) = (caller.workforce()?, names(&caller));
    let active = match ask.active.as_deref() {
        Some("true") => true,
        Some("false") => false,
        _ => return Err(Fault::request("输入存在错误:\n- 开启或是停用参数不能为空")),
    };
    let id = map::id_in(&ask.department_id.0).ok_or_else(missing)?;
    for _ in 0..TRIES_MAX {
        let record = workforce.get(Kind::OrgUnit, id).await?.ok_or_else(missing)?;
        let changed = match (active, record.deleted) {
            (true, false) | (false, true) => {
                return Ok(Listed::of(vec![show(&names, &record)?]));
            }
            (true, true) => vec![record],
            (false, false) => tree(workforce, id).await?,
        };
        let mut items = Vec::with_capacity(changed.len());
        for unit in &changed {
            let draft = if active { Some(Draft::of(&unit.read::<OrgUnit>()?)?) } else { None };
            let action = if active { Action::Update } else { Action::Delete };
            items.push(Replacement { id: unit.id, version: unit.version, action, draft });
        }
        if !active {
            let units: Vec<String> = changed.iter().map(|unit| unit.id.to_string()).collect();
            for (_, person) in workforce.find_many(Kind::Employee, "org_unit", &units).await? {
                if map::is_active(&person.read::<Employee>()?) {
                    return Err(Fault::precondition("要停用部门下的员工，才能停用此部门"));
                }
            }
        }
        if workforce.replace(items).await? {
            let ids: Vec<Id> = changed.iter().map(|unit| unit.id).collect();
            let after = workforce.many(&ids).await?;
            return Ok(Listed::of(
                after.iter().flatten().map(|unit| show(&names, unit)).collect::<Result<_, _>>()?,
            ));
        }
    }
    Err(busy())
}

pub(super) async fn corporation(
    caller: Caller,
    _ask: wire::CorporationGet,
) -> Result<Valued<Corporation>, Fault> {
    let found = caller.workforce()?.list(&Query::of(Kind::Company, 1)).await?.into_iter().next();
    let name = found.map(|record| record.read::<Company>()).transpose()?.map(|company| company.name);
    Ok(Valued { value: Corporation { id: names(&caller).corporation, name } })
}
