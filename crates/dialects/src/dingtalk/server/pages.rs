//! What a person sees on the way to a code: sign in, agree. Chinese first, English beside it.

use tongshi_dialect::{Screen, escape, hidden, page};

/// Where the pages' forms go: beside the address of the first page.
const ACTION: &str = "auth";

/// The page on which one signs in.
pub(super) fn sign_in(app: &str, step: &str, refused: bool) -> Screen {
    let notice = if refused {
        "<p role=\"alert\">账号或密码不正确。Login or password is wrong.</p>\n"
    } else {
        ""
    };
    let body = format!(
        "<p>登录后继续使用 <b>{app}</b>。<br><small>Sign in to go on to {app}.</small></p>\n{notice}\
         <form method=\"post\" action=\"{ACTION}\">\n{hidden}\
         <label>工号或手机号 Number or mobile<input name=\"login\" autocomplete=\"username\" required></label>\n\
         <label>密码 Password<input name=\"password\" type=\"password\" autocomplete=\"current-password\" required>\
         </label>\n<button type=\"submit\">登录 Sign in</button>\n</form>",
        app = escape(app),
        hidden = hidden(&[("step", step)]),
    );
    Screen::Page(page("登录钉钉 · Sign in", &body))
}

/// The page on which one agrees that the app may know who one is.
pub(super) fn consent(app: &str, person: &str, step: &str, with_company: bool) -> Screen {
    let company = if with_company { "<li>所在企业 <small>your company</small></li>" } else { "" };
    let body = format!(
        "<p><b>{app}</b> 申请获取您的以下信息:<br><small>{app} asks to know this about you:</small></p>\n\
         <ul><li>昵称、头像、手机号、邮箱 <small>name, picture, mobile, mail</small></li>{company}</ul>\n\
         <p><small>您以 {person} 的身份登录。You are signed in as {person}.</small></p>\n\
         <form method=\"post\" action=\"{ACTION}\">\n{hidden}\
         <button type=\"submit\" name=\"decision\" value=\"allow\">同意 Allow</button>\n\
         <button type=\"submit\" name=\"decision\" value=\"deny\" class=\"quiet\">拒绝 Deny</button>\n</form>",
        app = escape(app),
        person = escape(person),
        hidden = hidden(&[("step", step)]),
    );
    Screen::Page(page("授权确认 · Consent", &body))
}
