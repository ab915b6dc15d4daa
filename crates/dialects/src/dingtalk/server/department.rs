//! Departments (§4.1).

use std::sync::Arc;

use tongshi_dialect::{Caller, Query, Server, Workforce};
use tongshi_model::{Draft, Employee, Id, Kind, OrgUnit};

use super::{
    changed,
    gate::has_scope,
    required,
    tree::{Node, Tree, Trees},
    user,
};
use crate::dingtalk::{
    map::{self, ROOT, number_of},
    wire::{
        AuthScopes, AuthScopesAnswer, Code, Department, DepartmentCreate, DepartmentDelete, DepartmentGet,
        DepartmentIds, DepartmentListSub, DepartmentListSubId, DepartmentMade, DepartmentParents,
        DepartmentUpdate, DingTalk, Done, Fault, OrgScopes, ParentIds, ParentList, ParentLists,
        SubDepartment, UserParents, Wrapped,
    },
};

/// The longest name, in characters.
const NAME_CHARS_MAX: usize = 64;
/// The longest code.
const CODE_CHARS_MAX: usize = 30;

/// Makes a handler of a function that needs the departments.
macro_rules! with_trees {
    ($trees:expr, $handler:path) => {{
        let trees = Arc::clone($trees);
        move |caller: Caller, ask| {
            let trees = Arc::clone(&trees);
            async move {
                let tree = trees.of(&caller).await?;
                $handler(caller, &tree, ask).await
            }
        }
    }};
}
pub(super) use with_trees;

/// Adds this area's operations.
pub(super) fn on(server: Server<DingTalk>, trees: &Arc<Trees>) -> Server<DingTalk> {
    server
        .on::<DepartmentListSub, _, _>(with_trees!(trees, list_sub))
        .on::<DepartmentListSubId, _, _>(with_trees!(trees, list_sub_id))
        .on::<DepartmentGet, _, _>(with_trees!(trees, get))
        .on::<DepartmentParents, _, _>(with_trees!(trees, parents))
        .on::<UserParents, _, _>(with_trees!(trees, user_parents))
        .on::<DepartmentCreate, _, _>(with_trees!(trees, create))
        .on::<DepartmentUpdate, _, _>(with_trees!(trees, update))
        .on::<DepartmentDelete, _, _>(with_trees!(trees, delete))
        .on::<AuthScopes, _, _>(auth_scopes)
}

async fn list_sub(
    caller: Caller,
    tree: &Tree,
    ask: DepartmentListSub,
) -> Result<Wrapped<Vec<SubDepartment>>, Fault> {
    let number = ask.dept_id.unwrap_or(ROOT);
    let node = seen(&caller, tree, number)?;
    let show = |child: &i64| {
        let unit = &tree.get(*child)?.unit;
        Ok(SubDepartment {
            dept_id: *child,
            name: unit.name.clone(),
            parent_id: number,
            create_dept_group: false,
            auto_add_user: false,
        })
    };
    node.children.iter().map(show).collect::<Result<_, Fault>>().map(Wrapped::of)
}

/// Not limited by what the app may see of the contacts (§4.1).
async fn list_sub_id(
    _caller: Caller,
    tree: &Tree,
    ask: DepartmentListSubId,
) -> Result<Wrapped<DepartmentIds>, Fault> {
    let node = tree.get(named(ask.dept_id)?)?;
    Ok(Wrapped::of(DepartmentIds { dept_id_list: node.children.clone() }))
}

async fn get(caller: Caller, tree: &Tree, ask: DepartmentGet) -> Result<Wrapped<Department>, Fault> {
    let number = named(ask.dept_id)?;
    let node = seen(&caller, tree, number)?;
    let workforce = caller.workforce()?;
    let head = match node.unit.head {
        Some(head) => workforce.get(Kind::Employee, head).await?.filter(|record| !record.deleted),
        None => None,
    };
    let head =
        head.map(|record| record.read::<Employee>().map(|read| map::userid(record.id, &read))).transpose()?;
    let member_count = match node.id {
        Some(id) => workforce.count(&Query::of(Kind::Employee, 0).key("org_unit", id.to_string())).await?,
        None => tree.strays(workforce).await?.len() as u64,
    };
    Ok(Wrapped::of(Department {
        dept_id: number,
        name: node.unit.name.clone(),
        parent_id: node.parent,
        source_identifier: None,
        create_dept_group: false,
        auto_add_user: false,
        from_union_org: false,
        order: node.unit.order,
        group_contain_sub_dept: false,
        org_dept_owner: head.clone().unwrap_or_default(),
        dept_manager_userid_list: head.into_iter().collect(),
        outer_dept: false,
        outer_permit_depts: Vec::new(),
        outer_permit_users: Vec::new(),
        hide_dept: false,
        dept_permits: Vec::new(),
        user_permits: Vec::new(),
        code: node.unit.code.clone(),
        member_count: i64::try_from(member_count).ok(),
    }))
}

async fn parents(caller: Caller, tree: &Tree, ask: DepartmentParents) -> Result<Wrapped<ParentIds>, Fault> {
    let number = named(ask.dept_id)?;
    seen(&caller, tree, number)?;
    Ok(Wrapped::of(ParentIds { parent_id_list: tree.upwards(number) }))
}

async fn user_parents(caller: Caller, tree: &Tree, ask: UserParents) -> Result<Wrapped<ParentLists>, Fault> {
    let userid = required("userid", &ask.userid)?;
    let (_, employee) = user::found(&caller, userid).await?;
    let parent_dept_id_list = tree.upwards(tree.of(employee.org_unit));
    Ok(Wrapped::of(ParentLists { parent_list: vec![ParentList { parent_dept_id_list }] }))
}

async fn create(
    caller: Caller,
    tree: &Tree,
    ask: DepartmentCreate,
) -> Result<Wrapped<DepartmentMade>, Fault> {
    let name = named_well(required("name", &ask.name)?)?;
    let parent = ask.parent_id.ok_or_else(|| Fault::parameter("缺少参数 parent_id: it is missing"))?;
    let above =
        tree.get(parent).map_err(|_| Fault::new(Code::NoParent, "父部门不存在: there is no such parent"))?;
    alone(tree, above, &name, None)?;
    let unit = OrgUnit { name, parent: above.id, head: None, code: code(ask.code)?, order: ask.order };
    // The instant is in the key, because a department that is renamed leaves its name to another.
    let key = format!("dingtalk/department/{parent}/{}/{}", unit.name, caller.now.as_microsecond());
    let made = caller.workforce()?.save(vec![(key, Draft::of(&unit)?)]).await?;
    let id = made.first().copied().ok_or_else(|| Fault::new(Code::Busy, "the department was not stored"))?;
    Ok(Wrapped::of(DepartmentMade { dept_id: number_of(id) }))
}

async fn update(caller: Caller, tree: &Tree, ask: DepartmentUpdate) -> Result<Done, Fault> {
    let number = named(ask.dept_id)?;
    let node = tree.get(number)?;
    let id = node.id.filter(|_| number != ROOT || ask.parent_id.is_none());
    let id = id.ok_or_else(|| Fault::new(Code::Root, "根部门不能修改: the root cannot be changed so"))?;
    let mut unit = node.unit.clone();
    let emptied = |field: &str| ask.force_update_fields.iter().flatten().any(|name| name == field);
    if let Some(parent) = ask.parent_id {
        let above = tree
            .get(parent)
            .map_err(|_| Fault::new(Code::NoParent, "父部门不存在: there is no such parent"))?;
        if tree.is_within(parent, number) {
            return Err(Fault::new(
                Code::Loop,
                "部门不能成为自己的下级: a department cannot lie below itself",
            ));
        }
        unit.parent = above.id;
    }
    if let Some(name) = map::filled(ask.name) {
        unit.name = named_well(&name)?;
        let parent = ask.parent_id.or(node.parent);
        if let Some(parent) = parent {
            alone(tree, tree.get(parent)?, &unit.name, Some(number))?;
        }
    }
    if ask.order.is_some() {
        unit.order = ask.order;
    }
    match map::filled(ask.code) {
        given @ Some(_) => unit.code = code(given)?,
        None if emptied("code") => unit.code = None,
        None => {}
    }
    match ask.dept_manager_userid_list.as_deref() {
        // Our record knows one head; the first who is named is it.
        Some([first, ..]) if !first.is_empty() => unit.head = Some(user::found(&caller, first).await?.0.id),
        Some(_) => unit.head = None,
        None if emptied("dept_manager_userid_list") => unit.head = None,
        None => {}
    }
    if unit != node.unit {
        caller.workforce()?.change(Kind::OrgUnit, id, changed(&node.unit, &unit)?).await?;
    }
    Ok(Done {})
}

async fn delete(caller: Caller, tree: &Tree, ask: DepartmentDelete) -> Result<Done, Fault> {
    let number = named(ask.dept_id)?;
    let node = tree.get(number)?;
    let root = || Fault::new(Code::RootStays, "根部门不能删除: the root cannot be deleted");
    let id = node.id.filter(|_| number != ROOT).ok_or_else(root)?;
    if !node.children.is_empty() {
        return Err(Fault::new(Code::HasChildren, "部门下有子部门: the department has children"));
    }
    if has_members(caller.workforce()?, id).await? {
        return Err(Fault::new(Code::HasMembers, "部门下有成员: the department has members"));
    }
    caller.workforce()?.remove(Kind::OrgUnit, id).await?;
    Ok(Done {})
}

async fn has_members(workforce: &dyn Workforce, unit: Id) -> Result<bool, Fault> {
    let records =
        super::every(workforce, Query::of(Kind::Employee, 0).key("org_unit", unit.to_string())).await?;
    for record in records {
        if !map::has_left(&record.read()?) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn auth_scopes(caller: Caller, _ask: AuthScopes) -> Result<AuthScopesAnswer, Fault> {
    let visible = visible(&caller);
    let grant = caller.grant.as_deref();
    let may = |scope: &str| grant.is_some_and(|grant| has_scope(grant, scope));
    let mut fields =
        vec!["name".to_owned(), "userid".to_owned(), "department".to_owned(), "position".to_owned()];
    fields.extend(
        [("fieldMobile", "mobile"), ("fieldEmail", "email")]
            .iter()
            .filter(|(scope, _)| may(scope))
            .map(|(_, field)| (*field).to_owned()),
    );
    let authed_dept = visible.unwrap_or_else(|| vec![ROOT]);
    Ok(AuthScopesAnswer {
        auth_user_field: fields,
        auth_org_scopes: OrgScopes { authed_user: Vec::new(), authed_dept },
    })
}

/// The departments to which the app is confined (setting `authed_dept`), if it is.
fn visible(caller: &Caller) -> Option<Vec<i64>> {
    let list = caller.grant.as_deref()?.settings["authed_dept"].as_array()?.clone();
    Some(list.iter().filter_map(serde_json::Value::as_i64).collect())
}

/// Whether the app may see this department.
pub(super) fn is_visible(caller: &Caller, tree: &Tree, number: i64) -> bool {
    visible(caller).is_none_or(|above| above.iter().any(|above| tree.is_within(number, *above)))
}

/// A department that the app may see.
pub(super) fn seen<'a>(caller: &Caller, tree: &'a Tree, number: i64) -> Result<&'a Node, Fault> {
    let node = tree.get(number)?;
    if !is_visible(caller, tree, number) {
        let text = "请求的部门id不在授权范围内: the department is outside of what the app may see";
        return Err(Fault::new(Code::DepartmentOutside, text));
    }
    Ok(node)
}

pub(super) fn named(number: Option<i64>) -> Result<i64, Fault> {
    number.ok_or_else(|| Fault::parameter("缺少参数 dept_id: it is missing"))
}

fn named_well(name: &str) -> Result<String, Fault> {
    let fits = (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.contains(['-', ',', '，']);
    if !fits {
        let text = "部门名称不合法: a name has 1 to 64 characters, none of them - or a comma";
        return Err(Fault::new(Code::DepartmentNaming, text));
    }
    Ok(name.to_owned())
}

fn code(code: Option<String>) -> Result<Option<String>, Fault> {
    let code = map::filled(code);
    if code.as_ref().is_some_and(|code| code.chars().count() > CODE_CHARS_MAX) {
        return Err(Fault::parameter("code has at most 30 characters"));
    }
    Ok(code)
}

/// Siblings have different names.
fn alone(tree: &Tree, above: &Node, name: &str, but: Option<i64>) -> Result<(), Fault> {
    let mut siblings = above.children.iter().filter(|child| Some(**child) != but);
    if siblings.any(|child| tree.get(*child).is_ok_and(|node| node.unit.name == name)) {
        return Err(Fault::new(Code::DepartmentName, "部门名称已存在: a sibling has this name"));
    }
    Ok(())
}
