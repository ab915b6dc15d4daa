//! Registration of event callbacks (§7): one address for each app, which must answer the check before it is kept.

use serde_json::json;
use tongshi_dialect::{Caller, Dialect as _, EndpointDraft, RegisteredEndpoint, Server};
use tongshi_model::{ErrorKind, Secret};

use super::{company, required};
use crate::dingtalk::{
    auth::seal::Seal,
    client::events,
    wire::{
        Callback, Code, DeleteCallback, DingTalk, Done, FailedCallback, FailedCallbacks, FailedList, Fault,
        GetCallback, RegisterCallback, UpdateCallback,
    },
};

/// The one name of an app's registration.
const NAME: &str = "callback";
/// The lengths of a token (§7).
const TOKEN_CHARS: std::ops::Range<usize> = 3..64;
/// What failed is listed at most so often at a time.
const FAILED_MAX: u32 = 200;

/// Adds this area's operations.
pub(super) fn on(server: Server<DingTalk>) -> Server<DingTalk> {
    server.on(register).on(update).on(get).on(delete).on(failed)
}

async fn register(caller: Caller, ask: RegisterCallback) -> Result<Done, Fault> {
    if registered(&caller).await?.is_some() {
        return Err(Fault::new(Code::CallbackExists, "回调地址已经存在: there is a callback already"));
    }
    save(&caller, ask.call_back_tag, &ask.token, &ask.aes_key, &ask.url).await
}

async fn update(caller: Caller, ask: UpdateCallback) -> Result<Done, Fault> {
    registered(&caller).await?.ok_or_else(none)?;
    save(&caller, ask.call_back_tag, &ask.token, &ask.aes_key, &ask.url).await
}

async fn get(caller: Caller, _ask: GetCallback) -> Result<Callback, Fault> {
    let found = registered(&caller).await?.ok_or_else(none)?;
    let text = |name: &str| found.settings[name].as_str().unwrap_or_default().to_owned();
    let tags = found.settings["tags"].as_array();
    Ok(Callback {
        call_back_tag: tags.into_iter().flatten().filter_map(|tag| tag.as_str().map(str::to_owned)).collect(),
        token: text("token"),
        aes_key: text("aes_key"),
        url: found.url,
    })
}

async fn delete(caller: Caller, _ask: DeleteCallback) -> Result<Done, Fault> {
    if caller.workforce()?.delete_endpoint(DingTalk::ID, NAME).await? { Ok(Done {}) } else { Err(none()) }
}

async fn failed(caller: Caller, _ask: FailedCallbacks) -> Result<FailedList, Fault> {
    let mut failed = caller.workforce()?.failed_deliveries(DingTalk::ID, FAILED_MAX + 1).await?;
    failed.retain(|delivery| delivery.given_up);
    let has_more = failed.len() > FAILED_MAX as usize;
    failed.truncate(FAILED_MAX as usize);
    let corp_id = owner(&caller).await?;
    let failed_list = failed.into_iter().filter_map(|delivery| {
        let tag = events::tag_of(&delivery.topic)?;
        let (field, id) = events::named(tag, delivery.record?);
        let event = json!({tag: {"corpid": corp_id, field: [id]}});
        Some(FailedCallback {
            event_time: delivery.at.as_millisecond(),
            call_back_tag: tag.to_owned(),
            event: event.as_object().cloned().unwrap_or_default(),
        })
    });
    Ok(FailedList { has_more, failed_list: failed_list.collect() })
}

fn none() -> Fault {
    Fault::new(Code::NoCallback, "回调地址不存在: there is no callback")
}

async fn registered(caller: &Caller) -> Result<Option<RegisteredEndpoint>, Fault> {
    let all = caller.workforce()?.endpoints(DingTalk::ID).await?;
    Ok(all.into_iter().find(|endpoint| endpoint.name == NAME))
}

async fn save(
    caller: &Caller,
    tags: Option<Vec<String>>,
    token: &Option<String>,
    aes_key: &Option<String>,
    url: &Option<String>,
) -> Result<Done, Fault> {
    let (token, aes_key) = (required("token", token)?, required("aes_key", aes_key)?);
    let url = required("url", url)?;
    let tags = tags.filter(|tags| !tags.is_empty());
    let tags = tags.ok_or_else(|| Fault::parameter("缺少参数 call_back_tag: it is missing"))?;
    if !TOKEN_CHARS.contains(&token.len()) || !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Fault::parameter("token has 3 to 63 letters and digits"));
    }
    // Events of a registered address are sealed for the company (§7); the console's for the app.
    let owner = owner(caller).await?;
    if Seal::new(&Secret::new(token), &Secret::new(aes_key), &owner).is_err() {
        return Err(Fault::new(Code::AesKey, "不合法的aes_key: it has 43 letters and digits"));
    }
    let draft = EndpointDraft {
        manner: DingTalk::ID,
        name: NAME.to_owned(),
        url: url.to_owned(),
        settings: json!({"tags": tags, "token": token, "aes_key": aes_key, "owner": owner}),
    };
    let workforce = caller.workforce()?;
    if let Err(error) = workforce.try_endpoint(&draft, events::CHECK).await {
        let code = match error.kind() {
            ErrorKind::Upstream => Code::CallbackReply,
            ErrorKind::Unavailable => Code::CallbackAway,
            _ => return Err(error.into()),
        };
        return Err(Fault::new(code, format!("回调地址校验失败: {}", error.public())));
    }
    workforce.save_endpoint(draft).await?;
    Ok(Done {})
}

/// What an app's events are sealed for: its company, where it has one, else its key.
async fn owner(caller: &Caller) -> Result<String, Fault> {
    let grant = caller.grant.as_deref().ok_or_else(|| Fault::new(Code::Token, "no app calls"))?;
    if let Some(corp_id) = company(grant).await? {
        return Ok(corp_id);
    }
    Ok(grant.workforce.key_id(DingTalk::ID, "app_key").await?.unwrap_or_default())
}
