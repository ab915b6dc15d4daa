//! Links that sign somebody in for a while (§2.2), and where the face is reached. The page behind a link shows a person
//! their own documents and those that wait for them, and takes decisions.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tongshi_dialect::{
    Attempt, AuthFault, Caller, Dialect as _, Query, Record, Screen, Workforce, lenient::Text,
};
use tongshi_model::{Employee, Error, Id, Kind, SpendStatus};
use tongshi_oauth::is_redirect;

use super::{
    approvals::Wanted,
    case::{Deed, Loaded, Resubmit, attach},
    delegates, every, flows,
    level::sees_all,
    live, names, now, pages,
    queues::asked_of,
};
use crate::hesine::{
    map,
    wire::{self, Fault, Hesine, Told, Valued},
};

/// What links are issued for.
const LINK: &str = "hesine.link";

/// The longest life of a link (§2.2).
const SECONDS_MAX: i64 = 604_800;

/// For how long one that is over still leads to where it was to lead then.
const OVERDUE_SECONDS: i64 = 604_800;

/// Documents of each sort on a page.
const ROWS_MAX: u32 = 50;

/// What a link opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Opens {
    /// Both lists.
    FrontPage,
    /// The person's own documents.
    Home,
    /// What waits for the person.
    Approve,
    /// One document.
    Form,
    /// One document, with these buttons.
    BacklogDetail,
}

impl Opens {
    fn of(page: &str) -> Result<Self, &'static str> {
        match page {
            "frontPage" => Ok(Self::FrontPage),
            "home" => Ok(Self::Home),
            "approve" => Ok(Self::Approve),
            "form" => Ok(Self::Form),
            "backlogDetail" => Ok(Self::BacklogDetail),
            "payment" | "new" | "edit" | "mall" | "assistPlatform" => Err("本系统没有此页面"),
            _ => Err("pageType 不正确"),
        }
    }

    fn is_document(self) -> bool {
        matches!(self, Self::Form | Self::BacklogDetail)
    }
}

/// What a link stands for.
#[derive(Clone, Serialize, Deserialize)]
struct Link {
    person: Id,
    opens: Opens,
    flow: Option<Id>,
    /// Which buttons there are; all where nobody said.
    buttons: Option<Vec<String>>,
    approval_url: Option<String>,
    overdue_url: Option<String>,
    /// Seconds since 1970.
    until: i64,
    /// Whether it opens once.
    once: bool,
}

/// Where the face is reached. Which companies are behind it is told to nobody without a token.
pub(super) async fn location(caller: Caller, ask: wire::Location) -> Result<Valued<String>, Fault> {
    if map::filled(ask.corp_id).is_none() {
        return Err(Fault::request("corpId 不能为空"));
    }
    Ok(Valued { value: format!("{}/", address(&caller)?) })
}

pub(super) fn address(caller: &Caller) -> Result<String, Fault> {
    let unknown = || Fault::precondition("未配置对外访问地址 public_url");
    caller.desk.public_url(Hesine::ID).ok_or_else(unknown)
}

/// What is wrong with a link that is asked for is told with status 200 (§2.2).
pub(super) async fn make(caller: Caller, ask: wire::LinkMake) -> Result<Valued<Told>, Fault> {
    let told = |code: &str, message: String| Valued {
        value: Told { code: Text(code.to_owned()), message: Some(message) },
    };
    match link(&caller, &ask).await {
        Ok(link) => Ok(told("true", link)),
        Err(fault) if matches!(fault.code, 400 | 412) => Ok(told("false", fault.text.into_owned())),
        Err(fault) => Err(fault),
    }
}

async fn link(caller: &Caller, ask: &wire::LinkMake) -> Result<String, Fault> {
    let workforce = caller.workforce()?;
    let opens = Opens::of(&ask.page_type).map_err(Fault::request)?;
    let seconds = ask.expire_date.as_deref().and_then(|text| text.trim().parse::<i64>().ok());
    let seconds = seconds.filter(|seconds| (1..=SECONDS_MAX).contains(seconds));
    let seconds = seconds.ok_or_else(|| Fault::request("expireDate最多只能指定7天内的秒数！"))?;
    let once = match ask.auth_type.as_deref() {
        None | Some("" | "TOKEN") => false,
        Some("CODE") => true,
        Some(_) => return Err(Fault::request("authType 为 CODE 或不传")),
    };
    let person = person(workforce, ask).await?;
    let flow = match (opens.is_document(), ask.flow_id.as_deref()) {
        (true, Some(id)) => Some(flows::one(workforce, id).await?.record.id),
        (true, None) => return Err(Fault::request("flowId 必填")),
        (false, _) => None,
    };
    let web = |name: &str, url: &Option<String>| {
        let url = map::filled(url.clone());
        match url.as_deref().is_none_or(is_redirect) {
            true => Ok(url),
            false => Err(Fault::request(format!("{name} 不是可以跳转的地址"))),
        }
    };
    let buttons = map::filled(ask.action.clone()).filter(|_| opens == Opens::BacklogDetail);
    let link = Link {
        person,
        opens,
        flow,
        buttons: buttons.map(|words| words.split(',').map(|word| word.trim().to_owned()).collect()),
        approval_url: web("approvalUrl", &ask.approval_url)?.filter(|_| opens.is_document()),
        overdue_url: web("overdueTokenRedirect", &ask.overdue_token_redirect)?,
        until: caller.now.as_second().saturating_add(seconds),
        once,
    };
    let address = address(caller)?;
    let code = issue(workforce, &link, seconds).await?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("accessToken", &code).append_pair("ekbCorpId", &names(caller).corporation);
    query.append_pair("pageType", &ask.page_type);
    Ok(format!("{address}/applet/thirdparty.html?{}", query.finish()))
}

async fn issue(workforce: &dyn Workforce, link: &Link, seconds: i64) -> Result<String, Fault> {
    let payload = serde_json::to_value(link)
        .map_err(|error| Error::internal("a link does not serialise").caused_by(error))?;
    Ok(workforce.issue_token(LINK, payload, Some(seconds.saturating_add(OVERDUE_SECONDS))).await?)
}

/// Who is signed in: by id, or by what another platform calls them.
async fn person(workforce: &dyn Workforce, ask: &wire::LinkMake) -> Result<Id, Fault> {
    let unknown = || Fault::request(super::people::MISSING);
    let record = match (map::filled(ask.uid.clone()), map::filled(ask.user_id.clone())) {
        (Some(id), _) => live(workforce, Kind::Employee, &id).await?,
        (None, Some(user)) => match live(workforce, Kind::Employee, &user).await? {
            Some(record) => Some(record),
            None => by_user(workforce, &user).await?,
        },
        (None, None) => return Err(Fault::request("uid 与 userId 必填其一")),
    };
    let record = record.ok_or_else(unknown)?;
    if map::is_active(&record.read::<Employee>()?) { Ok(record.id) } else { Err(unknown()) }
}

async fn by_user(workforce: &dyn Workforce, user: &str) -> Result<Option<Record>, Fault> {
    for record in every(workforce, Query::of(Kind::Employee, 1)).await? {
        let employee: Employee = record.read()?;
        if employee.accounts.get(map::THIRD_PARTY).is_some_and(|known| known.expose() == user) {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

/// Somebody who came by a link.
struct Visit {
    caller: Caller,
    link: Link,
    /// What the page's forms show.
    code: String,
    name: String,
}

/// What became of a link that was followed.
enum Followed {
    Here(Box<Visit>),
    Overdue(String),
}

/// Takes a link. One that opens once is used up by its first opening; the page then has a code of its own.
async fn follow(caller: &Caller, code: &str, opening: bool) -> Result<Followed, Fault> {
    // A page for people, with status 200 (§2.2).
    let over = || Fault::new(200, "临时访问地址已过期，请重新获取访问临时授权");
    let attempt = Attempt { peer: caller.peer, place: Hesine::ID, id: code };
    caller.desk.may_try(&attempt).map_err(|wait| AuthFault::Blocked(wait.seconds()))?;
    let found = caller.desk.by_token(LINK, code).await?.filter(|grant| !grant.disabled);
    let Some(grant) = found else {
        caller.desk.failed(&attempt, None).await;
        return Err(over());
    };
    caller.desk.passed(&attempt);
    sees_all(&grant)?;
    let caller = Caller { grant: Some(Arc::clone(&grant)), ..caller.clone() };
    let workforce = &*grant.workforce;
    let known = workforce.token(LINK, code).await?.ok_or_else(over)?;
    let mut link: Link = serde_json::from_value(known.payload)
        .map_err(|error| Error::internal("a link cannot be read").caused_by(error))?;
    let left = link.until - caller.now.as_second();
    if left <= 0 {
        return link.overdue_url.map(Followed::Overdue).ok_or_else(over);
    }
    let mut code = code.to_owned();
    if link.once && opening {
        workforce.use_token(LINK, &code).await?.ok_or_else(over)?;
        link.once = false;
        code = issue(workforce, &link, left).await?;
    } else if link.once {
        return Err(over());
    }
    let record = workforce.get(Kind::Employee, link.person).await?.filter(|record| !record.deleted);
    let employee: Employee = record.ok_or_else(over)?.read()?;
    if !map::is_active(&employee) {
        return Err(over());
    }
    let name = employee.name.expose().clone();
    Ok(Followed::Here(Box::new(Visit { caller, link, code, name })))
}

pub(super) async fn open(caller: Caller, ask: wire::LinkOpen) -> Result<Screen, Fault> {
    match follow(&caller, &ask.access_token, true).await? {
        Followed::Overdue(url) => Ok(Screen::Redirect(url)),
        Followed::Here(visit) => match visit.link.flow {
            Some(flow) => visit.document(flow, None).await,
            None => visit.lists().await,
        },
    }
}

pub(super) async fn act(caller: Caller, ask: wire::LinkAct) -> Result<Screen, Fault> {
    let visit = match follow(&caller, &ask.access_token, false).await? {
        Followed::Overdue(url) => return Ok(Screen::Redirect(url)),
        Followed::Here(visit) => visit,
    };
    let Some(flow) = ask.flow_id.as_deref().and_then(map::id_in) else { return visit.lists().await };
    let Some(action) = map::filled(ask.action) else { return visit.document(flow, None).await };
    let wanted = match &*action {
        "freeflow.agree" => Wanted::Agree,
        "freeflow.reject" => Wanted::Reject { to: None, resubmit: Resubmit::FromStart },
        _ => return Err(Fault::request("action 不正确")),
    };
    if !visit.has(&action) {
        return Err(Fault::new(403, "此链接不能执行该操作"));
    }
    let delegated = delegates::in_force(&visit.caller, visit.link.person).await?;
    let id = flow.to_string();
    let decided = flows::change(&visit.caller, &id, wanted.action(), |loaded| {
        let stands_for = &delegated.of(loaded.case.doc.form_type());
        let deed = Deed {
            comment: ask.comment.as_deref(),
            stands_for,
            ..Deed::by(Some(visit.link.person), now(&visit.caller))
        };
        wanted.happen(loaded, &deed)
    });
    match (Box::pin(decided).await, &visit.link.approval_url) {
        (Ok(_), Some(url)) => Ok(Screen::Redirect(url.clone())),
        (Ok(_), None) => visit.document(flow, None).await,
        // It was decided meanwhile, or never this person's to decide.
        (Err(fault), _) if fault.code == 400 => visit.document(flow, Some(&fault.text)).await,
        (Err(fault), _) => Err(fault),
    }
}

impl Visit {
    /// Whether the page has this button.
    fn has(&self, action: &str) -> bool {
        self.link.buttons.as_ref().is_none_or(|buttons| buttons.iter().any(|button| button == action))
    }

    async fn lists(&self) -> Result<Screen, Fault> {
        let workforce = self.caller.workforce()?;
        let (mut own, mut asked) = (None, None);
        if matches!(self.link.opens, Opens::FrontPage | Opens::Home) {
            let mut records = Vec::new();
            for (kind, lookup) in [(Kind::TravelRequest, "applicant"), (Kind::ExpenseClaim, "claimant")] {
                let query = Query::of(kind, ROWS_MAX).key(lookup, self.link.person.to_string());
                records.extend(workforce.list(&query).await?);
            }
            own = Some(newest(workforce, records).await?);
        }
        if matches!(self.link.opens, Opens::FrontPage | Opens::Approve) {
            let delegated = delegates::in_force(&self.caller, self.link.person).await?;
            let mut records = Vec::new();
            for (kind, form) in [(Kind::TravelRequest, "requisition"), (Kind::ExpenseClaim, "expense")] {
                let mut people = delegated.of(form);
                people.push(self.link.person);
                records.extend(workforce.list(&asked_of(kind, &people, ROWS_MAX)).await?);
            }
            asked = Some(newest(workforce, records).await?);
        }
        let page = pages::Lists { own, asked, code: &self.code, name: &self.name };
        Ok(page.screen(self.caller.language))
    }

    /// One document: the one that the link names, or one that is the person's to see.
    async fn document(&self, flow: Id, notice: Option<&str>) -> Result<Screen, Fault> {
        let loaded = flows::one(self.caller.workforce()?, &flow.to_string()).await?;
        let delegated = delegates::in_force(&self.caller, self.link.person).await?;
        let stands_for = &delegated.of(loaded.case.doc.form_type());
        let deed = Deed { stands_for, ..Deed::by(Some(self.link.person), now(&self.caller)) };
        let asked = loaded.case.asked(&deed).is_ok();
        let own = loaded.case.doc.owner() == self.link.person;
        if self.link.flow != Some(flow) && !asked && !own && !has_decided(&loaded, self.link.person) {
            return Err(Fault::new(403, "没有查看此单据的权限"));
        }
        let buttons: Vec<&str> = ["freeflow.agree", "freeflow.reject"]
            .into_iter()
            .filter(|action| asked && self.has(action))
            .collect();
        let page = pages::Document { loaded: &loaded, buttons, code: &self.code, name: &self.name, notice };
        Ok(page.screen(self.caller.language))
    }
}

/// Whether somebody has done something to a document.
fn has_decided(loaded: &Loaded, person: Id) -> bool {
    let approval = loaded.case.approval.as_ref();
    approval.is_some_and(|approval| approval.log.iter().any(|step| step.actor == Some(person)))
}

async fn newest(workforce: &dyn Workforce, mut records: Vec<Record>) -> Result<Vec<Loaded>, Fault> {
    records.sort_by_key(|record| std::cmp::Reverse((record.changed_at, record.id)));
    let loaded = attach(workforce, records.into_iter().map(Some).collect()).await?;
    let shown = |loaded: &Loaded| loaded.case.doc.state() != SpendStatus::Voided;
    Ok(loaded.into_iter().flatten().filter(shown).collect())
}
