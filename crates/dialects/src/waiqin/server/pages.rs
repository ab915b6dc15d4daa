//! What a person sees on the way to a code: sign in, agree, or why not. In Chinese or English, as the browser asks.

use tongshi_dialect::{Language, Screen, escape, hidden, page_in};

/// The pages post to the address of family A, wherever the face is mounted: the menu's pages lie deeper.
const ACTION: &str = "authorize";

/// The page on which one signs in.
pub(super) fn sign_in(language: Language, app: &str, step: &str, refused: bool) -> Screen {
    let app = escape(app);
    let notice = match (refused, language) {
        (false, _) => "",
        (true, Language::Chinese) => "<p role=\"alert\">账号或密码不正确。</p>\n",
        (true, Language::English) => "<p role=\"alert\">The account or the password is not right.</p>\n",
    };
    let lead =
        language.pick(format!("登录后继续使用 <b>{app}</b>。"), format!("Sign in to go on to <b>{app}</b>."));
    let body = format!(
        "<p>{lead}</p>\n{notice}\
         <form method=\"post\" action=\"{ACTION}\">\n{hidden}\
         <label>{account}<input name=\"login\" autocomplete=\"username\" autofocus required></label>\n\
         <label>{password}<input name=\"password\" type=\"password\" autocomplete=\"current-password\" required>\
         </label>\n<button type=\"submit\">{deed}</button>\n</form>",
        hidden = hidden(&[("step", step)]),
        account = language.pick("账号", "Account"),
        password = language.pick("密码", "Password"),
        deed = language.pick("登录", "Sign in"),
    );
    Screen::Page(page_in(language, language.pick("登录勤策", "Sign in to Qince"), &body))
}

/// The page on which one agrees that the app may know who one is.
pub(super) fn consent(language: Language, app: &str, person: &str, step: &str) -> Screen {
    let (app, person) = (escape(app), escape(person));
    let body = format!(
        "<p>{lead}</p>\n<ul><li>{name}</li><li>{account}</li><li>{unit}</li></ul>\n<p><small>{who}</small></p>\n\
         <form method=\"post\" action=\"{ACTION}\">\n{hidden}\
         <button type=\"submit\" name=\"decision\" value=\"allow\">{allow}</button>\n\
         <button type=\"submit\" name=\"decision\" value=\"deny\" class=\"quiet\">{deny}</button>\n\
         <button type=\"submit\" name=\"decision\" value=\"other\" class=\"quiet\">{other}</button>\n</form>",
        lead = language.pick(
            format!("<b>{app}</b> 申请获取您的以下信息："),
            format!("<b>{app}</b> asks to know this about you:")
        ),
        name = language.pick("姓名", "your name"),
        account = language.pick("账号与账号状态", "your account and whether it is open"),
        unit = language.pick("所在部门", "your department"),
        who = language.pick(format!("您以 {person} 的身份登录。"), format!("You are signed in as {person}.")),
        hidden = hidden(&[("step", step)]),
        allow = language.pick("同意", "Allow"),
        deny = language.pick("拒绝", "Deny"),
        other = language.pick("换个账号", "Another account"),
    );
    Screen::Page(page_in(language, language.pick("授权确认", "Your consent"), &body))
}

/// The page to which failures lead, with one of the six documented errors.
pub(super) fn failure(language: Language, error: &str, state: Option<&str>, app_id: &str) -> Screen {
    let (chinese, english) = match error {
        "invalid_request" => ("请求无效。", "The request is not valid."),
        "unauthorized_client" => {
            ("该应用未获授权使用此链接。", "The app is not authorised to use this link.")
        }
        "access_denied" => ("您拒绝了授权。", "You did not agree."),
        "unsupported_response_type" => ("不支持的响应类型。", "The response type is not supported."),
        "invalid_scope" => ("申请的信息不被允许。", "What the app asks for is not allowed."),
        _ => ("服务器错误，请稍后再试。", "The server failed; try again later."),
    };
    let state = state.map_or_else(String::new, |state| format!("<br>state: {}", escape(state)));
    let body = format!(
        "<p role=\"alert\">{}</p>\n<p><small>error: {error}<br>app_id: {app_id}{state}</small></p>",
        language.pick(chinese, english),
        error = escape(error),
        app_id = escape(app_id),
    );
    Screen::Page(page_in(language, language.pick("无法授权", "Not authorised"), &body))
}
