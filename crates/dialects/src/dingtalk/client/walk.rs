//! How everybody is found. DingTalk has no list of all people (§4.2): one walks the departments from the root, asks each
//! for the ids of its members, and then for the members themselves, a hundred at a time. The ids say how many different
//! people there must be in all, and in which department somebody with several is read, so that nobody comes twice and
//! nobody is missing without being missed.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError},
};

use tongshi_dialect::{CallError, Fingerprint, Page, Row, fingerprint};
use tongshi_model::{Error, Kind};

use super::{Code, Connection, map::ROOT, rows, wire};

/// Departments on a page.
const DEPARTMENTS: usize = 50;
/// People on a page, the most that the vendor gives (§4.2).
const PEOPLE: i64 = 100;

/// A walk through the departments.
pub(super) struct Walk {
    /// Their numbers, each after the one above it.
    departments: Vec<i64>,
    /// Where each person is read: the first department of the walk that has them.
    homes: HashMap<String, i64>,
    /// The pages: a department and where its page begins.
    pages: Vec<(i64, i64)>,
}

impl Connection {
    /// All departments, each asked for on its own, because lists say nothing of heads and order.
    pub(super) async fn departments(&self, page: u32, known: Option<Fingerprint>) -> Result<Page, Error> {
        let numbers =
            if page == 1 { self.tree().await? } else { self.last_walk(false).await?.departments.clone() };
        let total = numbers.len();
        let pages = total.div_ceil(DEPARTMENTS).max(1);
        if page == 1 {
            self.keep(Walk { departments: numbers.clone(), homes: HashMap::new(), pages: Vec::new() });
        }
        let from = DEPARTMENTS * (page as usize).saturating_sub(1);
        let mut rows = Vec::new();
        for number in numbers.into_iter().skip(from).take(DEPARTMENTS) {
            match self.ask_bytes(&wire::DepartmentGet { dept_id: Some(number), language: None }).await {
                Ok(body) => rows.push(rows::one(Kind::OrgUnit, &body)?),
                // Gone since the walk: the total will tell.
                Err(CallError::Fault { fault, .. }) if fault.code == Code::NoDepartment => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(paged(rows, total, pages, known))
    }

    /// All people, page by page.
    pub(super) async fn people(&self, page: u32, known: Option<Fingerprint>) -> Result<Page, Error> {
        let walk = self.last_walk(page == 1).await?;
        let (total, pages) = (walk.homes.len(), walk.pages.len().max(1));
        let Some((number, cursor)) = walk.pages.get((page as usize).saturating_sub(1)).copied() else {
            return Ok(paged(Vec::new(), total, pages, known));
        };
        let ask = wire::UserList {
            dept_id: Some(number),
            cursor: Some(cursor),
            size: Some(PEOPLE),
            ..wire::UserList::default()
        };
        let mut rows = rows::members(&self.ask_bytes(&ask).await?)?;
        // Who is nowhere among the ids has come since; who is read elsewhere is left to that page.
        rows.retain(|row| walk.homes.get(&row.remote_id).is_none_or(|home| *home == number));
        Ok(paged(rows, total, pages, known))
    }

    /// The numbers of all departments, each after the one above it.
    async fn tree(&self) -> Result<Vec<i64>, Error> {
        let mut numbers = vec![ROOT];
        let mut known = HashSet::from([ROOT]);
        let mut at = 0;
        while let Some(number) = numbers.get(at).copied() {
            at += 1;
            match self.ask(&wire::DepartmentListSubId { dept_id: Some(number), language: None }).await {
                Ok(answer) => {
                    let below = answer.result.dept_id_list;
                    numbers.extend(below.into_iter().filter(|below| known.insert(*below)));
                }
                Err(CallError::Fault { fault, .. }) if fault.code == Code::NoDepartment => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(numbers)
    }

    /// The walk whose pages are being read; a new one where a reading begins, or where this process has none yet because
    /// another began.
    async fn last_walk(&self, anew: bool) -> Result<Arc<Walk>, Error> {
        if !anew && let Some(walk) = self.walked.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Ok(walk);
        }
        let departments = self.tree().await?;
        let mut homes = HashMap::new();
        let mut pages = Vec::new();
        for number in &departments {
            let members = match self.ask(&wire::UserListId { dept_id: Some(*number) }).await {
                Ok(answer) => answer.result.userid_list,
                Err(CallError::Fault { fault, .. }) if fault.code == Code::NoDepartment => continue,
                Err(error) => return Err(error.into()),
            };
            let count = i64::try_from(members.len()).unwrap_or(i64::MAX);
            pages.extend((0..(count + PEOPLE - 1) / PEOPLE).map(|page| (*number, page * PEOPLE)));
            for userid in members {
                homes.entry(userid).or_insert(*number);
            }
        }
        Ok(self.keep(Walk { departments, homes, pages }))
    }

    fn keep(&self, walk: Walk) -> Arc<Walk> {
        let walk = Arc::new(walk);
        *self.walked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&walk));
        walk
    }
}

/// Rows as a page, or a note that they are those which the asker knows.
fn paged(rows: Vec<Row>, total: usize, pages: usize, known: Option<Fingerprint>) -> Page {
    let mut bytes = Vec::new();
    for row in &rows {
        bytes.extend_from_slice(row.raw.as_bytes());
        bytes.push(b'\n');
    }
    let print = fingerprint(&bytes);
    let page = if known == Some(print) {
        Page::unchanged(print)
    } else {
        Page { fingerprint: Some(print), rows, ..Page::default() }
    };
    Page { total: Some(total as u64), pages: u32::try_from(pages).ok(), ..page }
}
