//! Somebody else's words for our messages: what a vendor answers may quote a number, an address, a key.

/// Letters and digits in a row, from which on a word with a digit may be a key.
const KEY_CHARS_MIN: usize = 24;
/// Digits in a word, from which on it may be somebody's number.
const DIGITS_MIN: usize = 7;

/// The text with words that may be numbers, addresses or keys replaced by an ellipsis. Dates stay.
pub fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '=' | '%' | '@') {
            word.push(c);
            continue;
        }
        finish(&mut out, &mut word);
        out.push(c);
    }
    finish(&mut out, &mut word);
    out
}

fn finish(out: &mut String, word: &mut String) {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let is_date = word.len() == 10 && digits == 8 && word.matches('-').count() == 2;
    let is_private =
        word.contains('@') || digits >= DIGITS_MIN || (word.len() >= KEY_CHARS_MIN && digits > 0);
    out.push_str(if is_private && !is_date { "…" } else { word.as_str() });
    word.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_addresses_and_keys_are_hidden_and_words_are_not() {
        let text = "employee 19900000001 <a.b@example.com> is not there since 2026-03-16: code 40401, \
                    access_token=tsk_Ab3dEf6hIj9kLmNoPqRsTuVwXyZ, /api/v2/employees";
        let shown = masked(text);
        for hidden in ["1990000", "b@example", "tsk_"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        for kept in ["employee", "2026-03-16", "40401", "/api/v2/employees"] {
            assert!(shown.contains(kept), "{shown}");
        }
    }
}
