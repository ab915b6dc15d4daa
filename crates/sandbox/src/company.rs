//! The company, its legal entities and its departments.

use tongshi_model::{Company, Error, LegalEntity, OrgUnit};

use crate::{
    outlet::Outlet,
    tree::org_unit_id,
    words::LEGAL_ENTITIES,
    world::{World, legal_entity_id},
};

/// Makes them, parents first.
pub(crate) fn company(world: &World<'_>, outlet: &mut Outlet<'_>) -> Result<(), Error> {
    let company = Company {
        name: "云帆样例".to_owned(),
        full_name: Some(LEGAL_ENTITIES[0].0.to_owned()),
        logo: Some("https://img.example.com/logo.png".to_owned()),
    };
    outlet.record("com-0".to_owned(), &company)?;
    for (index, (name, short_name, parent, address, representative)) in LEGAL_ENTITIES.into_iter().enumerate()
    {
        let entity = LegalEntity {
            name: name.to_owned(),
            short_name: Some(short_name.to_owned()),
            parent: parent.map(|parent| world.entities[parent]),
            registered_address: Some(address.to_owned()),
            legal_representative: Some(representative.into()),
        };
        outlet.record(legal_entity_id(index as u32), &entity)?;
    }
    for index in 0..world.tree.len() {
        let node = world.tree.node(index);
        let unit = OrgUnit {
            name: world.tree.name_of(index),
            parent: node.parent.map(|parent| world.tree.node(parent).id),
            head: node.head.map(|(_, id)| id),
            // A few departments never got a code.
            code: (index % 19 != 18).then(|| format!("D{index:05}")),
            order: Some(i64::from(index)),
        };
        outlet.record(org_unit_id(index), &unit)?;
    }
    Ok(())
}
