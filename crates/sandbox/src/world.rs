//! What every part of the generator needs: the plan, the ids, the tree.

use std::ops::Range;

use tongshi_model::{Id, Kind, Space};

use crate::{
    Plan,
    standing::Standing,
    tree::{Tree, employee_id},
};

/// How many people are made at a time.
const BLOCK: u32 = 256;

/// The company while it is being made.
pub(crate) struct World<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) space: Space,
    pub(crate) tree: Tree,
    pub(crate) entities: [Id; 4],
}

/// People with neighbouring indices.
pub(crate) struct Block {
    pub(crate) range: Range<u32>,
    standings: Vec<Standing>,
}

impl<'a> World<'a> {
    pub(crate) fn new(plan: &'a Plan, space: Space) -> Self {
        let entities = [0, 1, 2, 3].map(|index| space.id(Kind::LegalEntity, &legal_entity_id(index)));
        Self { plan, space, tree: Tree::new(plan, space), entities }
    }

    /// The people, block by block. The last block takes what is left over, so that every block of a company that
    /// has more than one is large enough to hold people of all standings.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Block> {
        let plan = self.plan;
        let count = if plan.employees == 0 { 0 } else { (plan.employees / BLOCK).max(1) };
        (0..count).map(move |index| {
            let end = if index + 1 == count { plan.employees } else { (index + 1) * BLOCK };
            let range = index * BLOCK..end;
            Block { standings: range.clone().map(|person| Standing::of(plan, person)).collect(), range }
        })
    }

    pub(crate) fn employee(&self, index: u32) -> Id {
        self.space.id(Kind::Employee, &employee_id(index))
    }

    /// The legal entity of an employee goes with their department.
    pub(crate) fn entity_of(&self, employee: u32) -> usize {
        (self.tree.home_of(employee) % 4) as usize
    }
}

impl Block {
    /// Everybody of the block with their standing.
    pub(crate) fn people(&self) -> impl Iterator<Item = (u32, &Standing)> {
        self.range.clone().zip(&self.standings)
    }

    pub(crate) fn standing(&self, index: u32) -> &Standing {
        &self.standings[(index - self.range.start) as usize]
    }

    /// The first person from `start` on, round the block, who fits.
    pub(crate) fn find(&self, start: u32, mut fits: impl FnMut(u32, &Standing) -> bool) -> Option<u32> {
        (start..self.range.end)
            .chain(self.range.start..start)
            .find(|index| fits(*index, self.standing(*index)))
    }
}

/// The identifier of a legal entity.
pub(crate) fn legal_entity_id(index: u32) -> String {
    format!("ent-{index}")
}
