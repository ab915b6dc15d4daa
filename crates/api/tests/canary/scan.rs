//! The canaries, and the look for them in every form in which bytes travel.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use base64::Engine as _;

use crate::stage::Stage;

/// Everything that was planted.
pub(crate) struct Canaries {
    matcher: AhoCorasick,
    /// Of each pattern the sort of its value, and in which form.
    patterns: Vec<(&'static str, &'static str)>,
    values: usize,
}

impl Canaries {
    pub(crate) fn of(stage: &Stage) -> Self {
        let (mut texts, mut patterns) = (Vec::new(), Vec::new());
        for (sort, value) in &stage.planted {
            for (form, text) in forms(value) {
                texts.push(text);
                patterns.push((*sort, form));
            }
        }
        let matcher =
            AhoCorasick::builder().kind(Some(AhoCorasickKind::NoncontiguousNFA)).build(&texts).unwrap();
        Self { matcher, patterns, values: stage.planted.len() }
    }

    pub(crate) fn len(&self) -> usize {
        self.values
    }

    /// What stands among these bytes, with what is around the first ones.
    pub(crate) fn found(&self, bytes: &[u8]) -> Vec<String> {
        self.hits(bytes, |_| true).take(5).collect()
    }

    pub(crate) fn secrets_in(&self, bytes: &[u8]) -> Vec<String> {
        self.hits(bytes, |sort| sort == "secret").take(5).collect()
    }

    /// How many of this sort stand there as they are.
    pub(crate) fn count(&self, bytes: &[u8], sort: &str) -> usize {
        let hits = self.matcher.find_overlapping_iter(bytes);
        hits.filter(|hit| self.patterns[hit.pattern().as_usize()] == (sort, "raw")).count()
    }

    fn hits<'a>(
        &'a self,
        bytes: &'a [u8],
        of: impl Fn(&str) -> bool + 'a,
    ) -> impl Iterator<Item = String> + 'a {
        self.matcher.find_overlapping_iter(bytes).filter_map(move |hit| {
            let (sort, form) = self.patterns[hit.pattern().as_usize()];
            let around = &bytes[hit.start().saturating_sub(80)..(hit.end() + 40).min(bytes.len())];
            of(sort).then(|| format!("{sort} ({form}): …{}…", String::from_utf8_lossy(around)))
        })
    }
}

/// A value in the forms in which it may travel. Percent-encoding leaves digits and letters as they are; secrets have
/// no other characters than `-` and `_`, which it leaves, too.
fn forms(value: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = value.as_bytes();
    let mut forms = vec![("raw", bytes.to_vec()), ("hex", hex::encode(bytes).into_bytes())];
    if hex::encode(bytes) != hex::encode_upper(bytes) {
        forms.push(("hex", hex::encode_upper(bytes).into_bytes()));
    }
    for shift in 0..3usize {
        let text = base64::engine::general_purpose::STANDARD_NO_PAD
            .encode([vec![b' '; shift], bytes.to_vec()].concat());
        // What the neighbours decide is left out at both ends.
        let whole = text.as_bytes()[(shift * 8).div_ceil(6)..(shift + bytes.len()) * 8 / 6].to_vec();
        if whole.contains(&b'+') || whole.contains(&b'/') {
            let safe = whole.iter().map(|byte| match byte {
                b'+' => b'-',
                b'/' => b'_',
                other => *other,
            });
            forms.push(("base64url", safe.collect()));
        }
        forms.push(("base64", whole));
    }
    forms
}
