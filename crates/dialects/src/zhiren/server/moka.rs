//! Moka: bind codes that the hub makes, and candidates that it pushes. The document is withdrawn and says nothing of
//! a code's life: ours are used once and expire as they were made to (§6.27). A refusal is 4xx, like all others.

use serde_json::{Value, json};
use tongshi_dialect::Caller;
use tongshi_model::Draft;

use super::attempt;
use crate::zhiren::{
    map, wire,
    wire::{Fault, FaultCode},
};

/// What bind codes are issued for; the hub makes them under this name.
const BIND_CODE: &str = "zhiren.bind_code";
/// The setting that says which of Moka's companies this one is bound to.
const BINDING: &str = "zhiren.moka_binding";

pub(super) async fn check(caller: Caller, ask: wire::MokaBindCheck) -> Result<wire::MokaDone, Fault> {
    valid(&caller, &ask.bind_code).await?;
    Ok(done())
}

pub(super) async fn bind(caller: Caller, ask: wire::MokaBind) -> Result<wire::MokaDone, Fault> {
    let required = |field: &str, text: Option<String>| {
        map::filled(text).ok_or_else(|| Fault::object(format!("{field} is missing")))
    };
    let binding = json!({
        "api_key": required("apiKey", ask.api_key)?,
        "company_name": required("companyName", ask.company_name)?,
    });
    let workforce = caller.workforce()?;
    valid(&caller, &ask.bind_code).await?;
    // Of two who come at once only one gets the code.
    workforce.use_token(BIND_CODE, &ask.bind_code).await?.ok_or_else(ended)?;
    workforce.remember(BINDING, &binding).await?;
    Ok(done())
}

/// Forgets the binding. Whoever is not bound is not bound afterwards either, so that is no error.
pub(super) async fn unbind(caller: Caller, _: wire::MokaUnbind) -> Result<wire::MokaDone, Fault> {
    caller.workforce()?.remember(BINDING, &Value::Null).await?;
    Ok(done())
}

/// Stores a candidate under Moka's id: pushed again, it replaces.
pub(super) async fn push_candidate(
    caller: Caller,
    ask: wire::MokaCandidatePush,
) -> Result<wire::MokaDone, Fault> {
    let (id, candidate) = map::read_moka_candidate(ask)?;
    caller.workforce()?.save(vec![(format!("moka/{id}"), Draft::of(&candidate)?)]).await?;
    Ok(done())
}

async fn valid(caller: &Caller, bind_code: &str) -> Result<(), Fault> {
    let grant = caller.grant.as_deref();
    let guess = attempt(caller, BIND_CODE, grant.map_or("", |grant| &grant.key_id))?;
    let Some(token) = caller.workforce()?.token(BIND_CODE, bind_code).await? else {
        caller.desk.failed(&guess, grant).await;
        return Err(Fault::no_record("there is no such bind_code"));
    };
    let over = token.expires_at.is_some_and(|expires_at| expires_at <= caller.now);
    if over || token.used_at.is_some() { Err(ended()) } else { Ok(()) }
}

fn ended() -> Fault {
    Fault::new(FaultCode::BindCode, "the bind_code has been used or has expired")
}

fn done() -> wire::MokaDone {
    wire::MokaDone { error_code: FaultCode::of(0), error_message: Some("ok".to_owned()) }
}
