//! Who shows a record: the workspace itself, or vendors.

use tongshi_model::{Error, Id};
use tongshi_store::{Connection, Session, SourceRow, Workspace, connections, sources};

use crate::connections::LOCAL;

/// A source with its connection.
pub(super) type Held = (Connection, SourceRow);

/// The source of a record that is ours, and the vendors' connections that show it.
pub(super) async fn holders(
    session: &mut Session,
    workspace: &Workspace,
    record: Id,
) -> Result<(Option<Held>, Vec<(i64, String)>), Error> {
    let all = connections::all(session, workspace).await?;
    let (mut own, mut vendors) = (None, Vec::new());
    for source in sources::of_record(session, workspace, record).await? {
        let Some(connection) = all.iter().find(|known| known.no == source.connection) else { continue };
        match connection.dialect == LOCAL {
            _ if source.gone.is_some() => {}
            true => own = own.or_else(|| Some((connection.clone(), source))),
            false => vendors.push((connection.no, connection.name.clone())),
        }
    }
    Ok((own, vendors))
}

/// The source of a record that is ours, with its connection.
pub(crate) async fn own_of(
    session: &mut Session,
    workspace: &Workspace,
    record: Id,
) -> Result<Option<Held>, Error> {
    Ok(holders(session, workspace, record).await?.0)
}
