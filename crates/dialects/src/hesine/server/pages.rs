//! What a person sees who came by a link: documents, one document, and what can be done about it.

use tongshi_dialect::{Language, Screen, escape, hidden, page_in};
use tongshi_model::Money;

use super::{case::Loaded, lists, queues};
use crate::hesine::map::{self, Doc};

/// The pages post to where they are, wherever the face is mounted.
const ACTION: &str = "thirdparty.html";

/// Somebody's own documents and those that wait for them; none of a sort that the link does not show.
pub(super) struct Lists<'a> {
    pub(super) own: Option<Vec<Loaded>>,
    pub(super) asked: Option<Vec<Loaded>>,
    pub(super) code: &'a str,
    pub(super) name: &'a str,
}

impl Lists<'_> {
    pub(super) fn screen(&self, language: Language) -> Screen {
        let mut body = signed_in(language, self.name);
        let titles = [
            (&self.asked, language.pick("待我审批", "Waiting for me")),
            (&self.own, language.pick("我的单据", "My documents")),
        ];
        for (documents, title) in titles {
            let Some(documents) = documents else { continue };
            body.push_str(&format!("<h2>{title}</h2>\n"));
            if documents.is_empty() {
                body.push_str(language.pick("<p>没有单据。</p>\n", "<p>There are none.</p>\n"));
                continue;
            }
            body.push_str("<ul>\n");
            body.extend(documents.iter().map(|loaded| self.row(language, loaded)));
            body.push_str("</ul>\n");
        }
        Screen::Page(page_in(language, language.pick("合思单据", "Hesine documents"), &body))
    }

    fn row(&self, language: Language, loaded: &Loaded) -> String {
        let flow = loaded.record.id.to_string();
        format!(
            "<li>{title}<br><small>{number} · {stage} {amount}</small>\n<form method=\"post\" action=\"{ACTION}\">{hidden}\
             <button type=\"submit\" class=\"quiet\">{look}</button></form></li>\n",
            title = escape(loaded.case.doc.title()),
            number = escape(loaded.case.doc.number()),
            stage = escape(&stage(loaded)),
            amount = escape(&amount(&loaded.case.doc).unwrap_or_default()),
            hidden = hidden(&[("accessToken", self.code), ("flowId", &flow)]),
            look = language.pick("查看", "Open"),
        )
    }
}

/// One document with the buttons that there are.
pub(super) struct Document<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) buttons: Vec<&'a str>,
    pub(super) code: &'a str,
    pub(super) name: &'a str,
    pub(super) notice: Option<&'a str>,
}

impl Document<'_> {
    pub(super) fn screen(&self, language: Language) -> Screen {
        let doc = &self.loaded.case.doc;
        let mut body = signed_in(language, self.name);
        if let Some(notice) = self.notice {
            body.push_str(&format!("<p role=\"alert\">{}</p>\n", escape(notice)));
        }
        let line = |name: &str, value: &str| format!("<li>{name}: {}</li>\n", escape(value));
        body.push_str("<ul>\n");
        body.push_str(&line(language.pick("编号", "Number"), doc.number()));
        body.push_str(&line(language.pick("状态", "State"), &stage(self.loaded)));
        if let Some(amount) = amount(doc) {
            body.push_str(&line(language.pick("金额", "Amount"), &amount));
        }
        body.extend(details(doc).iter().map(|text| format!("<li>{}</li>\n", escape(text))));
        body.push_str("</ul>\n");
        body.push_str(&self.form(language));
        Screen::Page(page_in(language, doc.title(), &body))
    }

    fn form(&self, language: Language) -> String {
        if self.buttons.is_empty() {
            return String::new();
        }
        let flow = self.loaded.record.id.to_string();
        let button = |action: &&str| {
            let (name, class) = match *action {
                "freeflow.agree" => (language.pick("同意", "Agree"), ""),
                _ => (language.pick("驳回", "Refuse"), " class=\"quiet\""),
            };
            format!("<button type=\"submit\" name=\"action\" value=\"{action}\"{class}>{name}</button>\n")
        };
        let buttons: String = self.buttons.iter().map(button).collect();
        let hidden = hidden(&[("accessToken", self.code), ("flowId", &flow)]);
        let comment = language.pick("审批意见", "Comment");
        format!(
            "<form method=\"post\" action=\"{ACTION}\">\n{hidden}\
             <label>{comment}<input name=\"comment\" maxlength=\"500\"></label>\n{buttons}</form>"
        )
    }
}

fn signed_in(language: Language, name: &str) -> String {
    let name = escape(name);
    let text = language.pick(format!("您以 {name} 的身份登录。"), format!("You are signed in as {name}."));
    format!("<p><small>{text}</small></p>\n")
}

fn stage(loaded: &Loaded) -> String {
    let stage = lists::stage(&loaded.record, &loaded.case.doc, loaded.case.approval.as_ref());
    if queues::rests(loaded) { format!("{stage}(暂挂)") } else { stage }
}

fn amount(doc: &Doc) -> Option<String> {
    let money: Option<Money> = match doc {
        Doc::Request(request) => request.budget,
        Doc::Claim(claim) => Some(claim.total),
    };
    money.map(|money| format!("{money} {}", money.currency.code()))
}

/// What is travelled, or what was spent on what.
fn details(doc: &Doc) -> Vec<String> {
    let day = |day: Option<tongshi_model::LocalDate>| day.map(|day| day.to_string()).unwrap_or_default();
    match doc {
        Doc::Request(request) => request
            .legs
            .iter()
            .map(|leg| {
                let places = [&leg.from, &leg.to].into_iter().flatten();
                let places: Vec<&str> = places.map(|place| place.name.expose().as_str()).collect();
                format!("{} {} {}", map::kind_word(&leg.kind), places.join("–"), day(leg.start))
            })
            .collect(),
        Doc::Claim(claim) => {
            let line = |line: &tongshi_model::ExpenseLine| {
                format!("{} {} {}", line.fee_type, line.amount, day(line.date))
            };
            claim.lines.iter().map(line).collect()
        }
    }
}
