//! Invented people in the shape of Zhiren's Employee: thirty fields, about 750 bytes, each a function of its number alone, so a
//! million of them need no memory. In the second state one in a hundred has changed and one in a thousand is gone.

use std::fmt::Write as _;

/// Which of the two states the company is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Everybody is there.
    First,
    /// 1 % have another job title, grade and address, and 0.1 % are gone.
    Second,
}

/// A company of invented people.
#[derive(Clone, Copy, Debug)]
pub struct Company {
    /// How many there are in the first state.
    pub employees: u64,
    /// The state it is in.
    pub state: State,
}

/// Employees on a page.
pub const PAGE_SIZE: u64 = 1000;
/// Departments, in a tree two levels deep.
pub const DEPARTMENTS: u64 = 40;

const GONE_EVERY: u64 = 1000;
const GONE_AT: u64 = 517;
const CHANGED_EVERY: u64 = 100;
const CHANGED_AT: u64 = 37;
const SURNAMES: [&str; 16] =
    ["赵", "钱", "孙", "李", "周", "吴", "郑", "王", "冯", "陈", "褚", "卫", "蒋", "沈", "韩", "杨"];
const GIVEN: [&str; 16] = [
    "一鸣", "思远", "晓彤", "子涵", "雨桐", "建国", "美玲", "志强", "若兰", "文博", "海燕", "立新", "佳怡",
    "俊杰", "秋实", "安然",
];
const TITLES: [&str; 8] =
    ["工程师", "高级工程师", "产品经理", "会计", "销售代表", "人事专员", "仓库管理员", "客服"];
const GRADES: [&str; 8] = ["P4", "P5", "P6", "P7", "M1", "M2", "M3", "S2"];

impl Company {
    /// How many people it has now.
    pub fn count(&self) -> u64 {
        match self.state {
            State::First => self.employees,
            State::Second => self.employees - gone_before(self.employees),
        }
    }

    /// How many pages list them.
    pub fn pages(&self) -> u64 {
        self.count().div_ceil(PAGE_SIZE)
    }

    /// How many differ between the two states without being gone.
    pub fn changed(&self) -> u64 {
        (self.employees + CHANGED_EVERY - 1 - CHANGED_AT) / CHANGED_EVERY
    }

    /// How many are gone in the second state.
    pub fn gone(&self) -> u64 {
        gone_before(self.employees)
    }

    /// Whether the person of this number is there now.
    pub fn has(&self, number: u64) -> bool {
        number < self.employees && (self.state == State::First || number % GONE_EVERY != GONE_AT)
    }

    /// One page of the list, counted from 1; past the end it is empty.
    pub fn page(&self, page: u64) -> String {
        let (total, from) = (self.count(), page.saturating_sub(1) * PAGE_SIZE);
        let to = (from + PAGE_SIZE).min(total);
        let mut out = String::with_capacity(1 << 20);
        let _ = write!(
            out,
            r#"{{"currentPage":{page},"pageSize":{PAGE_SIZE},"totalPages":{},"totalCount":{total},"employees":"#,
            self.pages()
        );
        self.list(&mut out, from, to);
        out.push('}');
        out
    }

    /// Writes the people between two places of the list as an array.
    pub fn list(&self, out: &mut String, from: u64, to: u64) {
        out.push('[');
        for place in from..to {
            if place > from {
                out.push(',');
            }
            self.write(out, self.at(place));
        }
        out.push(']');
    }

    /// Writes one person as a JSON object.
    pub fn write(&self, out: &mut String, number: u64) {
        let changed = self.state == State::Second && number % CHANGED_EVERY == CHANGED_AT;
        let pick = spread(number);
        let job = pick.wrapping_add(u64::from(changed));
        let female = pick & 1 == 1;
        let (born, joined) = (1965 + pick % 37, 2009 + pick % 15);
        let (month, day) = (1 + (pick >> 8) % 12, 1 + (pick >> 16) % 28);
        let left = number % 50 == 49;
        let _ = write!(
            out,
            concat!(
                r#"{{"uuid":"{uuid}","name":"{surname}{given}","sex":"{sex}","email":"e{number}@example.com","#,
                r#""mobile":"1{mobile:010}","empno":"N{number:07}","phone_number":"","#,
                r#""id_number":"000000{born}{month:02}{day:02}{serial:04}","address":"{city}路{street}号","#,
                r#""bank_name":null,"bank_card":"","photo":null,"marriage":"{marriage}","#,
                r#""birthday":"{born}-{month:02}-{day:02}","join_date":"{joined}-{month:02}-{day:02}","#,
                r#""probation_end_date":null,"avatar":null,"leave_date":{leave},"category":"fulltime","#,
                r#""status":"{status}","department_uuid":"{department}","exmail":"","job_title":"{title}","#,
                r#""job_grade":"{grade}","nickname":"","dingtalk_id":"","wework_id":"","#,
                r#""leader_uuid":"{leader}","virtual_leader_uuid":null,"sub_company":"通事示例有限公司"}}"#
            ),
            number = number,
            born = born,
            joined = joined,
            month = month,
            day = day,
            uuid = Hex(uuid(number)),
            surname = pick_of(&SURNAMES, pick >> 24),
            given = pick_of(&GIVEN, pick >> 32),
            sex = if female { "female" } else { "male" },
            mobile = 3_000_000_000 + number,
            serial = number % 10_000,
            city = if changed { "新安" } else { "旧安" },
            street = pick % 900,
            marriage = if pick & 2 == 2 { "marriaged" } else { "singled" },
            leave = if left { r#""2024-06-30""# } else { "null" },
            status = if left { "dimission" } else { "regular" },
            department = Hex(department(pick % DEPARTMENTS)),
            title = pick_of(&TITLES, job >> 4),
            grade = if changed { "T1" } else { pick_of(&GRADES, job >> 40) },
            leader = Hex(uuid(number / 1000 * 1000)),
        );
    }

    /// The number of the person with this uuid or employee number, were that person there or not.
    pub fn find(&self, key: &str) -> Option<u64> {
        if let Some(digits) = key.strip_prefix('N') {
            return digits.parse().ok().filter(|number| *number < self.employees);
        }
        let number = unspread(u64::from_str_radix(key.get(..16)?, 16).ok()?);
        (number < self.employees && Hex(uuid(number)).to_string() == key).then_some(number)
    }

    /// The number of the person at a place of the list.
    fn at(&self, place: u64) -> u64 {
        if self.state == State::First {
            return place;
        }
        let (block, within) = (place / (GONE_EVERY - 1), place % (GONE_EVERY - 1));
        block * GONE_EVERY + within + u64::from(within >= GONE_AT)
    }
}

/// The departments as a JSON array: the first four are roots, the others hang under them.
pub fn departments() -> String {
    let mut out = String::from("[");
    for number in 0..DEPARTMENTS {
        let comma = if number == 0 { "" } else { "," };
        let name = Hex(department(number));
        let _ = write!(out, r#"{comma}{{"name":"部门{number}","uuid":"{name}","superior_uuid":"#);
        let _ = match number {
            0..4 => write!(out, "null"),
            _ => write!(out, r#""{}""#, Hex(department(number % 4))),
        };
        out.push_str(r#","charger_uuid":null}"#);
    }
    out.push(']');
    out
}

/// The contract companies as a JSON array: one.
pub fn sub_companies() -> String {
    let (own, parent) = (Hex((7, 1)), Hex((7, 0)));
    format!(
        concat!(
            r#"[{{"uuid":"{own}","company_uuid":"{parent}","name":"通事示例有限公司","short_name":"示例","#,
            r#""registered_address":"旧安路1号","boss":"王安然"}}]"#
        ),
        own = own,
        parent = parent
    )
}

struct Hex((u64, u64));

impl std::fmt::Display for Hex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}{:016x}", self.0.0, self.0.1)
    }
}

/// Keys in no order, as a vendor's are: an index over ascending keys would flatter every contestant.
fn uuid(number: u64) -> (u64, u64) {
    (spread(number), spread(!number))
}

fn department(number: u64) -> (u64, u64) {
    (spread(number + (1 << 40)), number)
}

fn pick_of<'a>(of: &[&'a str], by: u64) -> &'a str {
    let at = usize::try_from(by % of.len() as u64).unwrap_or_default();
    of.get(at).copied().unwrap_or_default()
}

fn gone_before(number: u64) -> u64 {
    (number + GONE_EVERY - 1 - GONE_AT) / GONE_EVERY
}

const FACTOR_ONE: u64 = 0xbf58_476d_1ce4_e5b9;
const FACTOR_TWO: u64 = 0x94d0_49bb_1331_11eb;

/// The finaliser of splitmix64: a one-to-one map, so that a uuid can be led back to its number without a table.
fn spread(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(FACTOR_ONE);
    value = (value ^ (value >> 27)).wrapping_mul(FACTOR_TWO);
    value ^ (value >> 31)
}

fn unspread(mut value: u64) -> u64 {
    value = unshift(value, 31).wrapping_mul(inverse(FACTOR_TWO));
    value = unshift(value, 27).wrapping_mul(inverse(FACTOR_ONE));
    unshift(value, 30)
}

/// Undoes `value ^ (value >> by)`.
fn unshift(value: u64, by: u32) -> u64 {
    let mut result = value;
    for _ in 0..64 / by {
        result = value ^ (result >> by);
    }
    result
}

/// The inverse of an odd number modulo 2^64, by Newton's iteration: each step doubles the right digits.
fn inverse(odd: u64) -> u64 {
    let mut inverse = odd;
    for _ in 0..5 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)));
    }
    inverse
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn everybody(state: State, employees: u64) -> BTreeMap<String, String> {
        let company = Company { employees, state };
        let mut found = BTreeMap::new();
        for page in 1..=company.pages() {
            let page: serde_json::Value = serde_json::from_str(&company.page(page)).unwrap();
            assert_eq!(page["totalCount"], company.count());
            for employee in page["employees"].as_array().unwrap() {
                assert_eq!(employee.as_object().unwrap().len(), 30);
                let key = employee["uuid"].as_str().unwrap().to_owned();
                assert!(company.has(company.find(&key).unwrap()));
                assert_eq!(company.find(employee["empno"].as_str().unwrap()), company.find(&key));
                assert!(found.insert(key, employee.to_string()).is_none());
            }
        }
        assert_eq!(found.len() as u64, company.count());
        found
    }

    #[test]
    fn the_second_state_differs_as_promised() {
        for employees in [3000, 3517, 3518] {
            let company = Company { employees, state: State::Second };
            let (first, second) = (everybody(State::First, employees), everybody(State::Second, employees));
            let gone = first.keys().filter(|key| !second.contains_key(*key)).count() as u64;
            let changed = second.iter().filter(|(key, text)| first[*key] != **text).count() as u64;
            assert_eq!((gone, changed), (company.gone(), company.changed()));
            assert!(second.keys().all(|key| first.contains_key(key)));
        }
    }

    #[test]
    fn a_person_is_about_750_bytes_long() {
        let company = Company { employees: 1000, state: State::First };
        let size = company.page(1).len() / 1000;
        assert!((700..800).contains(&size), "{size}");
    }

    #[test]
    fn past_the_end_a_page_is_empty() {
        let company = Company { employees: 1000, state: State::First };
        assert!(company.page(2).ends_with(r#""employees":[]}"#));
    }
}
