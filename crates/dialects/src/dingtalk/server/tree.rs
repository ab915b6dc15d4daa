//! The departments as the face shows them: a tree with numbers, and number 1 on top. It is made once for what an app sees
//! of a workspace and kept until something changes there.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, OnceLock},
};

use moka::sync::Cache;
use tongshi_dialect::{Caller, Query, Workforce};
use tongshi_model::{Company, Employee, Id, Kind, OrgUnit};

use super::every;
use crate::dingtalk::{
    map::{ROOT, has_left, number_of},
    wire::{Code, Fault},
};

/// Apps whose trees are kept.
const TREES_MAX: u64 = 256;

/// The name of the root where nobody gives one.
const NAMELESS: &str = "公司";

/// The trees of all apps.
pub(super) struct Trees(Cache<Id, Arc<Tree>>);

impl Default for Trees {
    fn default() -> Self {
        Self(Cache::new(TREES_MAX))
    }
}

impl Trees {
    /// The tree that the caller sees.
    pub(super) async fn of(&self, caller: &Caller) -> Result<Arc<Tree>, Fault> {
        let workforce = caller.workforce()?;
        let app = caller.grant.as_deref().map_or_else(|| Id::of(&["nobody"]), |grant| grant.app);
        // Read before the records: what is kept under it is never newer than it says.
        let epoch = workforce.epoch().await?;
        if let Some(tree) = self.0.get(&app).filter(|tree| tree.epoch == epoch) {
            return Ok(tree);
        }
        let tree = Arc::new(Tree::read(workforce, epoch).await?);
        self.0.insert(app, Arc::clone(&tree));
        Ok(tree)
    }
}

/// One workspace's departments.
pub(super) struct Tree {
    epoch: u64,
    nodes: HashMap<i64, Node>,
    numbers: HashMap<Id, i64>,
    /// People whom no living unit has; they are the root's.
    strays: OnceLock<Vec<Id>>,
}

/// A department.
pub(super) struct Node {
    /// Its record; the root may have none.
    pub(super) id: Option<Id>,
    pub(super) unit: OrgUnit,
    /// The number of the one above; the root has none.
    pub(super) parent: Option<i64>,
    pub(super) children: Vec<i64>,
}

impl Tree {
    async fn read(workforce: &dyn Workforce, epoch: u64) -> Result<Self, Fault> {
        let mut units: BTreeMap<Id, OrgUnit> = BTreeMap::new();
        let mut order = Vec::new();
        for record in every(workforce, Query::of(Kind::OrgUnit, 0)).await? {
            units.insert(record.id, record.read()?);
            order.push(record.id);
        }
        let is_top =
            |id: &Id| units[id].parent.is_none_or(|parent| !units.contains_key(&parent) || parent == *id);
        let tops: Vec<Id> = order.iter().copied().filter(is_top).collect();
        // A company with one unit on top has its root; with several, or none, the root is the company itself.
        let root = if let [only] = tops[..] { Some(only) } else { None };
        let number = |id: Id| if Some(id) == root { ROOT } else { number_of(id) };
        let numbers: HashMap<Id, i64> = order.iter().map(|id| (*id, number(*id))).collect();
        let mut nodes: HashMap<i64, Node> = HashMap::with_capacity(order.len() + 1);
        if root.is_none() {
            let unit = OrgUnit { name: company_name(workforce).await?, ..OrgUnit::default() };
            nodes.insert(ROOT, Node { id: None, unit, parent: None, children: Vec::new() });
        }
        for id in &order {
            let Some(unit) = units.remove(id) else { continue };
            let parent = unit.parent.and_then(|parent| numbers.get(&parent).copied());
            let parent = if Some(*id) == root {
                None
            } else {
                Some(parent.filter(|above| *above != numbers[id]).unwrap_or(ROOT))
            };
            nodes.insert(numbers[id], Node { id: Some(*id), unit, parent, children: Vec::new() });
        }
        for id in &order {
            let number = numbers[id];
            if let Some(above) = nodes[&number].parent.and_then(|parent| nodes.get_mut(&parent)) {
                above.children.push(number);
            }
        }
        let mut tree = Self { epoch, nodes, numbers, strays: OnceLock::new() };
        tree.untie();
        Ok(tree)
    }

    /// Hangs what only circles hold below the root, so that a walk finds it.
    fn untie(&mut self) {
        let mut reached = HashSet::from([ROOT]);
        let mut next = vec![ROOT];
        let mut waiting: Vec<i64> = self.nodes.keys().copied().collect();
        waiting.sort_unstable();
        loop {
            while let Some(number) = next.pop() {
                let children = self.nodes.get(&number).map(|node| node.children.clone()).unwrap_or_default();
                next.extend(children.into_iter().filter(|child| reached.insert(*child)));
            }
            let Some(lost) = waiting.iter().copied().find(|number| !reached.contains(number)) else { return };
            let above = self.nodes.get_mut(&lost).and_then(|node| node.parent.replace(ROOT));
            if let Some(above) = above.and_then(|above| self.nodes.get_mut(&above)) {
                above.children.retain(|child| *child != lost);
            }
            if let Some(root) = self.nodes.get_mut(&ROOT) {
                root.children.push(lost);
            }
            reached.insert(lost);
            next.push(lost);
        }
    }

    /// The department with this number.
    pub(super) fn get(&self, number: i64) -> Result<&Node, Fault> {
        self.nodes
            .get(&number)
            .ok_or_else(|| Fault::new(Code::NoDepartment, "部门不存在: there is no such department"))
    }

    /// The number of somebody's department.
    pub(super) fn of(&self, unit: Option<Id>) -> i64 {
        unit.and_then(|unit| self.numbers.get(&unit).copied()).unwrap_or(ROOT)
    }

    /// A department and all above it, itself first.
    pub(super) fn upwards(&self, number: i64) -> Vec<i64> {
        let mut way = vec![number];
        while let Some(above) = way.last().and_then(|last| self.nodes.get(last)?.parent) {
            if way.contains(&above) {
                break;
            }
            way.push(above);
        }
        way
    }

    /// Whether one department is another or lies below it.
    pub(super) fn is_within(&self, number: i64, above: i64) -> bool {
        self.upwards(number).contains(&above)
    }

    /// People whom no living unit has, those who left excepted.
    pub(super) async fn strays(&self, workforce: &dyn Workforce) -> Result<&[Id], Fault> {
        if let Some(strays) = self.strays.get() {
            return Ok(strays);
        }
        let mut found = Vec::new();
        for record in every(workforce, Query::of(Kind::Employee, 0)).await? {
            let employee: Employee = record.read()?;
            if !employee.org_unit.is_some_and(|unit| self.numbers.contains_key(&unit)) && !has_left(&employee)
            {
                found.push(record.id);
            }
        }
        Ok(self.strays.get_or_init(|| found))
    }
}

async fn company_name(workforce: &dyn Workforce) -> Result<String, Fault> {
    match workforce.list(&Query::of(Kind::Company, 1)).await {
        Ok(found) => {
            let company = found.first().map(tongshi_dialect::Record::read::<Company>).transpose()?;
            Ok(company.map_or_else(|| NAMELESS.to_owned(), |company| company.name))
        }
        // An app that may not see the company sees that there is one.
        Err(error) if *error.kind() == tongshi_model::ErrorKind::Forbidden => Ok(NAMELESS.to_owned()),
        Err(error) => Err(error.into()),
    }
}
