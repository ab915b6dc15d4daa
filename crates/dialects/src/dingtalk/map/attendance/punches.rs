//! Punches: held against the slots of a shift, shown one by one, and read.

use serde_json::{Map, Value, json};
use tongshi_model::{Direction, Error, Id, Instant, LocalDate, Punch, PunchSource, Timestamp};

use super::{Duty, Planned, instant, numbered, work_date};
use crate::dingtalk::wire::attendance::{RecordRow, ResultRow};

/// `sourceType`: what we read; the first word of a value is the one that we write. An uploaded punch is the vendor's
/// third-party machine (§11.3).
const SOURCES: &[(&str, PunchSource)] = &[
    ("USER", PunchSource::Mobile),
    ("ATM", PunchSource::Machine),
    ("BOSS", PunchSource::Supervisor),
    ("APPROVE", PunchSource::Approval),
    ("SYSTEM", PunchSource::System),
    ("DING_ATM", PunchSource::Machine),
    ("BEACON", PunchSource::Mobile),
    ("AUTO_CHECK", PunchSource::System),
];

/// The vendor's word for the means of a punch.
pub(in crate::dingtalk) fn source_word(source: PunchSource) -> &'static str {
    let word = SOURCES.iter().find(|(_, known)| *known == source);
    // What came through a program came from a machine as far as the vendor knows.
    word.map_or("ATM", |(word, _)| word)
}

fn source(word: Option<&str>) -> PunchSource {
    let known = SOURCES.iter().find(|(known, _)| Some(*known) == word);
    match (known, word) {
        (Some((_, source)), _) => *source,
        (None, Some(_)) => PunchSource::Other,
        (None, None) => PunchSource::Unknown,
    }
}

/// What became of a slot.
pub(in crate::dingtalk) struct Judged<'a> {
    pub(in crate::dingtalk) slot: Planned,
    pub(in crate::dingtalk) punch: Option<&'a Punch>,
}

impl Judged<'_> {
    /// `timeResult`. How late is seriously late is a rule of the vendor's groups, which nobody here has.
    pub(in crate::dingtalk) fn time_result(&self) -> &'static str {
        let Some(punch) = self.punch else { return "NotSigned" };
        // A shift is kept to the minute.
        let minute = |at: Instant| at.timestamp().as_second().div_euclid(60);
        match self.slot.duty {
            Duty::On if minute(punch.at) > minute(self.slot.at) => "Late",
            Duty::Off if minute(punch.at) < minute(self.slot.at) => "Early",
            Duty::On | Duty::Off => "Normal",
        }
    }

    /// `locationResult`.
    pub(in crate::dingtalk) fn location_result(&self) -> &'static str {
        if self.punch.is_some() { "Normal" } else { "NotSigned" }
    }

    /// How many minutes late or early; 0 otherwise.
    pub(in crate::dingtalk) fn minutes_off(&self) -> i64 {
        let Some(punch) = self.punch else { return 0 };
        let minutes =
            (punch.at.timestamp().as_second() - self.slot.at.timestamp().as_second()).div_euclid(60);
        match self.slot.duty {
            Duty::On => minutes.max(0),
            Duty::Off => (-minutes).max(0),
        }
    }
}

/// Holds a day's punches, in order of time, against its slots. A punch that says what it is stands for the nearest slot
/// of that sort, any other for the nearest slot; of several for one slot the first coming counts and the last going.
pub(in crate::dingtalk) fn judge<'a>(slots: &[Planned], punches: &[&'a Punch]) -> Vec<Judged<'a>> {
    let mut found: Vec<Option<&Punch>> = vec![None; slots.len()];
    for punch in punches {
        let fits = |slot: &Planned| match punch.direction {
            Direction::In => slot.duty == Duty::On,
            Direction::Out => slot.duty == Duty::Off,
            Direction::Unknown | Direction::Other => true,
        };
        let far = |slot: &Planned| slot.at.timestamp().as_second().abs_diff(punch.at.timestamp().as_second());
        let nearest = slots.iter().filter(|slot| fits(slot)).min_by_key(|slot| far(slot));
        let Some(slot) = nearest else { continue };
        let place = &mut found[slot.index];
        if place.is_none() || slot.duty == Duty::Off {
            *place = Some(punch);
        }
    }
    slots.iter().zip(found).map(|(slot, punch)| Judged { slot: *slot, punch }).collect()
}

/// Slots for a day on which somebody came without being on a shift: the first punch is the coming, the last the going,
/// each in time. The vendor shows people of groups without shifts so.
pub(in crate::dingtalk) fn unplanned(employee: Id, day: LocalDate, punches: &[&Punch]) -> Vec<Planned> {
    let came = punches.iter().find(|punch| punch.direction != Direction::Out);
    let went = punches.iter().rfind(|punch| punch.direction != Direction::In);
    let went = went.filter(|went| came.is_none_or(|came| came.at < went.at));
    let both =
        came.map(|punch| (Duty::On, punch.at)).into_iter().chain(went.map(|punch| (Duty::Off, punch.at)));
    let slot = |(index, (duty, at))| Planned { employee, day, index, duty, at };
    both.enumerate().map(slot).collect()
}

/// The number of a punch.
pub(in crate::dingtalk) fn punch_number(punch: &Punch) -> i64 {
    let at = punch.at.timestamp().as_microsecond().to_string();
    numbered(&["punch", &punch.employee.to_string(), &at, punch.direction.name()])
}

/// What is shown of a punch wherever it is shown.
fn detail<'a>(punch: &'a Punch, name: &str) -> Option<&'a Value> {
    punch.detail.as_ref().and_then(|detail| detail.get(name)).filter(|value| !value.is_null())
}

fn detail_text(punch: &Punch, name: &str) -> Option<String> {
    detail(punch, name).and_then(Value::as_str).map(str::to_owned)
}

fn detail_number(punch: &Punch, name: &str) -> Option<f64> {
    let value = detail(punch, name)?;
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

/// A slot with its punch as a row of results.
pub(in crate::dingtalk) fn show_result(judged: &Judged<'_>, userid: &str, group: Option<i64>) -> ResultRow {
    let slot = &judged.slot;
    ResultRow {
        // A slot without a punch has a result all the same, and so a number.
        id: Some(judged.punch.map_or_else(|| slot.number(), punch_number)),
        record_id: judged.punch.map(punch_number),
        user_id: Some(userid.to_owned()),
        work_date: Some(work_date(slot.day)),
        check_type: Some(slot.duty.word().to_owned()),
        time_result: Some(judged.time_result().to_owned()),
        location_result: Some(judged.location_result().to_owned()),
        source_type: Some(judged.punch.map_or("SYSTEM", |punch| source_word(punch.source)).to_owned()),
        base_check_time: Some(slot.at.timestamp().as_millisecond()),
        user_check_time: Some(judged.punch.map_or(slot.at, |punch| punch.at).timestamp().as_millisecond()),
        group_id: group,
        plan_id: Some(slot.number()),
        ..ResultRow::default()
    }
}

/// A punch as a row of details. `counts` is the slot for which it counts, if it does.
pub(in crate::dingtalk) fn show_record(
    punch: &Punch,
    counts: Option<&Judged<'_>>,
    userid: &str,
    corp_id: Option<&str>,
) -> RecordRow {
    let word = match (counts, punch.direction) {
        (Some(judged), _) => Some(judged.slot.duty.word()),
        (None, Direction::In) => Some(Duty::On.word()),
        (None, Direction::Out) => Some(Duty::Off.word()),
        (None, Direction::Unknown | Direction::Other) => None,
    };
    let at = punch.at.timestamp().as_millisecond();
    RecordRow {
        id: Some(punch_number(punch)),
        user_id: Some(userid.to_owned()),
        corp_id: corp_id.map(str::to_owned),
        work_date: Some(work_date(punch.working_day())),
        check_type: word.map(str::to_owned),
        time_result: counts.map(|judged| judged.time_result().to_owned()),
        location_result: Some("Normal".to_owned()),
        source_type: Some(source_word(punch.source).to_owned()),
        base_check_time: counts.map(|judged| judged.slot.at.timestamp().as_millisecond()),
        plan_check_time: counts.map(|judged| judged.slot.at.timestamp().as_millisecond()),
        plan_id: counts.map(|judged| judged.slot.number()),
        user_check_time: Some(at),
        is_legal: Some("Y".to_owned()),
        location_method: detail_number(punch, "latitude").map(|_| "MAP".to_owned()),
        user_address: detail_text(punch, "address").or_else(|| detail_text(punch, "place")),
        user_longitude: detail_number(punch, "longitude"),
        user_latitude: detail_number(punch, "latitude"),
        user_accuracy: detail_number(punch, "accuracy_meters"),
        device_id: detail_text(punch, "device_id"),
        outside_remark: detail_text(punch, "remark"),
        photo_url: detail_text(punch, "photo_url"),
        gmt_create: Some(at),
        gmt_modified: Some(at),
        ..RecordRow::default()
    }
}

/// A row of details as a punch, and whose it is. Rows that the vendor itself calls invalid for a reason of security
/// are punches too: what they are is kept beside them.
pub(in crate::dingtalk) fn read_record(row: &RecordRow, employee: Id) -> Result<Punch, Error> {
    let mut detail = Map::new();
    let mut note = |name: &str, value: Value| {
        if !value.is_null() && value != "" {
            detail.insert(name.to_owned(), value);
        }
    };
    note("device_id", json!(row.device_id));
    note("device_serial", json!(row.device_sn));
    note("address", json!(row.user_address));
    note("longitude", json!(row.user_longitude));
    note("latitude", json!(row.user_latitude));
    note("accuracy_meters", json!(row.user_accuracy));
    note("remark", json!(row.outside_remark));
    note("photo_url", json!(row.photo_url));
    note("time_result", json!(row.time_result));
    note("location_result", json!(row.location_result));
    note("invalid", json!(row.invalid_record_type));
    note("approval", json!(row.proc_inst_id));
    let (check_type, source_type) = (row.check_type.as_deref(), row.source_type.as_deref());
    read(row.user_check_time, row.work_date, check_type, source_type, employee, detail)
}

/// A row of results as a punch; none for a slot without one.
pub(in crate::dingtalk) fn read_result(row: &ResultRow, employee: Id) -> Result<Option<Punch>, Error> {
    let none = row.time_result.as_deref() == Some("NotSigned")
        || row.location_result.as_deref() == Some("NotSigned");
    if none || row.user_check_time.is_none() {
        return Ok(None);
    }
    let mut detail = Map::new();
    for (name, value) in [("time_result", &row.time_result), ("location_result", &row.location_result)] {
        if let Some(word) = value {
            detail.insert(name.to_owned(), word.as_str().into());
        }
    }
    let (check_type, source_type) = (row.check_type.as_deref(), row.source_type.as_deref());
    read(row.user_check_time, row.work_date, check_type, source_type, employee, detail).map(Some)
}

fn read(
    at: Option<i64>,
    day: Option<i64>,
    check_type: Option<&str>,
    source_type: Option<&str>,
    employee: Id,
    detail: Map<String, Value>,
) -> Result<Punch, Error> {
    let at = at.and_then(instant);
    Ok(Punch {
        employee,
        at: at.ok_or_else(|| Error::invalid("userCheckTime", "userCheckTime is no time in milliseconds"))?,
        direction: match check_type {
            Some("OnDuty") => Direction::In,
            Some("OffDuty") => Direction::Out,
            _ => Direction::Unknown,
        },
        source: source(source_type),
        day: day.and_then(instant).map(Instant::date),
        detail: (!detail.is_empty()).then_some(Value::Object(detail)),
    })
}

/// A punch that came through a program: who says so and what it was made with.
pub(in crate::dingtalk) fn uploaded(employee: Id, at: Instant, detail: Value) -> Punch {
    Punch {
        employee,
        at,
        direction: Direction::Unknown,
        source: PunchSource::Import,
        day: None,
        detail: Some(detail),
    }
}

/// Whether a time lies in the half year that the vendor looks back (§5.1, §5.2), and not in the future.
pub(in crate::dingtalk) fn within_half_year(at: Timestamp, now: Timestamp) -> bool {
    const HALF_YEAR_SECONDS: i64 = 180 * 24 * 60 * 60;
    // Whole days are asked for, so the day on which the half year began counts.
    at.as_second() >= now.as_second() - HALF_YEAR_SECONDS - 24 * 60 * 60
}

#[cfg(test)]
mod tests {
    use tongshi_model::ShiftAssignment;

    use super::{super::planned, *};

    fn punch(time: &str, direction: Direction) -> Punch {
        let at = Instant::parse(time, tongshi_model::shanghai()).unwrap();
        let detail =
            json!({"latitude": 31.2, "longitude": 121.5, "accuracy_meters": 41.0, "device_id": "d1"});
        Punch {
            direction,
            source: PunchSource::Mobile,
            day: Some("2026-03-02".parse().unwrap()),
            ..uploaded(Id::of(&["e"]), at, detail)
        }
    }

    fn slots(range: &str) -> Vec<Planned> {
        planned(&ShiftAssignment {
            employee: Id::of(&["e"]),
            date: "2026-03-02".parse().unwrap(),
            shift: None,
            rule: None,
            time_range: Some(range.to_owned()),
        })
    }

    #[test]
    fn slots_find_their_punches() {
        let words = |range, punches: &[Punch]| {
            let punches: Vec<&Punch> = punches.iter().collect();
            judge(&slots(range), &punches).iter().map(Judged::time_result).collect::<Vec<_>>()
        };
        let any = Direction::Unknown;
        let day = "09:00-18:00";
        assert_eq!(words(day, &[]), ["NotSigned", "NotSigned"]);
        assert_eq!(
            words(day, &[punch("2026-03-02 09:00:59", any), punch("2026-03-02 18:00", any)]),
            ["Normal", "Normal"]
        );
        assert_eq!(
            words(day, &[punch("2026-03-02 09:01", any), punch("2026-03-02 17:59", any)]),
            ["Late", "Early"]
        );
        assert_eq!(words(day, &[punch("2026-03-02 16:00", any)]), ["NotSigned", "Early"]);
        assert_eq!(words(day, &[punch("2026-03-02 16:00", Direction::In)]), ["Late", "NotSigned"]);
        assert_eq!(
            words("22:00-06:00", &[punch("2026-03-02 21:50", any), punch("2026-03-03 06:10", any)]),
            ["Normal", "Normal"]
        );
        let four = ["09:00", "12:01", "13:29", "18:00"].map(|time| punch(&format!("2026-03-02 {time}"), any));
        assert_eq!(words("09:00-12:00,13:30-18:00", &four), ["Normal"; 4]);
        // The first coming counts and the last going.
        let many = ["08:40", "09:30", "17:00", "18:30"].map(|time| punch(&format!("2026-03-02 {time}"), any));
        assert_eq!(words(day, &many), ["Normal", "Normal"]);
    }

    #[test]
    fn punches_go_round() {
        let before = punch("2026-03-02 08:59", Direction::In);
        let judged = judge(&slots("09:00-18:00"), &[&before]);
        let row = show_record(&before, judged.first(), "u", Some("ding1"));
        assert_eq!((row.check_type.as_deref(), row.time_result.as_deref()), (Some("OnDuty"), Some("Normal")));
        let after = read_record(&row, before.employee).unwrap();
        assert_eq!(
            (after.at, after.direction, after.source, after.day),
            (before.at, before.direction, before.source, before.day)
        );
        for name in ["latitude", "longitude", "accuracy_meters", "device_id"] {
            assert_eq!(after.detail.as_ref().unwrap()[name], before.detail.as_ref().unwrap()[name], "{name}");
        }
        let shown = show_result(&judged[0], "u", None);
        let read = read_result(&shown, before.employee).unwrap().unwrap();
        assert_eq!((read.at, read.direction), (before.at, before.direction));
        assert!(read_result(&show_result(&judged[1], "u", None), before.employee).unwrap().is_none());
        assert!(read_record(&RecordRow::default(), before.employee).is_err());
    }

    #[test]
    fn every_source_has_a_word() {
        for source_of in PunchSource::ALL {
            assert!(SOURCES.iter().any(|(word, _)| *word == source_word(*source_of)));
        }
        assert_eq!(source(Some("SATELLITE")), PunchSource::Other);
        assert_eq!(source(Some("DING_ATM")), PunchSource::Machine);
    }
}
