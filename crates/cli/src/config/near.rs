//! The nearest known name to a misspelt one, by edits.

/// The known name with the fewest edits, if it is near enough to be meant.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (edits, near) = known.into_iter().map(|known| (edits(name, known), known)).min()?;
    (edits <= (name.chars().count() / 3).max(2)).then_some(near)
}

/// How many characters must be put in, taken out or changed (Levenshtein).
fn edits(one: &str, two: &str) -> usize {
    let two: Vec<char> = two.chars().collect();
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, b) in two.iter().enumerate() {
            let changed = corner + usize::from(a != *b);
            corner = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(corner + 1);
        }
    }
    row[two.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        assert_eq!(nearest("lisen", ["listen", "log"]), Some("listen"));
        assert_eq!(nearest("windw_day", ["window_days", "recent_days"]), Some("window_days"));
        assert_eq!(nearest("colour", ["listen", "log"]), None);
        assert_eq!(edits("", "abc"), 3);
    }
}
