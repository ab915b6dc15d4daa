//! A vendor is one folder and two lines outside it: the module and the entry in the list. Its name elsewhere means
//! that knowledge of the vendor has leaked out.

use super::tree::{Finding, Tree};

/// Two lines, and one to spare for a re-export.
const LINES_MAX: usize = 3;

/// Where a vendor may be named: the program's words for people, its made-up companies, the test kit and the benchmarks.
const EXEMPT: &[&str] = &["cli", "sandbox", "bench", "testkit"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.vendors().into_iter().filter_map(|vendor| leak(tree, vendor)).collect()
}

fn leak(tree: &Tree, vendor: &str) -> Option<Finding> {
    let folder = home(vendor);
    let mut places = Vec::new();
    for (file, source) in tree.sources() {
        let outside = file.crate_name().is_some_and(|name| !EXEMPT.contains(&name));
        // Vendors name each other in their own documents: one has a field for the ids that another gives.
        let outside = outside && !tree.vendors().iter().any(|other| file.path.starts_with(&home(other)));
        if !outside || file.is_test() {
            continue;
        }
        for (index, line) in source.uncommented.iter().enumerate() {
            if !source.is_test_line(index + 1) && names(line, vendor) {
                places.push(format!("{}:{}", file.path, index + 1));
            }
        }
    }
    (places.len() > LINES_MAX).then(|| Finding {
        path: folder.trim_end_matches('/').to_owned(),
        line: 0,
        message: format!(
            "'{vendor}' is named on {} lines outside its folder, at most {LINES_MAX} may: {}",
            places.len(),
            places.join(", ")
        ),
    })
}

/// Where a vendor lives.
fn home(vendor: &str) -> String {
    format!("crates/dialects/src/{vendor}/")
}

/// Whether the line names the vendor, in any case and as a part of a longer name too.
fn names(line: &str, vendor: &str) -> bool {
    line.to_ascii_lowercase().contains(&vendor.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::{super::tree::prove, check};

    const HOME: (&str, &str) = ("crates/dialects/src/acme/mod.rs", "struct Acme;\nstruct AcmeToo;\n");

    #[test]
    fn a_vendor_stays_at_home() {
        prove(
            check,
            &[
                HOME,
                ("crates/dialects/src/lib.rs", "mod acme;\nconst A: u8 = acme::D;\n"),
                ("crates/hub/src/sync.rs", "// acme\n// acme\n// acme\n"),
                ("crates/hub/src/tests.rs", "acme();\nacme();\nacme();\n"),
                ("crates/cli/src/main.rs", "acme();\nacme();\nacme();\n"),
                ("crates/dialects/src/other/mod.rs", "struct Other;\n"),
                ("crates/dialects/src/other/wire.rs", "acme_id();\nacme_id();\nacme_id();\n"),
            ],
            &[
                HOME,
                ("crates/dialects/src/lib.rs", "mod acme;\nconst A: u8 = acme::D;\n"),
                ("crates/hub/src/sync.rs", "if vendor == \"acme\" {}\nlet x = AcmeQuirk;\n"),
            ],
            1,
        );
    }
}
