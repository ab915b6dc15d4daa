//! What the hub does at Zhiren: sends punches in, sets pay subjects, announces visitors.

use serde_json::Number;
use tongshi_dialect::{CallError, Receipt, Write};
use tongshi_model::{Currency, Error, Instant, Money, Punch, SalaryItem, Visit, shanghai};

use super::{Connection, Fault, FaultCode, Layout, wire};

/// How many punches go in one call: in the query the address must stay short.
const PUNCHES_IN_QUERY: usize = 40;
const PUNCHES_IN_BODY: usize = 500;

impl Connection {
    pub(super) async fn push_write(&self, write: &Write) -> Result<Receipt, Error> {
        match write {
            Write::Punches(punches) => self.push_punches(punches).await,
            Write::Salary(empno, item) => self.push_salary(empno, item).await,
            Write::Visit(host, visit) => self.push_visit(host, visit).await,
        }
    }

    async fn push_punches(&self, punches: &[(String, Punch)]) -> Result<Receipt, Error> {
        let at_once = if self.layout == Layout::Query { PUNCHES_IN_QUERY } else { PUNCHES_IN_BODY };
        let mut receipt = Receipt::default();
        for chunk in punches.chunks(at_once) {
            let sent = |(empno, punch): &(String, Punch)| wire::PunchIn {
                empno: Some(empno.clone()),
                punched_at: Some(Instant::new(punch.at.timestamp(), shanghai()).format("%Y-%m-%d %H:%M")),
            };
            let import = wire::PunchImport { attendances: chunk.iter().map(sent).collect() };
            let answer = self.client.call(&import, &self.key).await?;
            let mut rows = answer.into_iter();
            receipt.rows.extend(chunk.iter().map(|_| match rows.next() {
                Some(row) if is_taken(row.code.as_deref()) => Ok(()),
                Some(row) => Err(row.error_message.unwrap_or_else(|| "refused without a reason".to_owned())),
                None => Err("the vendor did not answer for this punch".to_owned()),
            }));
        }
        Ok(receipt)
    }

    async fn push_salary(&self, empno: &str, item: &SalaryItem) -> Result<Receipt, Error> {
        let amount = item.amount.expose();
        let text = amount.to_string();
        // The vendor takes a JSON number; one that it would round is refused here.
        let value = text.parse::<Number>().ok().filter(|number| {
            Money::parse_hundredths(&number.to_string(), amount.currency).is_ok_and(|read| read == *amount)
        });
        let value = match value {
            Some(value) if amount.currency == Currency::CNY => value,
            Some(_) => return Ok(refused("Zhiren takes amounts in yuan only")),
            None => return Ok(refused("the amount has too many digits")),
        };
        let call = wire::SalarySet {
            empno: Some(empno.to_owned()),
            subject_name: Some(item.subject.clone()),
            month: Some(item.month.clone()),
            value: Some(value),
        };
        receipt(self.client.call(&call, &self.key).await)
    }

    async fn push_visit(&self, host: &str, visit: &Visit) -> Result<Receipt, Error> {
        let call = wire::EmployeeNotify {
            guid: host.to_owned(),
            token: self.company_token(),
            name: Some(visit.visitor_name.expose().clone()),
            time: Some(visit.expected_text.clone()),
        };
        receipt(self.client.call(&call, &self.key).await)
    }
}

/// Whether a punch was taken. The document spells the code with a zero (§6.10).
fn is_taken(code: Option<&str>) -> bool {
    code.is_some_and(|code| matches!(code.to_ascii_lowercase().as_str(), "0k" | "ok" | "0"))
}

fn refused(why: &str) -> Receipt {
    Receipt { rows: vec![Err(why.to_owned())] }
}

/// A refusal of what was sent is the row's affair; any other failure is the call's.
fn receipt<T>(outcome: Result<T, CallError<Fault>>) -> Result<Receipt, Error> {
    match outcome {
        Ok(_) => Ok(Receipt { rows: vec![Ok(())] }),
        Err(CallError::Fault { fault, .. })
            if matches!(fault.code, FaultCode::NoRecord | FaultCode::Parameter | FaultCode::Object) =>
        {
            Ok(refused(&fault.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}
