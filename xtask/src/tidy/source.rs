//! A Rust file taken apart just far enough for the rules: code without comments and strings, so that a rule never
//! trips over a word in a sentence. Not a parser: a scanner that keeps every line where it was.

/// A Rust file, masked. Line `n` of each list is line `n + 1` of the file.
pub(super) struct Source {
    /// The code with comments and the inside of literals blanked.
    pub(super) code: Vec<String>,
    /// The code with comments blanked and literals kept.
    pub(super) uncommented: Vec<String>,
    /// Each string literal with the number of its first line, counted from one.
    pub(super) literals: Vec<(usize, String)>,
    /// Whether the line lies in a test module.
    tests: Vec<bool>,
}

impl Source {
    pub(super) fn new(text: &str) -> Self {
        let mut scanner = Scanner { text: text.chars().collect(), ..Scanner::default() };
        scanner.scan();
        let lines = |masked: &str| masked.lines().map(str::to_owned).collect::<Vec<_>>();
        let code = lines(&scanner.code);
        let tests = test_lines(&code);
        Self { uncommented: lines(&scanner.uncommented), literals: scanner.literals, code, tests }
    }

    /// The lines of code outside test modules, with their numbers.
    pub(super) fn production(&self) -> impl Iterator<Item = (usize, &str)> {
        self.numbered().filter(|(number, _)| !self.is_test_line(*number))
    }

    /// The lines of code inside test modules, with their numbers.
    pub(super) fn test_modules(&self) -> impl Iterator<Item = (usize, &str)> {
        self.numbered().filter(|(number, _)| self.is_test_line(*number))
    }

    /// All lines of code, with their numbers.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.iter().enumerate().map(|(index, line)| (index + 1, line.as_str()))
    }

    /// Whether this line, counted from one, lies in a test module.
    pub(super) fn is_test_line(&self, number: usize) -> bool {
        self.tests.get(number - 1).copied().unwrap_or(false)
    }
}

/// Whether the word stands in the text by itself, not as a part of a longer name.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(part_of_name) && !text[at + word.len()..].starts_with(part_of_name)
    })
}

/// The lines from `start` (an index) to the one where the brackets opened there are closed again.
pub(super) fn block_end(code: &[String], start: usize) -> usize {
    let mut depth = 0_usize;
    for (index, line) in code.iter().enumerate().skip(start) {
        for c in line.chars() {
            match c {
                '{' | '(' | '[' => depth += 1,
                '}' | ')' | ']' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 && c == '}' {
                        return index;
                    }
                }
                // A declaration without a body ends here.
                ';' if depth == 0 => return index,
                _ => {}
            }
        }
    }
    code.len().saturating_sub(1)
}

/// Marks `#[cfg(test)] mod … { … }`. A declaration (`mod tests;`) marks nothing: its file is known by its name.
fn test_lines(code: &[String]) -> Vec<bool> {
    let mut marks = vec![false; code.len()];
    let mut index = 0;
    while index < code.len() {
        if code[index].trim_start().starts_with("#[cfg(test)]") {
            let item = (index..code.len()).find(|at| {
                let line = code[*at].trim_start();
                let line = line.strip_prefix("#[cfg(test)]").unwrap_or(line).trim_start();
                !line.is_empty() && !line.starts_with("#[")
            });
            if let Some(item) = item.filter(|at| has_word(&code[*at], "mod")) {
                let end = block_end(code, item);
                marks[index..=end].fill(true);
                index = end;
            }
        }
        index += 1;
    }
    marks
}

#[derive(Default)]
struct Scanner {
    text: Vec<char>,
    at: usize,
    line: usize,
    code: String,
    uncommented: String,
    literals: Vec<(usize, String)>,
}

impl Scanner {
    fn scan(&mut self) {
        self.line = 1;
        while self.at < self.text.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '/') => self.line_comment(),
                ('/', '*') => self.block_comment(),
                ('"', _) => self.string(None),
                ('r', '"' | '#') if !self.inside_name() => self.raw_string(),
                ('\'', _) => self.quote(),
                _ => self.keep(),
            }
        }
    }

    fn peek(&self, ahead: usize) -> char {
        self.text.get(self.at + ahead).copied().unwrap_or('\0')
    }

    /// Whether the character before is part of a name; `b` and `c` before a raw string are not.
    fn inside_name(&self) -> bool {
        let before = |back: usize| self.at.checked_sub(back).map_or(' ', |at| self.text[at]);
        let part = |c: char| c.is_alphanumeric() || c == '_';
        part(before(1)) && (!matches!(before(1), 'b' | 'c') || part(before(2)))
    }

    /// Takes one character into the masks: `code` and `literal` say whether it is seen there.
    fn take(&mut self, code: bool, uncommented: bool) {
        let c = self.peek(0);
        self.at += 1;
        self.line += usize::from(c == '\n');
        let mask = |seen: bool| if seen || c == '\n' { c } else { ' ' };
        self.code.push(mask(code));
        self.uncommented.push(mask(uncommented));
    }

    fn keep(&mut self) {
        self.take(true, true);
    }

    fn line_comment(&mut self) {
        while self.at < self.text.len() && self.peek(0) != '\n' {
            self.take(false, false);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while self.at < self.text.len() {
            let step = match (self.peek(0), self.peek(1)) {
                ('/', '*') => 1,
                ('*', '/') => -1,
                _ => 0,
            };
            self.take(false, false);
            if step != 0 {
                self.take(false, false);
                depth = depth.saturating_add_signed(step);
                if depth == 0 {
                    return;
                }
            }
        }
    }

    /// A string up to its closing quote; with `hashes` a raw one.
    fn string(&mut self, hashes: Option<usize>) {
        let first_line = self.line;
        self.keep();
        let start = self.at;
        while self.at < self.text.len() && !self.closes(hashes) {
            if hashes.is_none() && self.peek(0) == '\\' {
                self.take(false, true);
            }
            if self.at < self.text.len() {
                self.take(false, true);
            }
        }
        self.literals.push((first_line, self.text[start..self.at].iter().collect()));
        if self.at < self.text.len() {
            self.keep();
        }
    }

    fn closes(&self, hashes: Option<usize>) -> bool {
        self.peek(0) == '"' && (1..=hashes.unwrap_or(0)).all(|ahead| self.peek(ahead) == '#')
    }

    /// `r"…"` and `r#"…"#`; also `r#name`, which is a name.
    fn raw_string(&mut self) {
        let hashes = (1..).take_while(|ahead| self.peek(*ahead) == '#').count();
        if self.peek(1 + hashes) != '"' {
            return self.keep();
        }
        for _ in 0..=hashes {
            self.keep();
        }
        self.string(Some(hashes));
    }

    /// A character literal, or the mark of a lifetime.
    fn quote(&mut self) {
        self.keep();
        if self.peek(0) == '\\' {
            self.take(false, true);
            self.take(false, true);
            while self.at < self.text.len() && self.peek(0) != '\'' {
                self.take(false, true);
            }
            self.keep();
        } else if self.peek(1) == '\'' {
            self.take(false, true);
            self.keep();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_comments_and_literals_and_keeps_the_lines() {
        let source = Source::new(concat!(
            "let a = \"x // \\\" y\"; // gone \"z\"\n",
            "let b = r#\"one \"two\"\n three\"#; /* a /* b */ c */ let c = '\"';\n",
            "fn f<'a>(x: &'a str) -> r#type { '\\u{1}' }\n",
        ));
        let code: Vec<_> = source.code.iter().map(|line| line.replace(' ', "")).collect();
        assert_eq!(code, ["leta=\"\";", "letb=r#\"", "\"#;letc='';", "fnf<'a>(x:&'astr)->r#type{''}"]);
        assert_eq!(source.literals[0], (1, "x // \\\" y".to_owned()));
        assert_eq!(source.literals[1], (2, "one \"two\"\n three".to_owned()));
        assert!(source.uncommented[0].contains("x // "));
        assert!(!source.uncommented[0].contains("gone"));
    }

    #[test]
    fn knows_test_modules_from_declarations() {
        let source = Source::new(
            "#[cfg(test)]\nmod tests;\nfn a() {}\n#[cfg(test)]\nmod inner {\n    fn b() {}\n}\nfn c() {}\n",
        );
        let production: Vec<_> = source.production().map(|(_, line)| line).collect();
        assert!(production.contains(&"fn a() {}") && production.contains(&"fn c() {}"));
        assert!(!production.contains(&"    fn b() {}"));
    }

    #[test]
    fn words_stand_alone() {
        assert!(has_word("use rusqlite::Row", "rusqlite"));
        assert!(!has_word("my_rusqlite", "rusqlite"));
    }
}
