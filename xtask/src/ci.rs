//! What a change must pass. Every step is a command of its own, so that anybody can run it alone; a new step is one
//! more entry in [`STEPS`].

use std::{path::Path, process::Command, time::Instant};

use anyhow::{Context as _, bail};

/// One command of the list.
struct Step {
    name: &'static str,
    /// What cargo is told to do.
    cargo: &'static [&'static str],
    /// Set for this command only.
    environment: &'static [(&'static str, &'static str)],
}

/// Cheap before dear: what fails fast says so before anything is built.
const STEPS: &[Step] = &[
    Step { name: "format", cargo: &["fmt", "--all", "--", "--check"], environment: &[] },
    Step { name: "tidy", cargo: &["xtask", "tidy"], environment: &[] },
    Step {
        name: "clippy",
        cargo: &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
        environment: &[],
    },
    Step { name: "tests", cargo: &["test", "--workspace"], environment: &[] },
    Step {
        name: "generated documents",
        cargo: &["run", "--quiet", "--package", "tongshi-cli", "--", "gen", "docs", "--check"],
        environment: &[],
    },
    Step {
        name: "documentation",
        cargo: &["doc", "--workspace", "--no-deps"],
        environment: &[("RUSTDOCFLAGS", "-D warnings")],
    },
];

/// Runs the steps in their order and stops at the first that fails.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let began = Instant::now();
    for (number, step) in STEPS.iter().enumerate() {
        println!("== {}/{} {}: cargo {}", number + 1, STEPS.len(), step.name, step.cargo.join(" "));
        let step_began = Instant::now();
        let status = Command::new("cargo")
            .args(step.cargo)
            .envs(step.environment.iter().copied())
            .current_dir(root)
            .status()
            .with_context(|| format!("cargo cannot be started for the step '{}'", step.name))?;
        let seconds = step_began.elapsed().as_secs_f64();
        if !status.success() {
            bail!("== {} failed after {seconds:.1} s ({status})", step.name);
        }
        println!("== {} passed in {seconds:.1} s", step.name);
    }
    println!("== all {} steps passed in {:.1} s", STEPS.len(), began.elapsed().as_secs_f64());
    Ok(())
}
