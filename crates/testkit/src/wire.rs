//! A wire from connectors to our own faces, without sockets, that breaks as told.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use tongshi_dialect::{Face, Message, Reply, Transport, TransportError};
use tongshi_hub::Transports;
use tongshi_model::Error;

/// What happens to a message on the wire.
pub enum Effect {
    /// It arrives, and the reply comes back.
    Pass,
    /// It does not arrive.
    Lost,
    /// It arrives, and the reply is lost.
    Unanswered,
    /// Something else answers.
    Answer(Reply),
    /// It arrives, and the reply is changed on its way back.
    Change(Box<dyn FnOnce(Reply) -> Reply + Send>),
}

type Rule = Box<dyn FnMut(u64, &Message) -> Effect + Send>;

/// The wire. Base addresses are `face:{dialect}`.
#[derive(Clone, Default)]
pub struct Wire(Arc<Inner>);

#[derive(Default)]
struct Inner {
    faces: Mutex<Vec<(String, Arc<dyn Face>)>>,
    rule: Mutex<Option<Rule>>,
    calls: AtomicU64,
}

impl Wire {
    /// Leads an address to a face.
    pub fn lead(&self, address: &str, face: Arc<dyn Face>) {
        lock(&self.0.faces).push((address.to_owned(), face));
    }

    /// Sets what happens to messages from now on; the rule is given the number of the call, from 1.
    pub fn break_by(&self, rule: impl FnMut(u64, &Message) -> Effect + Send + 'static) {
        self.0.calls.store(0, Ordering::SeqCst);
        *lock(&self.0.rule) = Some(Box::new(rule));
    }

    /// Lets everything pass again.
    pub fn mend(&self) {
        *lock(&self.0.rule) = None;
    }

    /// How many messages went since the rule was set.
    pub fn calls(&self) -> u64 {
        self.0.calls.load(Ordering::SeqCst)
    }
}

impl Transports for Wire {
    fn open(&self, base_url: &str) -> Result<Arc<dyn Transport>, Error> {
        Ok(Arc::new(End { wire: self.clone(), address: base_url.to_owned() }))
    }
}

/// One end of the wire.
struct End {
    wire: Wire,
    address: String,
}

#[async_trait]
impl Transport for End {
    async fn send(&self, message: Message) -> Result<Reply, TransportError> {
        let inner = &self.wire.0;
        let number = inner.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let effect = match &mut *lock(&inner.rule) {
            Some(rule) => rule(number, &message),
            None => Effect::Pass,
        };
        let face = lock(&inner.faces)
            .iter()
            .rev()
            .find(|(address, _)| *address == self.address)
            .map(|(_, face)| Arc::clone(face));
        let face = face.ok_or_else(|| lost("nobody is at this address", true))?;
        match effect {
            Effect::Pass => Ok(face.answer(message).await),
            Effect::Lost => Err(lost("the wire is cut", true)),
            Effect::Unanswered => {
                face.answer(message).await;
                Err(lost("no answer came", false))
            }
            Effect::Answer(reply) => Ok(reply),
            Effect::Change(change) => Ok(change(face.answer(message).await)),
        }
    }
}

fn lost(text: &str, unsent: bool) -> TransportError {
    TransportError { text: text.to_owned(), unsent }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
