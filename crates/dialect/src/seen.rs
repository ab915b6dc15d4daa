//! Which records with restricted fields a handler has read, gathered beside its answer: an answer that is kept and
//! given again discloses the same records again, and the audit trail must say so.

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    mem,
    pin::pin,
};

use tongshi_model::{Id, Kind};

/// Records with restricted fields that were read together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosed {
    /// Their kind.
    pub kind: Kind,
    /// Which.
    pub ids: Vec<Id>,
}

thread_local! {
    /// What the handler that is being polled on this thread has read; none where nobody gathers.
    static GATHERED: RefCell<Option<Vec<Disclosed>>> = const { RefCell::new(None) };
}

/// Notes what was read with the handler that is running. Gives it back where nobody gathers: then the caller sees to
/// the audit trail.
pub fn gather(seen: Disclosed) -> Option<Disclosed> {
    GATHERED.with_borrow_mut(|gathered| match gathered {
        Some(gathered) => {
            gathered.push(seen);
            None
        }
        None => Some(seen),
    })
}

/// Puts what was there before back, also after a panic.
struct Back<'a> {
    seen: &'a mut Vec<Disclosed>,
    before: Option<Vec<Disclosed>>,
}

impl Drop for Back<'_> {
    fn drop(&mut self) {
        let gathered = GATHERED.replace(self.before.take());
        *self.seen = gathered.unwrap_or_default();
    }
}

/// Runs a handler and gathers what it reads.
pub(crate) async fn gathering<F: Future>(handler: F) -> (F::Output, Vec<Disclosed>) {
    let mut handler = pin!(handler);
    let mut seen = Vec::new();
    let output = poll_fn(|context| {
        let before = GATHERED.replace(Some(mem::take(&mut seen)));
        let _back = Back { seen: &mut seen, before };
        handler.as_mut().poll(context)
    })
    .await;
    (output, seen)
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[test]
    fn what_is_read_goes_to_the_handler_that_reads() {
        let one = Disclosed { kind: Kind::Employee, ids: vec![Id::of(&["1"])] };
        assert_eq!(gather(one.clone()), Some(one.clone()));
        let inner = async {
            assert_eq!(gather(one.clone()), None);
            7
        };
        let gathered = pin!(gathering(inner)).poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(gathered, Poll::Ready((7, vec![one.clone()])));
        assert_eq!(gather(one.clone()), Some(one));
    }
}
