//! Outbound messages: configured, and those that did not arrive.

use serde_json::json;
use tongshi_dialect::{Caller, EndpointDraft, FailedDelivery};
use tongshi_model::Id;

use crate::hesine::wire::{self, Fault, Listed, MessageLog, MessageSaved, Valued};

/// The name of the vendor's manner among endpoints.
pub(super) const MANNER: &str = "hesine";

/// Where an endpoint keeps the key that was issued for it.
pub(super) const SIGN_KEY: &str = "sign_key";

/// Somebody remarked on a document: no change of the document itself.
pub(super) const COMMENTED: &str = "flow.commented";

/// The longest name (§2.8).
const NAME_CHARS_MAX: usize = 20;

/// Failures that one question gives at most.
const LOGS_MAX: u32 = 1000;

/// What a sign key is issued for; only its maker's randomness is used.
const SIGN_KEY_PURPOSE: &str = "hesine.sign_key";

/// Configures a message. As at the vendor it is saved only when a test arrives.
pub(super) async fn save(caller: Caller, ask: wire::MessageSave) -> Result<Valued<MessageSaved>, Fault> {
    let workforce = caller.workforce()?;
    let name = ask.name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        return Err(Fault::request(format!("名称为 1 到 {NAME_CHARS_MAX} 个字符")));
    }
    if ask.success_codes.iter().any(|code| !matches!(code, 200 | 201 | 204)) {
        return Err(Fault::request("成功状态码为 200、201 或 204"));
    }
    let known = workforce.endpoints(MANNER).await?.into_iter().find(|endpoint| endpoint.name == name);
    let kept = known.and_then(|endpoint| endpoint.settings[SIGN_KEY].as_str().map(str::to_owned));
    let sign_key = match kept.or_else(|| caller.setting(SIGN_KEY).map(str::to_owned)) {
        Some(key) => key,
        None => workforce.issue_token(SIGN_KEY_PURPOSE, json!({}), None).await?,
    };
    let settings = json!({
        SIGN_KEY: sign_key, "success_codes": ask.success_codes, "keyword": ask.keyword, "actions": ask.actions,
        "corporation_id": super::names(&caller).corporation,
    });
    let endpoint = EndpointDraft { manner: MANNER, name: name.to_owned(), url: ask.url, settings };
    let tried = workforce.try_endpoint(&endpoint, crate::hesine::client::TEST).await;
    tried.map_err(|error| Fault::request(format!("测试未通过: {}", error.public())))?;
    workforce.save_endpoint(endpoint).await?;
    Ok(Valued { value: MessageSaved { sign_key } })
}

/// Messages that did not arrive, of a time.
pub(super) async fn logs(caller: Caller, ask: wire::MessageLogs) -> Result<Listed<MessageLog>, Fault> {
    let time = |field: &str, text: &Option<String>| {
        let text = text.as_deref().unwrap_or_default().trim();
        text.parse::<i64>().map_err(|_| Fault::request(format!("{field} 为毫秒级时间戳")))
    };
    let (from, to) = (time("startDate", &ask.start_date)?, time("endDate", &ask.end_date)?);
    let sort = ask.message_type.as_deref().unwrap_or("flow");
    // Of the vendor's six sorts only approval events are told here; at the vendor those of robots are `flow`.
    if !matches!(sort, "message" | "flow") {
        return Ok(Listed::of(Vec::new()));
    }
    let corporation = super::names(&caller).corporation;
    let failed = caller.workforce()?.failed_deliveries(MANNER, LOGS_MAX).await?;
    let shown = failed.into_iter().filter(|failed| (from..=to).contains(&failed.at.as_millisecond()));
    let show = |failed: FailedDelivery| MessageLog {
        id: failed.id,
        name: failed.endpoint,
        flow_id: failed.record.map(|id: Id| id.to_string()),
        node_name: None,
        request: None,
        response: failed.error.map(|error| json!({ "message": error })),
        state: "FAILURE".to_owned(),
        version: i64::from(failed.attempts),
        active: !failed.given_up,
        create_time: failed.at.as_millisecond(),
        update_time: failed.at.as_millisecond(),
        corporation_id: Some(corporation.clone()),
        message_type: sort.to_owned(),
    };
    Ok(Listed::of(shown.map(show).collect()))
}
