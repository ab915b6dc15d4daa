//! Events (§7): made for an app's registered address, and read where they come in. Both are sealed; what is inside is one
//! flat object.

use std::time::Duration;

use http::{HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tongshi_dialect::{Credential, EventAsk, Events, Incoming, Message, Record, Reply};
use tongshi_model::{Approval, Employee, Error, Id, Instant, Kind, OrgUnit, Randomness, Secret, Timestamp};

use crate::dingtalk::{
    auth::seal::{Broken, Seal},
    map::{
        self, ROOT,
        approval::{process_code, result_word, status_word},
        number_of,
    },
};

/// The event that tries an address.
pub(in crate::dingtalk) const CHECK: &str = "check_url";
/// The event of an approval that began or ended.
const APPROVAL_CHANGE: &str = "bpms_instance_change";
/// What is sealed in an answer that says yes.
const SUCCESS: &str = "success";
/// Two more tries, the first after 10 and the second after 30 seconds (§7).
const DELAYS: &[Duration] = &[Duration::from_secs(10), Duration::from_secs(30)];

/// How DingTalk tells apps of changes.
pub(in crate::dingtalk) struct DingTalkEvents;

impl Events for DingTalkEvents {
    fn make(&self, ask: &EventAsk<'_>) -> Option<Result<Message, Error>> {
        let event = event(ask)?;
        Some(seal_of(ask).and_then(|seal| sealed(ask, &seal, &Value::Object(event).to_string())))
    }

    /// The answer is sealed, too, and says `success`.
    fn accepted(&self, ask: &EventAsk<'_>, reply: &Reply) -> Result<(), String> {
        if reply.status != StatusCode::OK {
            return Err(format!("it answered {}", reply.status.as_u16()));
        }
        let answer: Answer = serde_json::from_slice(&reply.body)
            .map_err(|_| "its answer is not the sealed answer that the vendor documents".to_owned())?;
        let seal = seal_of(ask).map_err(|error| error.public().to_owned())?;
        let timestamp = match &answer.timestamp {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match seal.open(&answer.msg_signature, &timestamp, &answer.nonce, &answer.encrypt) {
            Ok(text) if text == SUCCESS => Ok(()),
            Ok(_) => Err("its sealed answer does not say success".to_owned()),
            Err(_) => Err("its sealed answer cannot be opened".to_owned()),
        }
    }

    fn delays(&self) -> Option<&'static [Duration]> {
        Some(DELAYS)
    }
}

#[derive(Deserialize)]
struct Answer {
    msg_signature: String,
    #[serde(alias = "timestamp", rename = "timeStamp")]
    timestamp: Value,
    nonce: String,
    encrypt: String,
}

/// The event of a change, if the registration asks for it.
fn event(ask: &EventAsk<'_>) -> Option<Map<String, Value>> {
    let corp_id = ask.settings["owner"].as_str().unwrap_or_default();
    if ask.topic == CHECK {
        return json!({"EventType": CHECK}).as_object().cloned();
    }
    let record = ask.record?;
    let (tag, mut fields) = fields(ask.topic, record, ask.before)?;
    let tags = ask.settings["tags"].as_array()?;
    if !tags.iter().any(|wanted| wanted == tag) {
        return None;
    }
    let milliseconds = record.changed_at.as_millisecond();
    fields.insert("EventType".to_owned(), tag.into());
    fields.insert("EventTime".to_owned(), milliseconds.into());
    fields.insert("TimeStamp".to_owned(), milliseconds.to_string().into());
    fields.insert("timeStamp".to_owned(), milliseconds.to_string().into());
    fields.insert("CorpId".to_owned(), corp_id.into());
    fields.insert("BizId".to_owned(), ask.id.into());
    fields.insert("eventId".to_owned(), ask.id.into());
    Some(fields)
}

/// What an event of a change says beside its head. Nobody knows which style of names today's vendor sends (§11 no. 5), so
/// ids are there in both.
fn fields(
    topic: &str,
    record: &Record,
    before: Option<&Record>,
) -> Option<(&'static str, Map<String, Value>)> {
    match record.kind {
        Kind::Employee => person_event(topic, record, before),
        Kind::OrgUnit => {
            let tag = match topic {
                "created" => "org_dept_create",
                "updated" => "org_dept_modify",
                "deleted" => "org_dept_remove",
                _ => return None,
            };
            let unit: OrgUnit = record.read().ok()?;
            // What lies on top is the root, or hangs below it.
            let number = if unit.parent.is_none() { ROOT } else { number_of(record.id) };
            let fields = json!({"deptId": [number], "DeptId": [number]});
            Some((tag, fields.as_object().cloned()?))
        }
        Kind::Approval => approval_event(topic, record, before),
        _ => None,
    }
}

/// An approval began, ended, or is gone. What happens in between is told of its tasks, which the record does not number.
fn approval_event(
    topic: &str,
    record: &Record,
    before: Option<&Record>,
) -> Option<(&'static str, Map<String, Value>)> {
    let approval: Approval = record.read().ok()?;
    let was: Option<Approval> = before.and_then(|before| before.read().ok());
    let over = |approval: &Approval| status_word(approval.status.value) != "RUNNING";
    let kind = match (topic, over(&approval)) {
        ("created", false) => "start",
        ("updated", true) if was.as_ref().is_some_and(over) => return None,
        ("created" | "updated", true) if status_word(approval.status.value) == "TERMINATED" => "terminate",
        ("created" | "updated", true) => "finish",
        ("deleted", _) => "delete",
        _ => return None,
    };
    let code = process_code(&approval.category);
    let milliseconds = |at: Option<Instant>| at.map(|at| at.timestamp().as_millisecond());
    let mut fields = json!({
        "processInstanceId": record.id.to_string(),
        "processCode": code,
        "businessId": approval.number,
        "title": approval.title,
        "type": kind,
        "createTime": milliseconds(approval.submitted_at),
        "staffId": approval.applicant.map(|applicant| applicant.to_string()),
    });
    if kind != "start" {
        fields["finishTime"] = milliseconds(approval.updated_at).into();
    }
    if kind == "finish" {
        fields["result"] = result_word(approval.status.value, approval.result).into();
    }
    let mut fields = fields.as_object().cloned()?;
    fields.retain(|_, value| !value.is_null());
    Some((APPROVAL_CHANGE, fields))
}

fn person_event(
    topic: &str,
    record: &Record,
    before: Option<&Record>,
) -> Option<(&'static str, Map<String, Value>)> {
    let person: Employee = record.read().ok()?;
    let was: Option<Employee> = before.and_then(|before| before.read().ok());
    let userid = map::userid(record.id, &person);
    let mut fields = json!({"userId": [userid], "UserId": [userid]}).as_object().cloned()?;
    let was_here = was.as_ref().is_some_and(|was| !map::has_left(was));
    let tag = match (topic, map::has_left(&person)) {
        ("deleted", _) => "user_leave_org",
        ("created", false) => "user_add_org",
        ("updated", false) if !was_here && was.is_some() => "user_add_org",
        ("updated", true) if was_here => "user_leave_org",
        ("updated", false) => {
            if let Some(was) = was {
                let info = json!({"prev": told(was), "curr": told(person), "userid": userid});
                fields.insert("diffInfo".to_owned(), Value::Array(vec![info]));
            }
            "user_modify_org"
        }
        // Who had left already, and changes of leavers, are no news to anybody.
        _ => return None,
    };
    Some((tag, fields))
}

/// The fields whose change an event names (§7.1).
fn told(person: Employee) -> Value {
    let plain = |text: Option<tongshi_model::Personal<String>>| text.map(tongshi_model::Personal::into_inner);
    let fields = [
        ("name", Some(person.name.into_inner())),
        ("telephone", plain(person.phone)),
        ("email", plain(person.email)),
        ("jobNumber", person.employee_no),
        ("hiredDate", person.hire_date.map(|day| day.to_string())),
        ("managerUserid", person.manager.map(|manager| manager.to_string())),
    ];
    let some = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?))));
    Value::Object(some.collect())
}

/// The event's name for a topic of the record, where nothing else of the change is known any more.
pub(in crate::dingtalk) fn tag_of(topic: &str) -> Option<&'static str> {
    Some(match topic {
        "employee.created" => "user_add_org",
        "employee.updated" => "user_modify_org",
        "employee.deleted" => "user_leave_org",
        "org_unit.created" => "org_dept_create",
        "org_unit.updated" => "org_dept_modify",
        "org_unit.deleted" => "org_dept_remove",
        "approval.created" | "approval.updated" | "approval.deleted" => APPROVAL_CHANGE,
        _ => return None,
    })
}

/// How an event names the record that it is about.
pub(in crate::dingtalk) fn named(tag: &str, record: Id) -> (&'static str, Value) {
    if tag.starts_with("user_") {
        ("userid", record.to_string().into())
    } else if tag == APPROVAL_CHANGE {
        ("processInstanceId", record.to_string().into())
    } else {
        ("deptid", number_of(record).into())
    }
}

fn seal_of(ask: &EventAsk<'_>) -> Result<Seal, Error> {
    let text = |name: &str| ask.settings[name].as_str().unwrap_or_default();
    Seal::new(&Secret::new(text("token")), &Secret::new(text("aes_key")), text("owner"))
        .map_err(|_| Error::invalid("aes_key", "the registration's aes_key is no key"))
}

fn sealed(ask: &EventAsk<'_>, seal: &Seal, text: &str) -> Result<Message, Error> {
    let rest = ask.address.split_once("://").map(|(_, rest)| rest);
    let rest = rest.ok_or_else(|| Error::invalid("address", "an event's address is an absolute URL"))?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = place.split_at(place.find('/').unwrap_or(place.len()));
    let timestamp = ask.now.as_millisecond().to_string();
    let nonce = nonce(ask.randomness);
    let sealed = seal.close(text, &timestamp, &nonce, ask.randomness);
    let mut message = Message::new(Method::POST, if path.is_empty() { "/" } else { path });
    message.authority = Some(authority.to_owned());
    message.query = query.to_owned();
    // The official sample takes the one name or the other.
    for (name, value) in [
        ("signature", &sealed.signature),
        ("msg_signature", &sealed.signature),
        ("timestamp", &timestamp),
        ("nonce", &nonce),
    ] {
        message.add_query(name, value);
    }
    message.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    message.body = json!({"encrypt": sealed.encrypt}).to_string().into();
    Ok(message)
}

fn nonce(randomness: &dyn Randomness) -> String {
    let mut bytes = [0; 8];
    randomness.fill(&mut bytes);
    hex::encode(bytes)
}

/// What checks and opens the vendor's events: a seal for each owner that they may be meant for (§7, §10).
pub(super) fn seals(credential: &Credential) -> Result<Vec<Seal>, Error> {
    let (token, key) = (credential.require("callback_token")?, credential.require("callback_aes_key")?);
    let owners = ["callback_owner", "app_key", "corp_id"].into_iter().filter_map(|name| credential.get(name));
    let owners = owners.map(Secret::expose).filter(|owner| !owner.is_empty());
    let seal = |owner| {
        Seal::new(token, key, owner)
            .map_err(|_| Error::invalid("callback_aes_key", "callback_aes_key has 43 letters and digits"))
    };
    owners.map(seal).collect()
}

/// Opens a sealed event, and says which seal did.
pub(super) fn opened<'a>(message: &Message, seals: &'a [Seal]) -> Result<(String, &'a Seal), Error> {
    #[derive(Deserialize)]
    struct Body {
        encrypt: String,
    }
    let wrong = || Error::unauthenticated("the event's signature is wrong");
    let either = |one: &str, other: &str| {
        let value = |name: &str| message.query_value(name).ok().flatten().map(std::borrow::Cow::into_owned);
        value(one).or_else(|| value(other)).ok_or_else(wrong)
    };
    let signature = either("signature", "msg_signature")?;
    let timestamp = either("timestamp", "timeStamp")?;
    let nonce = either("nonce", "nonce")?;
    let body: Body = serde_json::from_slice(&message.body)
        .map_err(|_| Error::invalid("event", "the event holds nothing sealed"))?;
    let mut last = Broken::Signature;
    for seal in seals {
        match seal.open(&signature, &timestamp, &nonce, &body.encrypt) {
            Ok(text) => return Ok((text, seal)),
            Err(broken) => last = broken,
        }
    }
    Err(match last {
        Broken::Signature => wrong(),
        Broken::Owner => Error::unauthenticated(
            "the event is meant for another owner; set callback_owner to the app key, suite key or corp id that it \
             was registered for",
        ),
        Broken::Key | Broken::Text => Error::invalid("event", "the event cannot be opened"),
    })
}

/// What an event says, in canonical words.
pub(super) fn incoming(text: &str) -> Result<Vec<Incoming>, Error> {
    let event: Map<String, Value> =
        serde_json::from_str(text).map_err(|_| Error::invalid("event", "the event is no JSON object"))?;
    let kind = event.get("EventType").or_else(|| event.get("eventType")).and_then(Value::as_str);
    // Of the Stream form the fields lie one step deeper (§7.1).
    let inner = event.get("data").and_then(Value::as_object).unwrap_or(&event);
    Ok(match kind.unwrap_or_default() {
        "user_add_org" | "user_modify_org" | "user_active_org" => {
            ids(inner, "userId").map(|id| Incoming::Changed(Kind::Employee, id)).collect()
        }
        // The hub asks before it believes that somebody is gone.
        "user_leave_org" => ids(inner, "userId").map(|id| Incoming::Gone(Kind::Employee, id)).collect(),
        "org_dept_create" | "org_dept_modify" => {
            ids(inner, "deptId").map(|id| Incoming::Changed(Kind::OrgUnit, id)).collect()
        }
        "org_dept_remove" => ids(inner, "deptId").map(|id| Incoming::Gone(Kind::OrgUnit, id)).collect(),
        // One that begins is read with the others of its day: each call counts, and by then it may be over.
        APPROVAL_CHANGE if inner.get("type").is_none_or(|kind| kind != "start") => {
            ids(inner, "processInstanceId").map(|id| Incoming::Changed(Kind::Approval, id)).collect()
        }
        _ => Vec::new(),
    })
}

/// The ids of an event, under the name in whichever style it is written.
fn ids<'a>(event: &'a Map<String, Value>, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let found = event.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let many = match found {
        Some(Value::Array(values)) => values.as_slice(),
        Some(value) => std::slice::from_ref(value),
        None => &[],
    };
    many.iter().filter_map(|value| match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// The sealed answer that says yes.
pub(super) fn receipt(seal: &Seal, now: Timestamp, randomness: &dyn Randomness) -> Reply {
    let (timestamp, nonce) = (now.as_millisecond().to_string(), nonce(randomness));
    let sealed = seal.close(SUCCESS, &timestamp, &nonce, randomness);
    let body = json!({
        "msg_signature": sealed.signature, "timeStamp": timestamp, "nonce": nonce, "encrypt": sealed.encrypt,
    });
    Reply::json(StatusCode::OK, body.to_string())
}
