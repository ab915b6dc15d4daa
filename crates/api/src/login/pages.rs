//! What somebody who signs in is shown, in Chinese or English.

use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tongshi_dialect::{Language, Reply, escape, hidden, html_reply, page_in};
use tongshi_hub::{NotSignedIn, Question, SignedIn};
use tongshi_model::shanghai;

/// Who is signed in.
pub(super) fn landing(language: Language, who: Option<&SignedIn>) -> Reply {
    let Some(who) = who else {
        let body = language.pick(
            "<p>您尚未登录。请使用贵公司提供的登录链接。</p>",
            "<p>You are not signed in. Use the sign-in link that your company gave you.</p>",
        );
        return shown(language, StatusCode::OK, language.pick("登录", "Sign in"), body);
    };
    let name = escape(who.name.expose());
    let until = shanghai().to_datetime(who.until).strftime("%Y-%m-%d %H:%M");
    let unlinked = match who.employee {
        Some(_) => "",
        None => language.pick(
            "<p><small>此账号尚未关联员工档案。</small></p>\n",
            "<p><small>No employee record belongs to this account yet.</small></p>\n",
        ),
    };
    let body = language.pick(
        format!(
            "<p>您已登录：<b>{name}</b></p>\n<p><small>有效期至 {until}（北京时间）</small></p>\n{unlinked}{}",
            out(language)
        ),
        format!(
            "<p>You are signed in as <b>{name}</b>.</p>\n<p><small>Until {until} (China time)</small></p>\n{unlinked}{}",
            out(language)
        ),
    );
    shown(language, StatusCode::OK, language.pick("已登录", "Signed in"), &body)
}

/// Asks somebody who came by a menu whether it is they.
pub(super) fn question(language: Language, connection: &str, question: &Question) -> Reply {
    let name = escape(&question.name);
    let text = language.pick(
        format!("<p>您将以 <b>{name}</b> 的身份登录。</p>\n<p><small>如果这不是您本人，请关闭此页面。</small></p>"),
        format!(
            "<p>You are about to sign in as <b>{name}</b>.</p>\n<p><small>If that is not you, close this page.</small></p>"
        ),
    );
    let body = format!(
        "{text}\n<form method=\"post\" action=\"/login/{}/confirm\">\n{}<button type=\"submit\">{}</button>\n</form>",
        segment(connection),
        hidden(&[("proof", question.proof.expose())]),
        language.pick("继续", "Continue"),
    );
    shown(language, StatusCode::OK, language.pick("确认登录", "Is this you?"), &body)
}

/// Asks whether somebody wants out.
pub(super) fn ask_out(language: Language) -> Reply {
    shown(language, StatusCode::OK, language.pick("退出登录", "Sign out"), &out(language))
}

/// Somebody is out.
pub(super) fn signed_out(language: Language) -> Reply {
    let body = language.pick("<p>您已安全退出。</p>", "<p>You are signed out.</p>");
    shown(language, StatusCode::OK, language.pick("已退出", "Signed out"), body)
}

/// Nobody was signed in, why, and what to do.
pub(super) fn refused(language: Language, connection: Option<&str>, why: &NotSignedIn) -> Reply {
    let (status, chinese, english) = match why {
        NotSignedIn::NoConnection => {
            (StatusCode::NOT_FOUND, "没有这个登录入口。请检查链接。", "Nobody signs in here. Check the link.")
        }
        NotSignedIn::NotReady(_) => (
            StatusCode::CONFLICT,
            "此登录入口尚未配置完成。请联系管理员。",
            "This sign-in is not set up yet. Ask your administrator.",
        ),
        NotSignedIn::ReturnTo => (
            StatusCode::BAD_REQUEST,
            "登录后要返回的地址未登记。",
            "The address to return to after the sign-in is not registered.",
        ),
        NotSignedIn::State => (
            StatusCode::BAD_REQUEST,
            "此次登录已失效、已使用，或不是在此浏览器中开始的。请重新登录。",
            "This sign-in is over, was used, or was not begun in this browser. Begin again.",
        ),
        NotSignedIn::Denied => (
            StatusCode::FORBIDDEN,
            "您拒绝了授权，因此未登录。",
            "You did not agree, so you are not signed in.",
        ),
        NotSignedIn::Code => (
            StatusCode::BAD_REQUEST,
            "授权码无效、已使用或已过期。请重新登录。",
            "The code was not valid, was used, or is over. Begin again.",
        ),
        NotSignedIn::Return => (
            StatusCode::BAD_REQUEST,
            "返回的请求无效，或属于其他应用。",
            "What came back cannot be read, or is meant for another app.",
        ),
        NotSignedIn::Account => (
            StatusCode::FORBIDDEN,
            "此账号不能登录：已停用，或不属于在职员工。",
            "This account may not sign in: it is closed, or its owner does not work here.",
        ),
        NotSignedIn::Vendor => (
            StatusCode::BAD_GATEWAY,
            "暂时无法向登录服务核实您的身份。请稍后再试。",
            "The sign-in service cannot be asked who you are for now. Try again later.",
        ),
        NotSignedIn::Limited(_) => (
            StatusCode::TOO_MANY_REQUESTS,
            "尝试次数过多。请稍后再试。",
            "There were too many attempts. Try again later.",
        ),
        NotSignedIn::Ours => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "登录失败。请稍后再试。",
            "The sign-in failed. Try again later.",
        ),
    };
    let again = match (why, connection) {
        (
            NotSignedIn::State | NotSignedIn::Denied | NotSignedIn::Code | NotSignedIn::Vendor,
            Some(connection),
        ) => {
            let text = language.pick("重新登录", "Sign in again");
            format!("\n<p><a href=\"/login/{}\">{text}</a></p>", segment(connection))
        }
        _ => String::new(),
    };
    let body = format!("<p role=\"alert\">{}</p>{again}", language.pick(chinese, english));
    shown(language, status, language.pick("无法登录", "Not signed in"), &body)
}

fn out(language: Language) -> String {
    let text = language.pick("退出登录", "Sign out");
    format!("<form method=\"post\" action=\"/logout\">\n<button type=\"submit\">{text}</button>\n</form>")
}

fn segment(connection: &str) -> String {
    utf8_percent_encode(connection, NON_ALPHANUMERIC).to_string()
}

fn shown(language: Language, status: StatusCode, title: &str, body: &str) -> Reply {
    html_reply(status, page_in(language, title, body))
}
