//! What the transports reach, refuse and cut.

use super::*;

fn message(path: &str, query: &str) -> Message {
    let mut message = Message::new(http::Method::GET, path);
    message.query = query.to_owned();
    message
}

#[test]
fn base_urls_are_checked() {
    for bad in [
        "zhiren.example.com",
        "ftp://a.example.com",
        "http://a.example.com",
        "https://u:p@a.example.com",
        "https://a.example.com/?q=1",
    ] {
        let error = Base::parse(bad, false).err().unwrap();
        assert!(!error.public().contains("p@"), "{bad}");
    }
    for good in
        ["https://a.example.com", "http://127.0.0.1:7070/d/zhiren", "http://[::1]:1", "http://localhost:1/"]
    {
        assert!(Base::parse(good, false).is_ok(), "{good}");
    }
    assert!(Base::parse("http://a.example.com", true).is_ok());
}

#[test]
fn the_prefix_goes_in_front_and_nothing_is_changed() {
    let base = Base::parse("http://127.0.0.1:7070/d/zhiren/", false).unwrap();
    let url = base.address(&message("/api/v2/employees/%E5%BC%A0", "payload=%7B%7D&signature=1")).unwrap();
    assert_eq!(
        url.as_str(),
        "http://127.0.0.1:7070/d/zhiren/api/v2/employees/%E5%BC%A0?payload=%7B%7D&signature=1"
    );
    assert!(base.address(&message("/api/v2/employees/..", "")).is_none());
    assert!(base.address(&message("/a", "x=a b")).is_none());
}

#[tokio::test]
async fn an_error_names_the_place_and_no_credentials() {
    let error = transport(&Settings::default(), "http://127.0.0.1:1")
        .send(message("/a", "access_key=ak&signature=sig"))
        .await
        .unwrap_err();
    assert!(error.unsent);
    assert!(error.text.starts_with("no connection to 127.0.0.1:1: "), "{}", error.text);
    assert!(!error.text.contains("sig"));
}

/// A server for one request: sends these bytes, and says what it was asked.
async fn answering(answer: &'static [u8]) -> (String, tokio::task::JoinHandle<String>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 4096];
        let count = stream.read(&mut head).await.unwrap();
        stream.write_all(answer).await.unwrap();
        String::from_utf8_lossy(&head[..count]).into_owned()
    });
    (address, asked)
}

fn transport(settings: &Settings, base_url: &str) -> Arc<dyn Transport> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    HttpTransports::new(settings).open(base_url).unwrap()
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (address, asked) =
        answering(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;
    let reply = transport(&Settings::default(), &address).send(message("/a", "signature=s")).await.unwrap();
    assert_eq!(reply.status, http::StatusCode::FOUND);
    assert!(asked.await.unwrap().starts_with("GET /a?signature=s HTTP/1.1"));
}

#[tokio::test]
async fn an_answer_has_a_largest_size_and_must_be_whole() {
    let settings = Settings { answer_bytes_max: 4, ..Settings::default() };
    let (address, _) = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabcde").await;
    let error = transport(&settings, &address).send(message("/", "")).await.unwrap_err();
    assert!(error.text.contains("answer_bytes_max") && !error.unsent, "{}", error.text);
    let (address, _) = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabcd").await;
    assert_eq!(&transport(&settings, &address).send(message("/", "")).await.unwrap().body[..], b"abcd");
    let (address, _) = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab").await;
    let error = transport(&settings, &address).send(message("/", "")).await.unwrap_err();
    assert!(error.text.contains("broke off"), "{}", error.text);
}

fn outbound(ranges: &str) -> HttpTransports {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut settings = Settings::default();
    let ranges = ranges.split(',').filter(|text| !text.is_empty());
    settings.webhook_private_ranges.0 = Addresses::of(ranges).unwrap();
    HttpTransports::new(&settings)
}

#[tokio::test]
async fn messages_to_apps_do_not_lead_inwards() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let transports = outbound("");
    for host in ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433", "169.254.169.254"] {
        assert!(transports.open_outbound(&format!("http://{host}:{port}")).is_err(), "{host}");
        assert!(transports.check_outbound(&format!("http://{host}:{port}")).await.is_err(), "{host}");
    }
    // A name is resolved when it is used, and what it leads to is looked at then.
    let name = format!("http://localhost:{port}");
    assert!(transports.check_outbound(&name).await.is_err());
    let error = transports.open_outbound(&name).unwrap().send(message("/", "")).await.unwrap_err();
    assert!(error.unsent && error.text.contains("private"), "{}", error.text);
    let knocked = listener.into_std().unwrap().accept();
    assert_eq!(knocked.unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nothing may connect");
    assert!(outbound("127.0.0.0/8,::1/128").check_outbound(&name).await.is_ok());
}

#[tokio::test]
async fn permitted_networks_are_reached_and_long_answers_are_cut() {
    let body: &'static [u8] = Box::leak(
        [b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n".as_slice(), &[b'a'; 200_000]]
            .concat()
            .into_boxed_slice(),
    );
    let (address, asked) = answering(body).await;
    let transport = outbound("127.0.0.0/8").open_outbound(&address).unwrap();
    let reply = transport.send(message("/hook", "")).await.unwrap();
    assert_eq!((reply.status.as_u16(), reply.body.len()), (200, OUTBOUND_ANSWER_BYTES_MAX));
    asked.abort();
    let (address, _) =
        answering(b"HTTP/1.1 307 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;
    let transport = outbound("127.0.0.0/8").open_outbound(&address).unwrap();
    assert_eq!(transport.send(message("/hook", "")).await.unwrap().status.as_u16(), 307);
}
