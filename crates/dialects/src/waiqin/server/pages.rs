//! What a person sees on the way to a code: sign in, agree. Chinese first, English beside it.

use tongshi_dialect::{Screen, escape, hidden, page};

/// The page on which one signs in.
pub(super) fn sign_in(app: &str, step: &str, refused: bool) -> Screen {
    let notice = if refused {
        "<p role=\"alert\">账号或密码不正确。Login or password is wrong.</p>\n"
    } else {
        ""
    };
    let body = format!(
        "<p>登录后继续使用 <b>{app}</b>。<br><small>Sign in to go on to {app}.</small></p>\n{notice}\
         <form method=\"post\" action=\"{action}\">\n{hidden}\
         <label>账号 Login<input name=\"login\" autocomplete=\"username\" required></label>\n\
         <label>密码 Password<input name=\"password\" type=\"password\" autocomplete=\"current-password\" required>\
         </label>\n<button type=\"submit\">登录 Sign in</button>\n</form>",
        app = escape(app),
        action = ACTION,
        hidden = hidden(&[("step", step)]),
    );
    Screen::Page(page("登录勤策 · Sign in", &body))
}

/// The page on which one agrees that the app may know who one is.
pub(super) fn consent(app: &str, person: &str, step: &str) -> Screen {
    let body = format!(
        "<p><b>{app}</b> 申请获取您的以下信息:<br><small>{app} asks to know this about you:</small></p>\n\
         <ul><li>姓名、账号、部门 <small>name, login, department</small></li></ul>\n\
         <p><small>您以 {person} 的身份登录。You are signed in as {person}.</small></p>\n\
         <form method=\"post\" action=\"{action}\">\n{hidden}\
         <button type=\"submit\" name=\"decision\" value=\"allow\">同意 Allow</button>\n\
         <button type=\"submit\" name=\"decision\" value=\"deny\" class=\"quiet\">拒绝 Deny</button>\n</form>",
        app = escape(app),
        person = escape(person),
        action = ACTION,
        hidden = hidden(&[("step", step)]),
    );
    Screen::Page(page("授权确认 · Consent", &body))
}

/// The page to which failures lead, with one of the six documented errors.
pub(super) fn failure(error: &str, state: Option<&str>, app_id: &str) -> Screen {
    let (chinese, english) = match error {
        "invalid_request" => ("请求无效。", "The request is not valid."),
        "unauthorized_client" => {
            ("该应用未获授权使用此链接。", "The app is not authorised to use this link.")
        }
        "access_denied" => ("您拒绝了授权。", "You did not agree."),
        "unsupported_response_type" => ("不支持的响应类型。", "The response type is not supported."),
        "invalid_scope" => ("申请的信息不被允许。", "What the app asks for is not allowed."),
        _ => ("服务器错误,请稍后再试。", "The server failed; try again later."),
    };
    let state = state.map_or_else(String::new, |state| format!("<br>state: {}", escape(state)));
    let body = format!(
        "<p role=\"alert\">{chinese}<br>{english}</p>\n\
         <p><small>error: {error}<br>app_id: {app_id}{state}</small></p>",
        error = escape(error),
        app_id = escape(app_id),
    );
    Screen::Page(page("无法授权 · Not authorised", &body))
}

/// The pages post to the address of family A, wherever the face is mounted: the menu's pages lie deeper.
const ACTION: &str = "authorize";
