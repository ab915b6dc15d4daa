//! Pages that a face shows a person in a browser: sign-in, consent, refusal. Rendered on the server from texts that are
//! escaped on the way, without scripts; where to go next is an answer like any other.

use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::Reply;

/// How pages look. One column that fits a telephone, the system's own letters, light and dark as the reader has it.
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2430;--quiet:#5b6675;--paper:#fff;--ground:#f2f4f7;--line:#d5dae1;--deed:#1f5fbf}\
@media(prefers-color-scheme:dark){:root{--ink:#e7ebf0;--quiet:#a3adba;--paper:#1b2028;--ground:#12161c;--line:#39424f;\
--deed:#6ea4f4}}\
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;\
background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,\"PingFang SC\",\"Microsoft YaHei\",sans-serif}\
main{width:100%;max-width:26rem;margin:1rem;padding:1.75rem;background:var(--paper);border:1px solid var(--line);\
border-radius:12px;overflow-wrap:anywhere}a{color:var(--deed)}\
h1{margin:0 0 1rem;font-size:1.3rem}p{margin:.6rem 0}small{color:var(--quiet)}\
label{display:block;margin:.9rem 0 0;font-weight:600}input:not([type=hidden]){display:block;width:100%;margin-top:.3rem;\
padding:.6rem .7rem;font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:8px}\
button{margin:1.2rem .6rem 0 0;padding:.6rem 1.2rem;font:inherit;font-weight:600;border-radius:8px;cursor:pointer;\
border:1px solid var(--deed);background:var(--deed);color:var(--paper)}button.quiet{background:transparent;\
color:var(--ink);border-color:var(--line)}input:focus-visible,button:focus-visible{outline:3px solid var(--deed);\
outline-offset:2px}[role=alert]{padding:.6rem .8rem;border:1px solid #c8553d;border-radius:8px}ul{padding-left:1.2rem}";

/// What the browser is shown, or where it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Screen {
    /// A page, as HTML.
    Page(String),
    /// An address.
    Redirect(String),
    /// The same, and the browser is given something to keep until it is closed.
    Keeping(Cookie, Box<Screen>),
}

/// What a browser keeps for a face, and shows it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cookie {
    /// Its name: letters, digits, `_`.
    pub name: String,
    /// Its value: letters, digits, `-`, `_`, `.`; empty takes it back.
    pub value: String,
}

impl Cookie {
    /// The value of this name among what a browser sent (RFC 6265 §5.4).
    pub fn read<'a>(sent: &'a str, name: &str) -> Option<&'a str> {
        let mut pairs = sent.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(known, _)| *known == name).map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    /// Not for scripts, nor for other sites' forms. Over TLS or not: a face does not know how people come to it.
    fn header(&self) -> Option<HeaderValue> {
        let end = if self.value.is_empty() { "; Max-Age=0" } else { "" };
        HeaderValue::from_str(&format!("{}={}; Path=/{end}; HttpOnly; SameSite=Lax", self.name, self.value))
            .ok()
    }
}

impl Screen {
    /// Turns a serialised screen into a reply.
    pub fn reply(body: &[u8]) -> Reply {
        match serde_json::from_slice::<Self>(body) {
            Ok(screen) => screen.shown(),
            Err(_) => refusal(StatusCode::INTERNAL_SERVER_ERROR, "the page cannot be shown"),
        }
    }

    fn shown(self) -> Reply {
        match self {
            Self::Page(html) => html_reply(StatusCode::OK, html),
            Self::Redirect(location) => match Reply::redirect(&location) {
                Some(reply) => guarded(reply),
                None => refusal(StatusCode::BAD_REQUEST, "the address to return to cannot be used"),
            },
            Self::Keeping(cookie, screen) => {
                let mut reply = screen.shown();
                if let Some(value) = cookie.header() {
                    reply.headers.append(header::SET_COOKIE, value);
                }
                reply
            }
        }
    }

    /// Turns a reply back into a serialised screen; none when it is no success.
    pub fn read(reply: &Reply) -> Option<Bytes> {
        let screen = if reply.status == StatusCode::FOUND {
            Self::Redirect(reply.headers.get(header::LOCATION)?.to_str().ok()?.to_owned())
        } else if reply.status.is_success() {
            Self::Page(String::from_utf8(reply.body.to_vec()).ok()?)
        } else {
            return None;
        };
        serde_json::to_vec(&screen).ok().map(Into::into)
    }
}

/// The languages of pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// 中文, the vendors' own.
    #[default]
    Chinese,
    /// English.
    English,
}

impl Language {
    /// What a browser wants most (`Accept-Language`, RFC 9110 §12.5.4) of what there is; Chinese where it says nothing.
    pub fn wanted(accept: Option<&str>) -> Self {
        let mut best = (Self::default(), 0.0);
        for range in accept.unwrap_or_default().split(',').take(RANGES_MAX) {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.trim().strip_prefix("q="));
            let weight: f32 = weight.map_or(1.0, |text| text.trim().parse().unwrap_or(0.0));
            let language = match tag.split('-').next() {
                Some("zh") => Self::Chinese,
                Some("en") => Self::English,
                _ => continue,
            };
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }

    /// Of two texts the one in this language.
    pub fn pick<T>(self, chinese: T, english: T) -> T {
        match self {
            Self::Chinese => chinese,
            Self::English => english,
        }
    }
}

/// Languages that a browser may list.
const RANGES_MAX: usize = 32;

/// A whole page in both languages, around a body that is HTML already.
pub fn page(title: &str, body: &str) -> String {
    page_in(Language::Chinese, title, body)
}

/// A whole page in a language, around a body that is HTML already.
pub fn page_in(language: Language, title: &str, body: &str) -> String {
    let (title, language) = (escape(title), language.pick("zh-CN", "en"));
    format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style></head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )
}

/// A page that says what went wrong. It leads nowhere: an address that is not registered gets nothing.
pub fn refusal(status: StatusCode, text: &str) -> Reply {
    let body = format!("<p>无法登录。</p>\n<p>Sign-in is not possible: {}.</p>", escape(text));
    html_reply(status, page("登录 · Sign in", &body))
}

/// Fields of a form that the person does not see.
pub fn hidden(fields: &[(&str, &str)]) -> String {
    let field = |(name, value): &(&str, &str)| {
        format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", escape(name), escape(value))
    };
    fields.iter().map(field).collect()
}

/// Text as HTML, safe between tags and in quoted attributes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Characters that turn the direction of writing round could make a name read as another.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            other => escaped.push(other),
        }
    }
    escaped
}

/// A page with a status, under the headers that every page has.
pub fn html_reply(status: StatusCode, html: String) -> Reply {
    let mut reply = Reply::empty(status);
    reply.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    reply.body = html.into();
    guarded(reply)
}

/// No scripts, no frames, no copies, no trail; one style sheet, known by its hash (CSP level 3 §6.7.3.3).
fn guarded(mut reply: Reply) -> Reply {
    let style = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE));
    let policy =
        format!("default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; frame-ancestors 'none'");
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        reply.headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    let headers = [
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in headers {
        reply.headers.insert(name, HeaderValue::from_static(value));
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_are_called_stays_text() {
        let html = page("<b>", &format!("<p>{}</p>", escape("\"><img onerror=x> & '\u{202e}gnp.exe")));
        assert!(html.contains("<title>&lt;b&gt;</title>"));
        assert!(html.contains("&quot;&gt;&lt;img onerror=x&gt; &amp; &#39;gnp.exe"));
        assert_eq!(hidden(&[("a", "\"<")]), "<input type=\"hidden\" name=\"a\" value=\"&quot;&lt;\">\n");
    }

    #[test]
    fn a_browser_keeps_what_it_is_given_and_shows_it_among_others() {
        let cookie = |value: &str| Cookie { name: "face".to_owned(), value: value.to_owned() };
        let shown = |value| {
            let screen =
                Screen::Keeping(cookie(value), Box::new(Screen::Redirect("https://app/".to_owned())));
            Screen::reply(&serde_json::to_vec(&screen).unwrap())
        };
        let reply = shown("abc.def");
        assert_eq!(
            (reply.status, &reply.headers["location"]),
            (StatusCode::FOUND, &HeaderValue::from_static("https://app/"))
        );
        assert_eq!(reply.headers["set-cookie"], "face=abc.def; Path=/; HttpOnly; SameSite=Lax");
        assert_eq!(shown("").headers["set-cookie"], "face=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        assert_eq!(Cookie::read("a=b; face=abc.def;c", "face"), Some("abc.def"));
        assert_eq!(Cookie::read("surface=x; face=", "face"), None);
    }

    #[test]
    fn the_browser_says_which_language() {
        for (accept, english) in [
            ("en", true),
            ("en-GB,en;q=0.9", true),
            ("fr, en;q=0.5, zh;q=0.4", true),
            ("zh-CN,zh;q=0.9,en;q=0.8", false),
            ("zh-TW", false),
            ("de", false),
            ("en;q=0, zh;q=0.1", false),
            ("en;q=x", false),
            ("", false),
        ] {
            assert_eq!(Language::wanted(Some(accept)) == Language::English, english, "{accept}");
        }
        assert!(page_in(Language::English, "t", "").contains("<html lang=\"en\">"));
    }

    #[test]
    fn a_screen_goes_out_and_comes_back() {
        for screen in
            [Screen::Page(page("t", "<p>b</p>")), Screen::Redirect("https://a.example/?b=1".to_owned())]
        {
            let reply = Screen::reply(&serde_json::to_vec(&screen).expect("serialises"));
            assert!(reply.headers.contains_key(header::CONTENT_SECURITY_POLICY));
            let read = Screen::read(&reply).expect("a success");
            assert_eq!(serde_json::from_slice::<Screen>(&read).expect("a screen"), screen);
        }
        let bad = serde_json::to_vec(&Screen::Redirect("https://a.example/\r\nx: y".to_owned()))
            .expect("serialises");
        assert_eq!(Screen::reply(&bad).status, StatusCode::BAD_REQUEST);
        assert!(Screen::read(&refusal(StatusCode::FORBIDDEN, "no")).is_none());
    }
}
