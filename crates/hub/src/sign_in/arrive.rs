//! Back: the return is held against the attempt, its code redeemed once, and the person becomes a session. Where the way
//! began at the vendor, the person is asked first: a link that somebody else sent could lead there, too.

use std::net::IpAddr;

use serde_json::{Value, json};
use tongshi_dialect::{Identity, Redemption, SignInFault, strict_pairs};
use tongshi_model::{Error, Id, Kind, Secret, Timestamp};
use tongshi_store::{Session, SessionRow, sessions, tokens};

use super::{
    ATTEMPT, Gate, NotSignedIn, QUESTION, QUESTION_SECONDS, browser_mark, is_token, link, link::Known,
    refusal, verifier,
};
use crate::{
    AuditEntry, Hub, audit, events,
    ingest::Origin,
    workforce::{later, token_hash},
};

/// The longest query of a return.
const QUERY_BYTES_MAX: usize = 8 * 1024;

/// A transaction that loses against another is made again so often.
const TRIES_MAX: u32 = 3;

/// The ways, as sessions and the audit trail name them.
const LINK: &str = "link";
const MENU: &str = "menu";

/// What a return leads to.
#[derive(Debug)]
pub enum Arrived {
    /// Somebody is signed in.
    SignedIn(NewSession),
    /// Somebody came without having been sent out, and is to be asked.
    Asked(Question),
}

/// A new session.
#[derive(Debug)]
pub struct NewSession {
    /// What the browser shows from now on. It is nowhere else.
    pub token: Secret,
    /// For how long.
    pub lifetime_seconds: i64,
    /// Where the person wanted to be; empty for nowhere in particular.
    pub return_to: String,
    /// Whether the token may travel over TLS only.
    pub secure: bool,
}

/// Is it you who came?
#[derive(Debug)]
pub struct Question {
    /// Whom the vendor named.
    pub name: String,
    /// Goes back with a yes.
    pub proof: Secret,
    /// What the browser keeps until then.
    pub browser: Secret,
    /// For how long.
    pub lifetime_seconds: i64,
    /// Whether it may travel over TLS only.
    pub secure: bool,
}

/// An attempt that is being ended.
struct Attempt {
    return_to: String,
    verifier: Secret,
}

/// What a transaction made.
enum Made {
    Session(Secret),
    Question { name: String, proof: Secret },
}

impl Hub {
    /// Takes what a vendor sent a browser back with: the query as it came, and what the browser kept.
    pub async fn end_sign_in(
        &self,
        connection: &str,
        query: &str,
        browser: Option<&str>,
        peer: Option<IpAddr>,
    ) -> Result<Arrived, NotSignedIn> {
        let gate = self.gate(connection).await?;
        self.may_sign_in(&gate, peer)?;
        let pairs = pairs(query)?;
        let sign_in = gate.opened.connector.sign_in().ok_or(NotSignedIn::NoConnection)?;
        let back = sign_in.read_return(&pairs);
        let attempt = match &back.state {
            Some(state) => self.begun(&gate, state, browser, peer).await?,
            None => None,
        };
        let way = if attempt.is_some() { LINK } else { MENU };
        if attempt.is_none() && !sign_in.begins_there(back.state.as_deref()) {
            return Err(self.astray(&gate, peer).await);
        }
        let code = match back.code {
            Ok(code) => code,
            Err(fault) => return Err(self.not(&gate, way, fault.into(), peer).await?),
        };
        let redemption = Redemption {
            code: &code,
            redirect_uri: &gate.redirect_uri,
            verifier: attempt.as_ref().map(|attempt| &attempt.verifier),
        };
        let identity = match sign_in.redeem(&redemption).await {
            Ok(identity) => identity,
            Err(fault) => {
                if fault == SignInFault::Code {
                    self.guessed(&gate, peer).await;
                }
                return Err(self.not(&gate, way, fault.into(), peer).await?);
            }
        };
        self.right(&gate, peer);
        self.let_in(&gate, &identity, attempt, peer).await
    }

    /// Takes somebody's word that it is they who came from the vendor.
    pub async fn confirm_sign_in(
        &self,
        connection: &str,
        proof: &str,
        browser: Option<&str>,
        peer: Option<IpAddr>,
    ) -> Result<NewSession, NotSignedIn> {
        let gate = self.gate(connection).await?;
        self.may_sign_in(&gate, peer)?;
        let Some(kept) = self.used_up(&gate, QUESTION, proof, browser).await? else {
            return Err(self.astray(&gate, peer).await);
        };
        let account: Option<Id> = kept["account"].as_str().and_then(|id| id.parse().ok());
        let account = account.ok_or(NotSignedIn::State)?;
        let mut session = self.store().write().await?;
        let token = match link::known(&mut session, &gate.workspace, account).await? {
            Ok(known) => self.admit(&mut session, &gate, &known, MENU, peer).await?,
            Err(why) => {
                audit::note(&mut session, &gate.workspace, refusal(&gate, MENU, &why, peer)).await?;
                session.commit().await?;
                return Err(why);
            }
        };
        session.commit().await?;
        Ok(self.new_session(&gate, token, String::new()))
    }

    /// The attempt with this state, used up; none where there is no such attempt.
    async fn begun(
        &self,
        gate: &Gate,
        state: &str,
        browser: Option<&str>,
        peer: Option<IpAddr>,
    ) -> Result<Option<Attempt>, NotSignedIn> {
        if !is_token(state) {
            return Ok(None);
        }
        let known = tokens::peek(&mut self.store().read().await?, ATTEMPT, &token_hash(state)).await?;
        if known.is_none() {
            return Ok(None);
        }
        let Some(kept) = self.used_up(gate, ATTEMPT, state, browser).await? else {
            // It was ours once: no guess, but noted.
            return Err(self.not(gate, LINK, NotSignedIn::State, peer).await?);
        };
        let return_to = kept["return_to"].as_str().unwrap_or_default().to_owned();
        Ok(Some(Attempt { return_to, verifier: verifier(browser.unwrap_or_default(), state) }))
    }

    /// Uses up something that was kept for this connection and this browser, once and in time. What another browser shows
    /// stays for the right one.
    async fn used_up(
        &self,
        gate: &Gate,
        purpose: &str,
        token: &str,
        browser: Option<&str>,
    ) -> Result<Option<Value>, Error> {
        let Some(browser) = browser.filter(|kept| is_token(kept)) else { return Ok(None) };
        if !is_token(token) {
            return Ok(None);
        }
        let hash = token_hash(token);
        let mut session = self.store().write().await?;
        let Some(kept) = tokens::peek(&mut session, purpose, &hash).await? else { return Ok(None) };
        let ours = kept.workspace == gate.workspace.no
            && kept.payload["connection"] == *gate.opened.connection.id.to_string()
            && kept.payload["browser"] == *browser_mark(browser)
            && kept.expires_at.is_some_and(|end| end > session.now());
        if !ours || tokens::use_once(&mut session, purpose, &hash).await?.is_none() {
            return Ok(None);
        }
        session.commit().await?;
        Ok(Some(kept.payload))
    }

    /// Notes that somebody was not let in.
    async fn not(
        &self,
        gate: &Gate,
        way: &str,
        why: NotSignedIn,
        peer: Option<IpAddr>,
    ) -> Result<NotSignedIn, Error> {
        let mut session = self.store().write().await?;
        audit::note(&mut session, &gate.workspace, refusal(gate, way, &why, peer)).await?;
        session.commit().await?;
        Ok(why)
    }

    /// Takes the account into the record, finds its employee, and makes a session; on the way that began at the vendor
    /// a question.
    async fn let_in(
        &self,
        gate: &Gate,
        identity: &Identity,
        attempt: Option<Attempt>,
        peer: Option<IpAddr>,
    ) -> Result<Arrived, NotSignedIn> {
        let browser = self.token();
        let ask = attempt.is_none().then_some(&*browser);
        let mut tried = 0;
        let made = loop {
            tried += 1;
            match self.settled(gate, identity, ask, peer).await {
                Err(error) if error.retryable() && tried < TRIES_MAX => {}
                made => break made??,
            }
        };
        Ok(match made {
            Made::Session(token) => {
                let return_to = attempt.map(|attempt| attempt.return_to).unwrap_or_default();
                Arrived::SignedIn(self.new_session(gate, token, return_to))
            }
            Made::Question { name, proof } => Arrived::Asked(Question {
                name,
                proof,
                browser: Secret::new(browser),
                lifetime_seconds: QUESTION_SECONDS,
                secure: gate.secure(),
            }),
        })
    }

    /// One transaction: the account, whose it is, the session or question, and the note of it.
    async fn settled(
        &self,
        gate: &Gate,
        identity: &Identity,
        ask: Option<&str>,
        peer: Option<IpAddr>,
    ) -> Result<Result<Made, NotSignedIn>, Error> {
        let way = if ask.is_some() { MENU } else { LINK };
        let opened = &gate.opened;
        let actor = format!("sign_in:{}", opened.connection.name);
        let mut session = self.store().write().await?;
        let origin = Origin {
            workspace: &gate.workspace,
            connection: opened.connection.no,
            space: opened.space,
            run: None,
            actor: &actor,
            now: session.now(),
        };
        events::take_row_in(&mut session, &origin, opened, Kind::Account, identity.row.clone()).await?;
        let account = opened.space.id(Kind::Account, &identity.row.remote_id);
        let made = match (link::known(&mut session, &gate.workspace, account).await?, ask) {
            (Ok(known), None) => Ok(Made::Session(self.admit(&mut session, gate, &known, way, peer).await?)),
            (Ok(known), Some(browser)) => {
                let proof = self.token();
                let payload = json!({
                    "connection": opened.connection.id, "browser": browser_mark(browser), "account": known.account,
                });
                let end = Some(later(session.now(), QUESTION_SECONDS));
                let hash = token_hash(&proof);
                tokens::put(&mut session, &gate.workspace, QUESTION, &hash, None, None, &payload, end)
                    .await?;
                Ok(Made::Question { name: known.name, proof: Secret::new(proof) })
            }
            (Err(why), _) => {
                let entry = refusal(gate, way, &why, peer);
                let entry = AuditEntry { actor: format!("account:{account}"), ..entry };
                audit::note(&mut session, &gate.workspace, entry).await?;
                Err(why)
            }
        };
        session.commit().await?;
        Ok(made)
    }

    /// Makes the session of somebody who may come in.
    async fn admit(
        &self,
        session: &mut Session,
        gate: &Gate,
        known: &Known,
        way: &'static str,
        peer: Option<IpAddr>,
    ) -> Result<Secret, Error> {
        let (token, now) = (self.token(), session.now());
        let row = SessionRow {
            id: self.new_id(),
            workspace: gate.workspace.no,
            connection: gate.opened.connection.no,
            account: known.account,
            employee: known.employee,
            way: way.to_owned(),
            created_at: now,
            expires_at: self.session_end(now),
            revoked_at: None,
            revoked_by: None,
        };
        sessions::link(session, &gate.workspace, known.account, known.employee, known.rule).await?;
        sessions::put(session, &token_hash(&token), &row).await?;
        let detail = json!({
            "way": way, "session": row.id, "employee": known.employee, "rule": known.rule, "address": peer,
        });
        let actor = format!("account:{}", known.account);
        let entry = AuditEntry::done(actor, "sign_in", gate.name()).with(detail);
        audit::note(session, &gate.workspace, entry).await?;
        Ok(Secret::new(token))
    }

    fn session_end(&self, now: Timestamp) -> Timestamp {
        later(now, self.session_seconds())
    }

    fn session_seconds(&self) -> i64 {
        i64::from(self.settings().session_hours) * 3600
    }

    fn new_session(&self, gate: &Gate, token: Secret, return_to: String) -> NewSession {
        NewSession { token, lifetime_seconds: self.session_seconds(), return_to, secure: gate.secure() }
    }
}

/// The decoded pairs of a return. A name that is there twice is somebody's trick.
fn pairs(query: &str) -> Result<Vec<(String, String)>, NotSignedIn> {
    if query.len() > QUERY_BYTES_MAX {
        return Err(NotSignedIn::Return);
    }
    let pairs = strict_pairs(query.as_bytes()).map_err(|_| NotSignedIn::Return)?;
    let text = |value: Value| value.as_str().map(str::to_owned).unwrap_or_default();
    Ok(pairs.into_iter().map(|(name, value)| (name, text(value))).collect())
}
