//! The department tree: five levels however large the company is, about one department per 25 people.

use tongshi_model::{Id, Kind, Space};

use crate::{
    Plan, oddities,
    oddities::Oddity,
    standing::Standing,
    words::{BRANCH_PREFIXES, FIRST_DEPARTMENTS, LEVEL_SUFFIXES},
};

/// The lowest level; the top is 1.
pub(crate) const LEVELS: u8 = 5;
/// People per department.
const PEOPLE: u32 = 25;
/// How many places below a department are filled before the next one gets any.
const FAN_OUT: u32 = 6;
/// The department that nobody heads, so that programs meet one.
const HEADLESS: u32 = 12;

/// The departments by index; every parent comes before its children.
pub(crate) struct Tree {
    nodes: Vec<Node>,
}

/// One department.
pub(crate) struct Node {
    pub(crate) id: Id,
    pub(crate) parent: Option<u32>,
    pub(crate) level: u8,
    /// The ancestor on the second level, which says what kind of work is done here.
    pub(crate) branch: Branch,
    /// The employee who heads it, with their id.
    pub(crate) head: Option<(u32, Id)>,
}

/// The kind of work of a part of the company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Branch {
    Development = 0,
    Sales = 1,
    Production = 2,
    Administration = 3,
}

impl Tree {
    pub(crate) fn new(plan: &Plan, space: Space) -> Self {
        let count = (plan.employees / PEOPLE).max(FIRST_DEPARTMENTS.len() as u32);
        let mut tree = Self { nodes: Vec::with_capacity(count as usize) };
        for index in 0..count {
            let parent = tree.parent_of(index);
            let level = parent.map_or(1, |parent| tree.node(parent).level + 1);
            let branch = match parent {
                None => Branch::Administration,
                Some(0) => [Branch::Administration, Branch::Development, Branch::Sales, Branch::Production]
                    [(index % 4) as usize],
                Some(parent) => tree.node(parent).branch,
            };
            let head =
                head_of(plan, index, count).map(|head| (head, space.id(Kind::Employee, &employee_id(head))));
            tree.nodes.push(Node {
                id: space.id(Kind::OrgUnit, &org_unit_id(index)),
                parent,
                level,
                branch,
                head,
            });
        }
        tree
    }

    pub(crate) fn len(&self) -> u32 {
        self.nodes.len() as u32
    }

    pub(crate) fn node(&self, index: u32) -> &Node {
        &self.nodes[index as usize]
    }

    /// The department in which the employee with this index works: neighbours in the list are spread over all.
    pub(crate) fn home_of(&self, employee: u32) -> u32 {
        employee % self.len()
    }

    /// To whom an employee reports: the head of their department, for a head the head of the nearest department
    /// above; nobody for the head of the company. Every step leads up the tree, so there are no circles.
    pub(crate) fn manager_of(&self, employee: u32) -> Option<(u32, Id)> {
        if employee == 0 {
            return None;
        }
        let mut department = Some(self.home_of(employee));
        while let Some(index) = department {
            let node = self.node(index);
            match node.head {
                Some(head) if head.0 != employee => return Some(head),
                _ => department = node.parent,
            }
        }
        None
    }

    /// The department's name: the first ones have names of their own, the others are put together.
    pub(crate) fn name_of(&self, index: u32) -> String {
        if let Some((name, _)) = FIRST_DEPARTMENTS.get(index as usize) {
            return (*name).to_owned();
        }
        let node = self.node(index);
        let prefixes = BRANCH_PREFIXES[node.branch as usize];
        let round = index / prefixes.len() as u32;
        let prefix = prefixes[index as usize % prefixes.len()];
        let suffix = LEVEL_SUFFIXES[usize::from(node.level - 1)];
        // Some names repeat under different parents, as they do everywhere.
        if index.is_multiple_of(7) { format!("综合{suffix}") } else { format!("{prefix}{round}{suffix}") }
    }

    fn parent_of(&self, index: u32) -> Option<u32> {
        if let Some((_, parent)) = FIRST_DEPARTMENTS.get(index as usize) {
            return *parent;
        }
        let mut parent = (index - FIRST_DEPARTMENTS.len() as u32) / FAN_OUT;
        while self.node(parent).level >= LEVELS {
            parent = self.node(parent).parent.unwrap_or(0);
        }
        Some(parent)
    }
}

/// The identifier of an employee.
pub(crate) fn employee_id(index: u32) -> String {
    format!("emp-{index:08}")
}

/// The identifier of a department.
pub(crate) fn org_unit_id(index: u32) -> String {
    format!("org-{index:06}")
}

/// The first settled employee of the department, else the head of the company.
fn head_of(plan: &Plan, index: u32, departments: u32) -> Option<u32> {
    if index == HEADLESS || plan.employees == 0 {
        return None;
    }
    let mut members = (index..plan.employees).step_by(departments as usize);
    let fit = |member: &u32| {
        oddities::of(*member) != Some(Oddity::Bare) && (*member == 0 || Standing::of(plan, *member).settled())
    };
    Some(members.find(fit).unwrap_or(0))
}
