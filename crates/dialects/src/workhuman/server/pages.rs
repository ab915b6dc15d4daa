//! What a person sees on the way to a code: sign in, agree. English first, Chinese beside it.

use tongshi_dialect::{Screen, escape, hidden, page};

/// Where the pages post to, relative to their own address.
const ACTION: &str = "authorize";

/// The page on which one signs in.
pub(super) fn sign_in(app: &str, step: &str, refused: bool) -> Screen {
    let notice = if refused {
        "<p role=\"alert\">Employee number or password is wrong. 工号或密码不正确。</p>\n"
    } else {
        ""
    };
    let body = format!(
        "<p>Sign in to go on to <b>{app}</b>.<br><small>登录后继续使用 {app}。</small></p>\n{notice}\
         <form method=\"post\" action=\"{ACTION}\">\n{hidden}\
         <label>Employee number 工号<input name=\"login\" autocomplete=\"username\" required></label>\n\
         <label>Password 密码<input name=\"password\" type=\"password\" autocomplete=\"current-password\" required>\
         </label>\n<button type=\"submit\">Sign in 登录</button>\n</form>",
        app = escape(app),
        hidden = hidden(&[("step", step)]),
    );
    Screen::Page(page("Workhuman (sample) · Sign in", &body))
}

/// The page on which one agrees that the app may act for one.
pub(super) fn consent(app: &str, person: &str, step: &str) -> Screen {
    let body = format!(
        "<p><b>{app}</b> asks to act for you:<br><small>{app} 申请以您的身份:</small></p>\n\
         <ul><li>see recognitions and your points, nominate colleagues, take rewards \
         <small>查看认可与积分、提名同事、兑换奖励</small></li></ul>\n\
         <p><small>You are signed in as {person}. 您以 {person} 的身份登录。</small></p>\n\
         <form method=\"post\" action=\"{ACTION}\">\n{hidden}\
         <button type=\"submit\" name=\"decision\" value=\"allow\">Allow 同意</button>\n\
         <button type=\"submit\" name=\"decision\" value=\"deny\" class=\"quiet\">Deny 拒绝</button>\n</form>",
        app = escape(app),
        person = escape(person),
        hidden = hidden(&[("step", step)]),
    );
    Screen::Page(page("Workhuman (sample) · Consent", &body))
}
