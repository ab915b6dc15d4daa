//! A small organisation in memory for the tests of dialects: it keeps what a face writes, finds it as the store
//! would, and lets a client talk to a face without a socket.

mod acts;
mod deeds;
mod desk;
mod kept;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use serde_json::{Map, Value};
use tongshi_model::{
    Action, Clock, Draft, Entity, Error, Id, Kind, LocalDate, Punch, Randomness, SeededRandomness, Timestamp,
};

pub use self::desk::{FakeDesk, Loopback, Scripted};
use self::{
    acts::saved_id,
    kept::{Kept, ordered},
};
use crate::{
    Announcement, Deed, EndpointDraft, FailedDelivery, Pot, Query, Record, RegisteredEndpoint, Replacement,
    Settled, Token, Workforce, agreement,
};

/// One workspace in memory.
pub struct FakeWorkforce {
    clock: Arc<dyn Clock>,
    randomness: SeededRandomness,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    epoch: u64,
    records: Vec<Kept>,
    punches: Vec<Punch>,
    tokens: BTreeMap<(&'static str, String), Token>,
    settings: BTreeMap<String, Value>,
    announcements: Vec<Announcement>,
    endpoints: Vec<EndpointDraft>,
    failed: Vec<FailedDelivery>,
    tried: Vec<(EndpointDraft, String)>,
    key_ids: BTreeMap<(&'static str, &'static str), String>,
    renewed: BTreeMap<(&'static str, String), String>,
    tallies: BTreeMap<(String, String), u64>,
    questions: u64,
    /// What lies in pots that are no person's, by their printed form.
    pots: BTreeMap<String, i64>,
    answered: BTreeMap<String, (Vec<u8>, Value)>,
}

impl FakeWorkforce {
    /// An empty workspace.
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { clock, randomness: SeededRandomness::new(7), state: Mutex::default() })
    }

    /// Puts an entity in, or in place of the one with this id.
    pub fn put<E: Entity>(&self, id: Id, entity: &E) -> Result<(), Error> {
        self.keep(id, Draft::of(entity)?);
        Ok(())
    }

    /// Puts a draft in, as a connector read it.
    pub fn keep(&self, id: Id, draft: Draft) {
        let now = self.clock.now();
        let mut state = self.change();
        let found = state.records.iter_mut().find(|kept| kept.record.id == id);
        let version = found.as_ref().map_or(1, |kept| kept.record.version + 1);
        let record = Record {
            id,
            kind: draft.kind,
            version,
            doc: draft.doc,
            created_at: now,
            changed_at: now,
            deleted: false,
        };
        let kept = Kept { record, keys: draft.keys, date: draft.date };
        match found {
            Some(place) => *place = kept,
            None => state.records.push(kept),
        }
    }

    /// Marks a record as gone.
    pub fn delete(&self, id: Id) {
        for kept in self.change().records.iter_mut().filter(|kept| kept.record.id == id) {
            kept.record.deleted = true;
        }
    }

    /// Puts punches in.
    pub fn punch(&self, punches: impl IntoIterator<Item = Punch>) {
        self.change().punches.extend(punches);
    }

    /// Makes this very text a token.
    pub fn plant_token(
        &self,
        purpose: &'static str,
        text: &str,
        payload: Value,
        expires_at: Option<Timestamp>,
    ) {
        let token = Token { payload, expires_at, used_at: None };
        self.change().tokens.insert((purpose, text.to_owned()), token);
    }

    /// Makes this the public half of the app's key of this name.
    pub fn name_key(&self, face: &'static str, name: &'static str, key_id: &str) {
        self.change().key_ids.insert((face, name), key_id.to_owned());
    }

    /// Voids all tokens of this purpose, as a vendor may before their end.
    pub fn forget_tokens(&self, purpose: &'static str) {
        self.change().tokens.retain(|(of, _), _| *of != purpose);
    }

    /// All live records of a kind.
    pub fn all<E: Entity>(&self) -> Result<Vec<(Id, E)>, Error> {
        let state = self.state();
        let live = state.records.iter().filter(|kept| kept.record.kind == E::KIND && !kept.record.deleted);
        live.map(|kept| Ok((kept.record.id, kept.record.read()?))).collect()
    }

    /// All punches.
    pub fn all_punches(&self) -> Vec<Punch> {
        self.state().punches.clone()
    }

    /// What was announced.
    pub fn announcements(&self) -> Vec<Announcement> {
        self.state().announcements.clone()
    }

    /// Makes these the messages that have failed.
    pub fn fail_deliveries(&self, failed: Vec<FailedDelivery>) {
        self.change().failed = failed;
    }

    /// The endpoints that were to be tried, each with the topic.
    pub fn tried_endpoints(&self) -> Vec<(EndpointDraft, String)> {
        self.state().tried.clone()
    }

    /// How many questions were asked of the records, to show that there is none per row.
    pub fn questions(&self) -> u64 {
        self.state().questions
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.epoch += 1;
        state
    }

    fn ask(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.questions += 1;
        state
    }
}

#[async_trait]
impl Workforce for FakeWorkforce {
    async fn epoch(&self) -> Result<u64, Error> {
        Ok(self.state().epoch)
    }

    async fn get(&self, kind: Kind, id: Id) -> Result<Option<Record>, Error> {
        let state = self.ask();
        let found = state.records.iter().find(|kept| kept.record.kind == kind && kept.record.id == id);
        Ok(found.map(|kept| kept.record.clone()))
    }

    async fn many(&self, ids: &[Id]) -> Result<Vec<Option<Record>>, Error> {
        let state = self.ask();
        let find =
            |id: &Id| state.records.iter().find(|kept| kept.record.id == *id).map(|kept| kept.record.clone());
        Ok(ids.iter().map(find).collect())
    }

    async fn find(&self, kind: Kind, lookup: &'static str, value: &str) -> Result<Vec<Record>, Error> {
        self.list(&Query::of(kind, 100).key(lookup, value)).await
    }

    async fn find_many(
        &self,
        kind: Kind,
        lookup: &'static str,
        values: &[String],
    ) -> Result<Vec<(String, Record)>, Error> {
        let state = self.ask();
        let live = state.records.iter().filter(|kept| kept.record.kind == kind && !kept.record.deleted);
        let found = live.filter_map(|kept| {
            let value = values.iter().find(|value| kept.has(lookup, value))?;
            Some((value.clone(), kept.record.clone()))
        });
        Ok(found.collect())
    }

    async fn list(&self, query: &Query) -> Result<Vec<Record>, Error> {
        let state = self.ask();
        let mut fitting: Vec<&Kept> = state.records.iter().filter(|kept| kept.fits(query)).collect();
        ordered(&mut fitting, query.order);
        let offset = usize::try_from(query.offset).unwrap_or(usize::MAX);
        let page = fitting.into_iter().skip(offset).take(query.limit as usize);
        Ok(page.map(|kept| kept.record.clone()).collect())
    }

    async fn count(&self, query: &Query) -> Result<u64, Error> {
        Ok(self.ask().records.iter().filter(|kept| kept.fits(query)).count() as u64)
    }

    async fn save(&self, items: Vec<(String, Draft)>) -> Result<Vec<Id>, Error> {
        let save = |(name, draft): (String, Draft)| {
            let id = saved_id(draft.kind, &name);
            self.keep(id, draft);
            id
        };
        Ok(items.into_iter().map(save).collect())
    }

    async fn settle(&self, deed: Deed) -> Result<Settled, Error> {
        self.settled(deed)
    }

    async fn holdings(&self, pots: &[Pot]) -> Result<Vec<i64>, Error> {
        let state = self.ask();
        Ok(pots.iter().map(|pot| state.holding(pot)).collect())
    }

    async fn remove(&self, kind: Kind, id: Id) -> Result<(), Error> {
        let mut state = self.change();
        let found = state.records.iter_mut().find(|kept| kept.record.kind == kind && kept.record.id == id);
        found.ok_or_else(|| Error::not_found("there is no such record"))?.record.deleted = true;
        Ok(())
    }

    async fn replace(&self, items: Vec<Replacement>) -> Result<bool, Error> {
        let mut state = self.change();
        let at = |state: &State, item: &Replacement| {
            state.records.iter().position(|kept| {
                kept.record.id == item.id
                    && kept.record.version == item.version
                    && item.draft.as_ref().is_none_or(|draft| draft.kind == kept.record.kind)
            })
        };
        let places: Option<Vec<usize>> = items.iter().map(|item| at(&state, item)).collect();
        let Some(places) = places else { return Ok(false) };
        let now = self.clock.now();
        for (place, item) in places.into_iter().zip(items) {
            let kept = &mut state.records[place];
            kept.record.version += 1;
            kept.record.changed_at = now;
            kept.record.deleted = item.draft.is_none();
            if let Some(draft) = item.draft {
                (kept.record.doc, kept.keys, kept.date) = (draft.doc, draft.keys, draft.date);
            }
        }
        Ok(true)
    }

    async fn change(&self, kind: Kind, id: Id, fields: Map<String, Value>) -> Result<(), Error> {
        let found = self.get(kind, id).await?.filter(|record| !record.deleted);
        let record = found.ok_or_else(|| Error::not_found("there is no such record"))?;
        let broken = |_| Error::invalid("body", "the document is of another form");
        let mut doc: Map<String, Value> = serde_json::from_str(&record.doc).map_err(broken)?;
        doc.extend(fields);
        doc.retain(|_, value| !value.is_null());
        let draft = Draft::parse(kind, Value::Object(doc).to_string())?;
        self.keep(id, draft);
        Ok(())
    }

    async fn saved(&self, kind: Kind, name: &str) -> Result<Option<Record>, Error> {
        let found = self.get(kind, saved_id(kind, name)).await?;
        Ok(found.filter(|record| !record.deleted))
    }

    async fn act(&self, kind: Kind, id: Id, action: Action, _comment: Option<String>) -> Result<(), Error> {
        acts::act(self, kind, id, action).await
    }

    async fn punches(&self, employee: Id, from: LocalDate, to: LocalDate) -> Result<Vec<Punch>, Error> {
        self.punches_of(&[employee], from, to).await
    }

    async fn punches_of(
        &self,
        employees: &[Id],
        from: LocalDate,
        to: LocalDate,
    ) -> Result<Vec<Punch>, Error> {
        let state = self.ask();
        let mut punches: Vec<Punch> = state
            .punches
            .iter()
            .filter(|punch| employees.contains(&punch.employee) && (from..=to).contains(&punch.working_day()))
            .cloned()
            .collect();
        punches.sort_by_key(|punch| punch.at);
        Ok(punches)
    }

    async fn record_punches(&self, punches: Vec<Punch>) -> Result<Vec<bool>, Error> {
        let mut state = self.change();
        let mut record = |punch: Punch| {
            let natural_key = |punch: &Punch| (punch.employee, punch.at.timestamp(), punch.direction);
            let new = !state.punches.iter().any(|known| natural_key(known) == natural_key(&punch));
            if new {
                state.punches.push(punch);
            }
            new
        };
        Ok(punches.into_iter().map(&mut record).collect())
    }

    async fn announce(&self, announcement: Announcement) -> Result<(), Error> {
        let mut state = self.change();
        if !state.announcements.iter().any(|known| known.key == announcement.key) {
            state.announcements.push(announcement);
        }
        Ok(())
    }

    async fn save_endpoint(&self, endpoint: EndpointDraft) -> Result<(), Error> {
        let mut state = self.change();
        state.endpoints.retain(|known| (known.manner, &known.name) != (endpoint.manner, &endpoint.name));
        state.endpoints.push(endpoint);
        Ok(())
    }

    async fn endpoints(&self, manner: &'static str) -> Result<Vec<RegisteredEndpoint>, Error> {
        let state = self.state();
        let of_manner = state.endpoints.iter().filter(|known| known.manner == manner).cloned();
        Ok(of_manner
            .map(|EndpointDraft { name, url, settings, .. }| RegisteredEndpoint {
                name,
                url,
                settings,
                enabled: true,
            })
            .collect())
    }

    async fn delete_endpoint(&self, manner: &'static str, name: &str) -> Result<bool, Error> {
        let mut state = self.change();
        let count = state.endpoints.len();
        state.endpoints.retain(|known| (known.manner, known.name.as_str()) != (manner, name));
        Ok(state.endpoints.len() < count)
    }

    async fn try_endpoint(&self, endpoint: &EndpointDraft, topic: &str) -> Result<(), Error> {
        self.change().tried.push((endpoint.clone(), topic.to_owned()));
        Ok(())
    }

    async fn failed_deliveries(
        &self,
        _manner: &'static str,
        limit: u32,
    ) -> Result<Vec<FailedDelivery>, Error> {
        Ok(self.state().failed.iter().take(limit as usize).cloned().collect())
    }

    async fn issue_token(
        &self,
        purpose: &'static str,
        payload: Value,
        lifetime_seconds: Option<i64>,
    ) -> Result<String, Error> {
        let mut bytes = [0; 24];
        self.randomness.fill(&mut bytes);
        let text = hex::encode(bytes);
        let expires_at = lifetime_seconds
            .and_then(|seconds| Timestamp::from_second(self.clock.now().as_second() + seconds).ok());
        self.plant_token(purpose, &text, payload, expires_at);
        Ok(text)
    }

    async fn renew_token(
        &self,
        purpose: &'static str,
        name: &str,
        payload: Value,
        lifetime_seconds: i64,
    ) -> Result<String, Error> {
        let now = self.clock.now();
        let expires_at = Timestamp::from_second(now.as_second() + lifetime_seconds).ok();
        {
            let mut state = self.change();
            let known = state.renewed.get(&(purpose, name.to_owned())).cloned();
            if let Some(text) = known
                && let Some(token) = state.tokens.get_mut(&(purpose, text.clone()))
                && token.expires_at.is_none_or(|end| end > now)
            {
                token.expires_at = expires_at;
                return Ok(text);
            }
        }
        let text = self.issue_token(purpose, payload, Some(lifetime_seconds)).await?;
        self.change().renewed.insert((purpose, name.to_owned()), text.clone());
        Ok(text)
    }

    async fn key_id(&self, face: &'static str, name: &'static str) -> Result<Option<String>, Error> {
        Ok(self.state().key_ids.get(&(face, name)).cloned())
    }

    async fn tally(&self, what: &str, period: &str, limit: u64) -> Result<bool, Error> {
        let mut state = self.state();
        let count = state.tallies.entry((what.to_owned(), period.to_owned())).or_default();
        let free = *count < limit;
        *count += u64::from(free);
        Ok(free)
    }

    async fn token(&self, purpose: &'static str, token: &str) -> Result<Option<Token>, Error> {
        Ok(self.state().tokens.get(&(purpose, token.to_owned())).cloned())
    }

    async fn use_token(&self, purpose: &'static str, token: &str) -> Result<Option<Token>, Error> {
        let now = self.clock.now();
        let mut state = self.change();
        let found = state.tokens.get_mut(&(purpose, token.to_owned()));
        let valid = found.filter(|token| {
            token.used_at.is_none() && token.expires_at.is_none_or(|expires_at| now < expires_at)
        });
        Ok(valid.map(|token| {
            token.used_at = Some(now);
            token.clone()
        }))
    }

    async fn recall(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(self.state().settings.get(name).cloned())
    }

    async fn remember(&self, name: &str, value: &Value) -> Result<(), Error> {
        self.change().settings.insert(name.to_owned(), value.clone());
        Ok(())
    }

    async fn agree(&self, person: Id, app: &str) -> Result<(), Error> {
        self.remember(&agreement(person, app), &Value::Bool(true)).await
    }

    async fn revise(&self, name: &str, before: Option<&Value>, value: &Value) -> Result<bool, Error> {
        Ok(acts::revise(&mut self.change().settings, name, before, value))
    }
}
