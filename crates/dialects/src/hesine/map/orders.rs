//! Orders of booking platforms: as they are pushed in, as they are listed, and back.

use serde_json::{Map, Value, json};
use tongshi_dialect::Record;
use tongshi_model::{Booking, BookingKind, Coded, Error, Id, Instant, Kind, Money, Personal, Place};

use super::{
    Names, Resolve, kind_word, millis, order_word, read_instant, read_kind, read_money, read_order,
    read_place, show_money, show_place, text_of,
};
use crate::hesine::wire::{DataLink, FoundOne, Visibility};

/// The day's name under which an order lies, with what names its request.
pub(in crate::hesine) struct Pushed {
    pub(in crate::hesine) booking: Booking,
    /// The number of the request that it serves.
    pub(in crate::hesine) request_no: Option<String>,
}

/// An order as a platform pushes it in (§2.6).
pub(in crate::hesine) fn read_order_row(
    row: &Map<String, Value>,
    resolve: Resolve<'_>,
) -> Result<Pushed, Error> {
    let text = |name: &str| text_of(row, name);
    let first = |names: &[&str]| names.iter().find_map(|name| text(name));
    let time = |names: &[&str]| names.iter().find_map(|name| row.get(*name).and_then(read_instant));
    let order_no = text("orderNo").ok_or_else(|| Error::invalid("orderNo", "订单号不能为空"))?;
    let kind = match text("orderType") {
        Some(word) => read_kind(&word),
        None => by_fields(|name| text(name).is_some()),
    };
    let person = |id: &str| resolve(Kind::Employee, id);
    let people = row.get("travelPeople").and_then(Value::as_array).into_iter().flatten();
    let money = |field: &'static str| read_money(field, row.get(field).unwrap_or(&Value::Null));
    let place = |code: &[&str], name: &[&str]| {
        let code = first(code);
        let name = first(name).or_else(|| code.clone())?;
        Some(Place { name: name.into(), code })
    };
    let booking = Booking {
        kind,
        order_no,
        parent_order_no: text("parentOrderNo"),
        original_order_no: text("originalOrderNo"),
        ticket_no: text("ticketNumber").map(Personal::new),
        status: read_order(&text("orderStatus").unwrap_or_default()),
        summary: text("orderSummary").map(Personal::new),
        booker: text("bookingPeople").and_then(|id| person(&id)),
        travellers: people.filter_map(Value::as_str).filter_map(person).collect(),
        // A trip's id holds its request's.
        request: text("travelInfoId").and_then(|id| resolve(Kind::TravelRequest, id.rsplit_once('-')?.0)),
        leg: text("travelInfoId").map(|id| id.rsplit('-').next().unwrap_or_default().to_owned()),
        platform: text("bookingPlatform"),
        provider_no: first(&["flightNumber", "trainNumber", "hotelName", "carNumber"]).map(Personal::new),
        from: place(&["placeOfDeparture"], &["departureAirport", "departureStation", "realGetOnDeparture"]),
        to: place(
            &["destination", "accommodation"],
            &["arrivalAirport", "arrivalStation", "realGetOffArrive", "hotelAddress"],
        ),
        starts_at: time(&["departureTime", "checkInDate", "planGetOnTime"]),
        ends_at: time(&["arrivalTime", "departureDate"]),
        class: first(&["cabinType", "trainSeat", "roomType", "vehicleType"]),
        quantity: first(&["roomDays", "liveDay"]).and_then(|number| number.parse().ok()),
        amount: money("realAmount")?.or(money("orderAmount")?),
        tax: money("taxTotalPrice")?,
        fee: money("serviceFee")?,
        paid_by_company: text("paymentMethod").as_deref() == Some("企业支付"),
        private: text("travelType").as_deref() == Some("因私"),
        over_policy: text("isExcess").as_deref() == Some("是"),
        over_policy_reason: text("excessReason").map(Personal::new),
        ordered_at: time(&["orderDate"]),
    };
    Ok(Pushed { booking, request_no: text("applicationNo") })
}

/// What an order is for, where only its fields tell.
fn by_fields(has: impl Fn(&str) -> bool) -> Coded<BookingKind> {
    let known = [
        (["flightNumber", "航班号"], BookingKind::Flight),
        (["trainNumber", "火车车次"], BookingKind::Train),
        (["hotelName", "酒店名称"], BookingKind::Hotel),
        (["carNumber", "车牌号"], BookingKind::Car),
    ];
    let found = known.into_iter().find(|(names, _)| names.iter().any(|name| has(name)));
    Coded::ours(found.map_or(BookingKind::Other, |(_, kind)| kind))
}

/// An order as it is pushed to the vendor.
pub(in crate::hesine) fn order_row(
    booking: &Booking,
    person: &dyn Fn(Id) -> Option<String>,
    request_no: Option<&str>,
) -> Map<String, Value> {
    let text = |value: &Option<Personal<String>>| value.as_ref().map(|value| value.expose().clone());
    let at = |value: Option<Instant>| Value::from(value.map(|at| millis(at.timestamp()).to_string()));
    let amount = |value: Option<Money>| Value::from(value.map(|money| money.to_string()));
    let place = |place: &Option<Place>| place.as_ref().map(|place| place.name.expose().clone());
    let code = |place: &Option<Place>| place.as_ref().and_then(|place| place.code.clone());
    let parent = booking.parent_order_no.as_deref().unwrap_or(&booking.order_no);
    let original = booking.original_order_no.as_deref().unwrap_or(&booking.order_no);
    let kind = kind_word(&booking.kind);
    let (provider, from, to, class) = match kind {
        "flight" => ("flightNumber", "departureAirport", "arrivalAirport", "cabinType"),
        "train" => ("trainNumber", "departureStation", "arrivalStation", "trainSeat"),
        "hotel" => ("hotelName", "departureStation", "hotelAddress", "roomType"),
        _ => ("carNumber", "realGetOnDeparture", "realGetOffArrive", "vehicleType"),
    };
    let (starts, ends, city) = match kind {
        "hotel" => ("checkInDate", "departureDate", "accommodation"),
        _ => ("departureTime", "arrivalTime", "destination"),
    };
    let travellers: Vec<String> = booking.travellers.iter().filter_map(|id| person(*id)).collect();
    let row = json!({
        "initialOriginalOrderNo": original, "initialParentOrderNo": parent, "initialOrderNo": booking.order_no,
        "originalOrderNo": original, "parentOrderNo": parent, "orderNo": booking.order_no,
        "orderSummary": text(&booking.summary).unwrap_or_default(), "orderDate": at(booking.ordered_at),
        "orderStatus": order_word(&booking.status), "orderCategory": "主订单", "orderType": kind,
        "travelType": if booking.private { "因私" } else { "因公" }, "realAmount": amount(booking.amount),
        "bookingPlatform": booking.platform.as_deref().unwrap_or_default(), "ticketNumber": text(&booking.ticket_no),
        "bookingPeople": booking.booker.and_then(person), "travelPeople": travellers, "travelInfoId": booking.leg,
        "applicationNo": request_no, "placeOfDeparture": code(&booking.from), "paymentMethod":
        if booking.paid_by_company { "企业支付" } else { "个人支付" }, "isExcess": if booking.over_policy { "是" } else { "否" },
        "excessReason": text(&booking.over_policy_reason), "taxTotalPrice": amount(booking.tax),
        "serviceFee": amount(booking.fee), "roomDays": booking.quantity.map(|number| number.to_string()),
        provider: text(&booking.provider_no), from: place(&booking.from), to: place(&booking.to),
        class: booking.class, starts: at(booking.starts_at), ends: at(booking.ends_at), city: code(&booking.to),
    });
    match row {
        Value::Object(row) => row,
        _ => Map::new(),
    }
}

/// An order's fields under their generated names.
pub(in crate::hesine) fn order_fields(
    names: &Names,
    booking: &Booking,
    request_no: Option<&str>,
) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| drop(fields.insert(format!("E_{}_{name}", names.order), value));
    let text = |value: &Option<Personal<String>>| {
        Value::from(value.as_ref().map_or("", |value| value.expose().as_str()))
    };
    let at = |value: Option<Instant>| Value::from(value.map(|at| millis(at.timestamp())));
    let place = |place: &Option<Place>| Value::from(place.as_ref().map(show_place));
    put("code", booking.order_no.as_str().into());
    put("name", text(&booking.summary));
    put("订单号", booking.order_no.as_str().into());
    put("父订单号", booking.parent_order_no.clone().into());
    put("最原始票号", booking.original_order_no.clone().into());
    put("票号", text(&booking.ticket_no));
    put("订单状态", order_word(&booking.status).into());
    put("订单日期", at(booking.ordered_at));
    put("订单金额", booking.amount.map(show_money).into());
    put("税费小计", booking.tax.map(show_money).into());
    put("服务费", booking.fee.map(show_money).into());
    put("订票平台", booking.platform.clone().into());
    put("订票人", booking.booker.map(|id| names.id(id)).into());
    put("出行人", booking.travellers.iter().map(|id| Value::from(names.id(*id))).collect());
    put("申请单编号", request_no.into());
    put(
        "关联行程",
        booking.request.zip(booking.leg.as_deref()).map(|(id, leg)| format!("{id}-{leg}")).into(),
    );
    put("出行类型", if booking.private { "因私" } else { "因公" }.into());
    put("支付方式", if booking.paid_by_company { "企业支付" } else { "个人支付" }.into());
    put("是否超标", if booking.over_policy { "是" } else { "否" }.into());
    put("超标原因", text(&booking.over_policy_reason));
    let (provider, from, to, class, starts, ends) = labels(kind_word(&booking.kind));
    put(provider, text(&booking.provider_no));
    put(from, place(&booking.from));
    put(to, place(&booking.to));
    put(class, booking.class.clone().into());
    put(starts, at(booking.starts_at));
    put(ends, at(booking.ends_at));
    put("间夜数", booking.quantity.into());
    let at_place =
        |place: &Option<Place>| Value::from(place.as_ref().map_or("", |place| place.name.expose()));
    let (leaves, arrives) = stops(kind_word(&booking.kind));
    for (name, place) in [(leaves, &booking.from), (arrives, &booking.to)] {
        if let Some(name) = name {
            put(name, at_place(place));
        }
    }
    // The record knows no papers and no remarks of an order.
    for name in ["订单备注", "证件类型", "证件信息", "出行人类型"] {
        put(name, "".into());
    }
    fields
}

/// The labels of the very places, beside the cities: where it leaves, where it arrives.
fn stops(kind: &str) -> (Option<&'static str>, Option<&'static str>) {
    match kind {
        "flight" => (Some("出发机场"), Some("到达机场")),
        "train" => (Some("出发车站"), Some("到达车站")),
        "hotel" => (None, Some("酒店地址")),
        "taxi" => (Some("实际出发地点"), Some("实际到达地点")),
        _ => (None, None),
    }
}

/// The labels that differ from sort to sort: what runs, from where, to where, how, from when, till when.
fn labels(
    kind: &str,
) -> (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str) {
    match kind {
        "flight" => ("航班号", "出发地", "到达地", "舱位类型", "出发时间", "到达时间"),
        "train" => ("火车车次", "出发地", "到达地", "火车席位", "出发时间", "到达时间"),
        "hotel" => ("酒店名称", "出发地", "住宿地", "房型", "入住日期", "离店日期"),
        _ => ("车牌号", "出发地", "到达地", "车型", "出发时间", "到达时间"),
    }
}

/// An order as a list shows it.
pub(in crate::hesine) fn show_order(
    names: &Names,
    record: &Record,
    booking: &Booking,
    request_no: Option<&str>,
) -> FoundOne {
    let mut data_link = order_fields(names, booking, request_no);
    let further = json!({
        "id": record.id, "useCount": 0, "totalCount": 1, "ownerId": null, "visibility": show_visibility(),
        "active": !record.deleted, "createTime": millis(record.created_at),
        "updateTime": millis(record.changed_at),
        "entityId": format!("{}:{}", names.order, kind_word(&booking.kind)),
    });
    if let Value::Object(further) = further {
        data_link.extend(further);
    }
    FoundOne { data_link, ..FoundOne::default() }
}

/// Who sees something, as lists write it: nobody in particular.
pub(in crate::hesine) fn show_visibility() -> Value {
    json!({ "fullVisible": false, "staff": [], "department": [], "role": [] })
}

/// An order as it is shown alone.
pub(in crate::hesine) fn show_order_link(
    names: &Names,
    record: &Record,
    booking: &Booking,
    request_no: Option<&str>,
) -> DataLink {
    DataLink {
        version: record.version,
        id: record.id.to_string(),
        active: !record.deleted,
        create_time: millis(record.created_at),
        update_time: millis(record.changed_at),
        code: booking.order_no.clone(),
        entity_id: format!("{}:{}", names.order, kind_word(&booking.kind)),
        // Platforms push orders in.
        source: "OPEN_API".to_owned(),
        ..data_link(
            names,
            booking.summary.as_ref().map(|text| text.expose().clone()).unwrap_or_default(),
            order_fields(names, booking, request_no),
        )
    }
}

/// What all things of this sort have that are shown alone.
pub(in crate::hesine) fn data_link(names: &Names, name: String, form: Map<String, Value>) -> DataLink {
    DataLink {
        pipeline: 1,
        grayver: Some(String::new()),
        active: true,
        name_spell: name.to_uppercase(),
        name,
        corporation_id: Some(names.corporation.clone()),
        form,
        master_id: Some(String::new()),
        visibility: Some(Visibility {
            staffs: Some(Vec::new()),
            roles: Some(Vec::new()),
            departments: Some(Vec::new()),
            ..Visibility::default()
        }),
        visible: true,
        self_planned_configs: Some(Vec::new()),
        rigid_control_passed: true,
        ..DataLink::default()
    }
}

/// An order from what the vendor lists.
pub(in crate::hesine) fn read_data_link(
    fields: &Map<String, Value>,
    resolve: Resolve<'_>,
) -> Result<Booking, Error> {
    let named = |name: &str| {
        let found = fields
            .iter()
            .find(|(known, _)| known.starts_with("E_") && known.rsplit('_').next() == Some(name));
        found.map(|(_, value)| value).filter(|value| !value.is_null())
    };
    let text =
        |name: &str| named(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let entity = fields.get("entityId").and_then(Value::as_str).unwrap_or_default();
    let kind = match entity.rsplit(':').next().unwrap_or_default() {
        word @ ("flight" | "hotel" | "train" | "taxi" | "meal" | "common") => read_kind(word),
        _ => by_fields(|name| text(name).is_some()),
    };
    let (provider, from, to, class, starts, ends) = labels(kind_word(&kind));
    let person = |value: &Value| value.as_str().and_then(|id| resolve(Kind::Employee, id));
    let people = named("出行人").and_then(Value::as_array).into_iter().flatten();
    let money = |name: &'static str| named(name).map_or(Ok(None), |value| read_money(name, value));
    // A trip's id names its request.
    let trip = text("关联行程");
    let (request, leg) = match trip.as_deref().and_then(|trip| trip.rsplit_once('-')) {
        Some((request, _)) => (resolve(Kind::TravelRequest, request), trip.clone()),
        None => (None, trip.clone()),
    };
    Ok(Booking {
        order_no: text("订单号")
            .or_else(|| text("code"))
            .ok_or_else(|| Error::invalid("订单号", "no number"))?,
        parent_order_no: text("父订单号"),
        original_order_no: text("最原始票号"),
        ticket_no: text("票号").map(Personal::new),
        status: read_order(&text("订单状态").unwrap_or_default()),
        summary: text("name").map(Personal::new),
        booker: named("订票人").and_then(person),
        travellers: people.filter_map(person).collect(),
        request,
        leg,
        platform: text("订票平台"),
        provider_no: text(provider).map(Personal::new),
        from: named(from).and_then(read_place),
        to: named(to).and_then(read_place),
        starts_at: named(starts).and_then(read_instant),
        ends_at: named(ends).and_then(read_instant),
        class: text(class),
        quantity: named("间夜数").and_then(Value::as_u64).and_then(|number| number.try_into().ok()),
        amount: money("订单金额")?,
        tax: money("税费小计")?,
        fee: money("服务费")?,
        paid_by_company: text("支付方式").as_deref() == Some("企业支付"),
        private: text("出行类型").as_deref() == Some("因私"),
        over_policy: text("是否超标").as_deref() == Some("是"),
        over_policy_reason: text("超标原因").map(Personal::new),
        ordered_at: named("订单日期").and_then(read_instant),
        kind,
    })
}
