//! What a workspace recognises: its own settings, or those of the pages' samples where it has none.

use serde_json::Value;
use tongshi_dialect::{Caller, Pot, Workforce};
use tongshi_model::{Id, Instant, Timestamp, shanghai};

use super::holder;
use crate::workhuman::wire::{
    Budget, Code, Delivery, Fault, Level, Period, Programme, ProgrammeGet, ProgrammeSet,
};

/// Under which name the workspace keeps it.
const SETTING: &str = "workhuman.programme";

/// Lists are this long at most, and words this many bytes.
const WORDS_MAX: usize = 50;
const WORD_BYTES_MAX: usize = 60;
const POINTS_MAX: u32 = 1_000_000;

/// The levels of the pages' samples; their points but silver's 500, the need of approval and the budget are ours.
pub(super) fn usual() -> Programme {
    let level = |name: &str, points, approval| Level { name: name.to_owned(), points, approval };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Programme {
        levels: vec![
            level("bronze", 100, false),
            level("silver", 500, false),
            level("gold", 1000, true),
            level("platinum", 2500, true),
        ],
        values: words(&["innovation", "teamwork", "integrity", "customer_focus"]),
        visibilities: words(&["public", "team", "private"]),
        budget: Some(Budget { points: 20_000, period: Period::Quarter }),
        delivery: Delivery::OnApproval,
    }
}

/// The programme of the workspace.
pub(super) async fn programme(workforce: &dyn Workforce) -> Result<Programme, Fault> {
    match workforce.recall(SETTING).await? {
        None => Ok(usual()),
        Some(value) => serde_json::from_value(value)
            .map_err(|_| Fault::new(Code::Ours, "the workspace's programme cannot be read")),
    }
}

/// Shows it.
pub(super) async fn get(caller: Caller, _ask: ProgrammeGet) -> Result<Programme, Fault> {
    programme(caller.workforce()?).await
}

/// Sets it: for apps whose setting `programme_admin` is true, and those of a sandbox.
pub(super) async fn set(caller: Caller, ask: ProgrammeSet) -> Result<Programme, Fault> {
    holder(&caller).await?.service_only()?;
    let set = |name: &str| caller.grant.as_ref().is_some_and(|grant| grant.settings[name] == true);
    let admin = set("programme_admin") || set("sandbox");
    if !admin {
        return Err(Fault::new(
            Code::Forbidden,
            "the app may not change the programme; ask the administrator",
        ));
    }
    let programme: Programme = serde_json::from_value(Value::Object(ask.programme)).map_err(|error| {
        Fault::new(
            Code::Fields,
            format!("this is no programme: {}", tongshi_model::masked(&error.to_string())),
        )
    })?;
    check(&programme)?;
    let value = serde_json::to_value(&programme)
        .map_err(|_| Fault::new(Code::Ours, "the programme cannot be stored"))?;
    caller.workforce()?.remember(SETTING, &value).await?;
    Ok(programme)
}

fn check(programme: &Programme) -> Result<(), Fault> {
    let levels: Vec<&str> = programme.levels.iter().map(|level| level.name.as_str()).collect();
    let values: Vec<&str> = programme.values.iter().map(String::as_str).collect();
    let visibilities: Vec<&str> = programme.visibilities.iter().map(String::as_str).collect();
    for (field, words, least) in
        [("levels", levels, 1), ("values", values, 0), ("visibilities", visibilities, 1)]
    {
        if !(least..=WORDS_MAX).contains(&words.len()) {
            return Err(Fault::field(field, format!("has {least} to {WORDS_MAX} entries")));
        }
        let mut seen = std::collections::HashSet::new();
        let plain = |word: &&str| {
            !word.trim().is_empty() && word.len() <= WORD_BYTES_MAX && seen.insert(word.to_lowercase())
        };
        if !words.iter().all(plain) {
            return Err(Fault::field(field, "has names that are empty, too long or there twice"));
        }
    }
    if programme.levels.iter().any(|level| level.points > POINTS_MAX) {
        return Err(Fault::field("levels", format!("give at most {POINTS_MAX} points")));
    }
    Ok(())
}

impl Programme {
    /// The level of this name, however its letters are written.
    pub(super) fn level(&self, name: &str) -> Option<&Level> {
        self.levels.iter().find(|level| level.name.eq_ignore_ascii_case(name))
    }

    /// The pot from which a nominator gives; without a budget it is the company's.
    pub(super) fn purse(&self, giver: Option<Id>, at: Timestamp) -> Pot {
        let Some(budget) = self.budget else { return Pot::Issued };
        let day = Instant::new(at, shanghai()).date();
        let period = match budget.period {
            Period::Month => format!("{}-{:02}", day.year(), day.month()),
            Period::Quarter => format!("{}-q{}", day.year(), (day.month() + 2) / 3),
            Period::Year => day.year().to_string(),
        };
        // Service accounts share one.
        let giver = giver.map_or_else(|| "service".to_owned(), |id| id.to_string());
        Pot::Budget { owner: Id::of(&["workhuman.budget", &giver, &period]), limit: budget.points }
    }
}

/// The word of a list that is meant, as the programme writes it.
pub(super) fn word<'a>(words: &'a [String], given: &str) -> Option<&'a str> {
    words.iter().map(String::as_str).find(|word| word.eq_ignore_ascii_case(given))
}
