//! Who is the same person at two vendors. Rules in order, surest first; a link is made only where exactly one person on
//! either side fits and nothing speaks against it. Everything else is a conflict for somebody to decide, never a guess.
//!
//! Pure: from the people to a plan, the same plan for the same people.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use tongshi_model::Id;

use super::people::Person;

/// Conflicts that are listed; a company with more has another problem.
const CONFLICTS_MAX: usize = 10_000;

/// Pairs that are listed of people who share one value.
const PAIRS_MAX: usize = 25;

/// More pairs than these have a value that stands for nothing, such as `0`; who of them fits whom is not asked.
const SIDES_MAX: usize = 10_000;

/// By what two people are taken for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Number,
    Account,
    Mobile,
    Email,
    NameAndUnit,
}

impl Rule {
    const LINKING: [Rule; 4] = [Rule::Number, Rule::Account, Rule::Mobile, Rule::Email];

    /// Its name in what is stored.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Rule::Number => "employee_no",
            Rule::Account => "union_id",
            Rule::Mobile => "mobile",
            Rule::Email => "email",
            Rule::NameAndUnit => "name_and_unit",
        }
    }

    /// How sure it is, in percent.
    pub(super) const fn confidence(self) -> i64 {
        match self {
            Rule::Number | Rule::Account => 95,
            Rule::Mobile | Rule::Email => 90,
            Rule::NameAndUnit => 50,
        }
    }

    fn values(self, person: &Person) -> Vec<String> {
        match self {
            Rule::Number => person.number.iter().cloned().collect(),
            Rule::Account => person.accounts.clone(),
            Rule::Mobile => person.mobile.iter().cloned().collect(),
            Rule::Email => person.emails.clone(),
            // Who is in no department at either vendor is compared, too: a bare name is all that some rows hold.
            Rule::NameAndUnit if person.name.is_empty() => Vec::new(),
            Rule::NameAndUnit => {
                vec![format!("{}/{}", person.name, person.unit.as_deref().unwrap_or_default())]
            }
        }
    }
}

/// Why two people are not linked without somebody's decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    NumberOtherName,
    AccountOtherName,
    MobileOtherNumber,
    MobileOtherName,
    EmailOtherNumber,
    EmailOtherName,
    SeveralByNumber,
    SeveralByAccount,
    SeveralByMobile,
    SeveralByEmail,
    Periods,
    Taken,
    Unsure,
    NameAndUnit,
    LinkedButDifferent,
}

impl Reason {
    const ALL: [(Reason, &'static str, &'static str); 15] = [
        (
            Reason::NumberOtherName,
            "number_other_name",
            "they have the same employee number, but neither name nor mobile number agree",
        ),
        (
            Reason::AccountOtherName,
            "account_other_name",
            "they have the same account elsewhere, but the names differ",
        ),
        (
            Reason::MobileOtherNumber,
            "mobile_other_number",
            "they have the same mobile number, but other employee numbers; it may have passed on to somebody else",
        ),
        (
            Reason::MobileOtherName,
            "mobile_other_name",
            "they have the same mobile number, but the names differ",
        ),
        (
            Reason::EmailOtherNumber,
            "email_other_number",
            "they have the same address, but other employee numbers",
        ),
        (Reason::EmailOtherName, "email_other_name", "they have the same address, but the names differ"),
        (Reason::SeveralByNumber, "several_by_number", "several people have this employee number"),
        (Reason::SeveralByAccount, "several_by_account", "several people have this account elsewhere"),
        (Reason::SeveralByMobile, "several_by_mobile", "several people have this mobile number"),
        (Reason::SeveralByEmail, "several_by_email", "several people have this address"),
        (Reason::Periods, "periods", "one employment had ended before the other began"),
        (Reason::Taken, "taken", "one of them is already linked to somebody else of the other's connection"),
        (Reason::Unsure, "unsure", "they agree, but not as surely as the settings ask for"),
        (
            Reason::NameAndUnit,
            "name_and_unit",
            "they have the same name and department, or none, and nothing else to go by",
        ),
        (
            Reason::LinkedButDifferent,
            "linked_but_different",
            "they are linked, and now neither name, employee number nor mobile number agree",
        ),
    ];

    /// Its name in what is stored and answered.
    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(reason, ..)| *reason == self).map_or("", |(_, name, _)| name)
    }

    /// The sentence for people.
    pub(super) fn text(name: &str) -> &'static str {
        Self::ALL.iter().find(|(_, known, _)| *known == name).map_or("", |(_, _, text)| text)
    }

    const fn several(rule: Rule) -> Self {
        match rule {
            Rule::Number => Reason::SeveralByNumber,
            Rule::Account => Reason::SeveralByAccount,
            Rule::Mobile => Reason::SeveralByMobile,
            Rule::Email => Reason::SeveralByEmail,
            Rule::NameAndUnit => Reason::NameAndUnit,
        }
    }
}

/// What is to be done.
#[derive(Default)]
pub(super) struct Plan {
    /// Records to be linked, in this order.
    pub(super) links: Vec<(Id, Id, Rule)>,
    /// Records to be shown to somebody.
    pub(super) conflicts: Vec<(Id, Id, Reason, i64)>,
}

/// Matches everybody with everybody else. `apart` are pairs that somebody took apart.
pub(super) fn plan(people: &[Person], apart: &[(Id, Id)], confidence_min: i64) -> Plan {
    let mut matching = Matching::new(people, apart, confidence_min);
    for rule in Rule::LINKING {
        matching.by(rule);
    }
    matching.suggest();
    matching.doubt_linked();
    matching.plan
}

struct Matching<'a> {
    people: &'a [Person],
    apart: HashSet<(Id, Id)>,
    confidence_min: i64,
    /// Records that were linked in this plan, by what they mean now.
    meanings: HashMap<Id, Id>,
    /// Of which connections each record has a source.
    connections: HashMap<Id, BTreeSet<i64>>,
    said: HashSet<(Id, Id)>,
    plan: Plan,
}

impl<'a> Matching<'a> {
    fn new(people: &'a [Person], apart: &[(Id, Id)], confidence_min: i64) -> Self {
        let mut connections: HashMap<Id, BTreeSet<i64>> = HashMap::new();
        for person in people {
            connections.entry(person.record).or_default().insert(person.connection);
        }
        Self {
            people,
            apart: apart.iter().copied().map(pair).collect(),
            confidence_min,
            meanings: HashMap::new(),
            connections,
            said: HashSet::new(),
            plan: Plan::default(),
        }
    }

    /// Who shares a value, connection by connection.
    fn groups(&self, rule: Rule) -> BTreeMap<String, BTreeMap<i64, Vec<usize>>> {
        let mut groups: BTreeMap<String, BTreeMap<i64, Vec<usize>>> = BTreeMap::new();
        for (at, person) in self.people.iter().enumerate() {
            let mut values = rule.values(person);
            values.sort_unstable();
            values.dedup();
            for value in values {
                groups.entry(value).or_default().entry(person.connection).or_default().push(at);
            }
        }
        groups.retain(|_, group| group.len() > 1);
        groups
    }

    fn by(&mut self, rule: Rule) {
        for group in self.groups(rule).into_values() {
            let sides: Vec<&Vec<usize>> = group.values().collect();
            for (at, one) in sides.iter().enumerate() {
                for other in &sides[at + 1..] {
                    self.match_sides(rule, one, other);
                }
            }
        }
    }

    fn match_sides(&mut self, rule: Rule, one: &[usize], other: &[usize]) {
        let mut ambiguous = Vec::new();
        if one.len().saturating_mul(other.len()) > SIDES_MAX {
            let pairs = one.iter().flat_map(|x| other.iter().map(|y| (*x, *y)));
            ambiguous.extend(pairs.take(PAIRS_MAX));
        }
        let few = if ambiguous.is_empty() { one } else { &[] };
        for &x in few {
            let fitting = self.fitting(rule, x, other);
            match fitting[..] {
                [] => {}
                [y] if self.fitting(rule, y, one) == [x] => self.decide(rule, x, y),
                _ => ambiguous.extend(fitting.into_iter().map(|y| (x, y))),
            }
        }
        for (x, y) in ambiguous.into_iter().take(PAIRS_MAX) {
            // Somebody who was recognised by something surer is no longer in question.
            let settled = self.has(x, self.people[y].connection) || self.has(y, self.people[x].connection);
            if !settled {
                self.conflict(x, y, Reason::several(rule), rule.confidence());
            }
        }
    }

    /// Of the others those that may be this one. An employment that is over gives way to one that is not.
    fn fitting(&self, rule: Rule, of: usize, among: &[usize]) -> Vec<usize> {
        let person = &self.people[of];
        let fits = |other: &usize| rule != Rule::Number || same_company(person, &self.people[*other]);
        let all: Vec<usize> = among.iter().copied().filter(fits).collect();
        let current: Vec<usize> = all.iter().copied().filter(|at| !self.people[*at].ended).collect();
        if all.len() > 1 && !current.is_empty() { current } else { all }
    }

    fn decide(&mut self, rule: Rule, x: usize, y: usize) {
        let (one, other) = (self.record(x), self.record(y));
        let (px, py) = (&self.people[x], &self.people[y]);
        if one == other {
            return;
        }
        if self.has(x, py.connection) && self.has(y, px.connection) {
            return;
        }
        if let Some(reason) = contradiction(rule, px, py) {
            return self.conflict(x, y, reason, rule.confidence());
        }
        let (of_one, of_other) = (self.connections.get(&one), self.connections.get(&other));
        if of_one.zip(of_other).is_some_and(|(one, other)| !one.is_disjoint(other)) {
            return self.conflict(x, y, Reason::Taken, rule.confidence());
        }
        if rule.confidence() < self.confidence_min {
            return self.conflict(x, y, Reason::Unsure, rule.confidence());
        }
        if self.is_apart(one, other) {
            return;
        }
        self.plan.links.push((one, other, rule));
        let moved = self.connections.remove(&other).unwrap_or_default();
        self.connections.entry(one).or_default().extend(moved);
        self.meanings.insert(other, one);
    }

    /// Names and departments prove nothing, but somebody may want to look.
    fn suggest(&mut self) {
        let rule = Rule::NameAndUnit;
        for group in self.groups(rule).into_values() {
            let sides: Vec<&Vec<usize>> = group.values().filter(|side| side.len() == 1).collect();
            for (at, one) in sides.iter().enumerate() {
                for other in &sides[at + 1..] {
                    let (x, y) = (one[0], other[0]);
                    let (px, py) = (&self.people[x], &self.people[y]);
                    let met = self.has(x, py.connection) || self.has(y, px.connection);
                    if !met && !differ(&px.number, &py.number) && !differ(&px.mobile, &py.mobile) {
                        self.conflict(x, y, Reason::NameAndUnit, rule.confidence());
                    }
                }
            }
        }
    }

    /// A vendor may give an id that it has used before to somebody else.
    fn doubt_linked(&mut self) {
        let mut records: BTreeMap<Id, Vec<usize>> = BTreeMap::new();
        for (at, person) in self.people.iter().enumerate() {
            records.entry(person.record).or_default().push(at);
        }
        for (record, sources) in records.into_iter().filter(|(_, sources)| sources.len() > 1) {
            let first = &self.people[sources[0]];
            for at in &sources[1..] {
                let other = &self.people[*at];
                let number = differ(&first.number, &other.number);
                if number && names_differ(first, other) && first.mobile != other.mobile {
                    let own = if other.own == record { first.own } else { other.own };
                    self.plan.conflicts.push((record, own, Reason::LinkedButDifferent, 0));
                }
            }
        }
    }

    fn conflict(&mut self, x: usize, y: usize, reason: Reason, confidence: i64) {
        let (one, other) = (self.record(x), self.record(y));
        if one == other || self.is_apart(one, other) || self.plan.conflicts.len() >= CONFLICTS_MAX {
            return;
        }
        // The surest rule speaks first and its reason is the one that is told.
        if self.said.insert(pair((one, other))) {
            self.plan.conflicts.push((one, other, reason, confidence));
        }
    }

    fn record(&self, at: usize) -> Id {
        self.follow(self.people[at].record)
    }

    fn follow(&self, mut id: Id) -> Id {
        while let Some(next) = self.meanings.get(&id) {
            id = *next;
        }
        id
    }

    /// Whether somebody's record has a source of this connection.
    fn has(&self, at: usize, connection: i64) -> bool {
        self.connections.get(&self.record(at)).is_some_and(|all| all.contains(&connection))
    }

    fn is_apart(&self, one: Id, other: Id) -> bool {
        self.apart.iter().any(|(a, b)| pair((self.follow(*a), self.follow(*b))) == pair((one, other)))
    }
}

/// What speaks against two people being one although a rule says so.
fn contradiction(rule: Rule, one: &Person, other: &Person) -> Option<Reason> {
    let name = names_differ(one, other);
    let number = differ(&one.number, &other.number);
    let same_mobile = one.mobile.is_some() && one.mobile == other.mobile;
    let reason = match rule {
        Rule::Number if name && !same_mobile => Reason::NumberOtherName,
        Rule::Account if name && !same_mobile => Reason::AccountOtherName,
        Rule::Mobile if number => Reason::MobileOtherNumber,
        Rule::Mobile if name => Reason::MobileOtherName,
        Rule::Email if number => Reason::EmailOtherNumber,
        Rule::Email if name => Reason::EmailOtherName,
        Rule::Number | Rule::Account | Rule::Mobile | Rule::Email | Rule::NameAndUnit => {
            let over = |a: &Person, b: &Person| a.left.zip(b.hired).is_some_and(|(left, hired)| left < hired);
            if !over(one, other) && !over(other, one) {
                return None;
            }
            Reason::Periods
        }
    };
    Some(reason)
}

fn names_differ(one: &Person, other: &Person) -> bool {
    let (one, other) = (&one.name, &other.name);
    !one.is_empty() && !other.is_empty() && !one.contains(other.as_str()) && !other.contains(one.as_str())
}

/// Whether both say something and not the same.
fn differ(one: &Option<String>, other: &Option<String>) -> bool {
    one.as_ref().zip(other.as_ref()).is_some_and(|(one, other)| one != other)
}

fn same_company(one: &Person, other: &Person) -> bool {
    !differ(&one.legal, &other.legal)
}

fn pair((one, other): (Id, Id)) -> (Id, Id) {
    (one.min(other), one.max(other))
}
