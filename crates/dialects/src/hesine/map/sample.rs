//! The sample contract's words and ours. Its three states are fewer than ours: what still waits is pending, what was
//! agreed to stays approved whatever the money does, what was refused or made void is rejected (§3, 8).

use tongshi_model::{
    Booking, BookingKind, BookingStatus, ExpenseClaim, Id, PaymentState, Personal, Place, SpendStatus,
    TravelRequest, TripLeg,
};

use crate::hesine::wire::sample::{BookingView, ExpenseView, LegView, LineView, TripView};

/// The states of the sample contract, each with ours.
pub(in crate::hesine) const STATES: [(&str, &[SpendStatus]); 3] = [
    (
        "pending",
        &[
            SpendStatus::Pending,
            SpendStatus::Draft,
            SpendStatus::Approving,
            SpendStatus::Sending,
            SpendStatus::Receiving,
            SpendStatus::Other,
        ],
    ),
    (
        "approved",
        &[
            SpendStatus::Approved,
            SpendStatus::Paying,
            SpendStatus::Processing,
            SpendStatus::Paid,
            SpendStatus::Archived,
        ],
    ),
    ("rejected", &[SpendStatus::Rejected, SpendStatus::Voided]),
];

/// What can be booked.
pub(in crate::hesine) const BOOKED: [(&str, BookingKind); 5] = [
    ("flight", BookingKind::Flight),
    ("hotel", BookingKind::Hotel),
    ("train", BookingKind::Train),
    ("car", BookingKind::Car),
    ("meal", BookingKind::Meal),
];

/// How far a booking is.
pub(in crate::hesine) const BOOKING_STATES: [(&str, BookingStatus); 6] = [
    ("reserved", BookingStatus::Reserved),
    ("confirmed", BookingStatus::Confirmed),
    ("changed", BookingStatus::Changed),
    ("completed", BookingStatus::Completed),
    ("cancelled", BookingStatus::Cancelled),
    ("refunded", BookingStatus::Refunded),
];

/// The sample contract's word for a state.
pub(in crate::hesine) fn state(status: SpendStatus) -> &'static str {
    let found = STATES.iter().find(|(_, ours)| ours.contains(&status));
    found.map_or("pending", |(word, _)| word)
}

/// Who is who at the caller: an employee's number, or the record's id where there is none.
pub(in crate::hesine) type Names<'a> = &'a dyn Fn(Id) -> String;

fn place(place: Option<&Place>) -> Option<String> {
    place.map(|place| place.name.expose().clone())
}

fn leg(leg: &TripLeg) -> LegView {
    LegView {
        leg_id: leg.id.clone(),
        kind: leg.kind.value.name().to_owned(),
        from: place(leg.from.as_ref()),
        to: place(leg.to.as_ref()),
        start_date: leg.start.map(|day| day.to_string()),
        end_date: leg.end.map(|day| day.to_string()),
    }
}

/// A trip as the caller sees it.
pub(in crate::hesine) fn trip(id: Id, request: &TravelRequest, names: Names<'_>) -> TripView {
    TripView {
        request_id: id.to_string(),
        number: request.number.clone(),
        external_no: request.external_no.clone(),
        employee_id: Some(names(request.applicant)),
        approver_id: request.approver.map(names),
        status: state(request.status.value).to_owned(),
        title: request.title.clone(),
        purpose: request.purpose.clone().map(Personal::into_inner),
        budget: request.budget.map(|budget| budget.to_string()),
        currency: request.budget.map(|budget| budget.currency.code().to_owned()),
        legs: request.legs.iter().map(leg).collect(),
        approval_id: request.approval.map(|id| id.to_string()),
        submitted_at: request.submitted_at.map(|at| at.to_string()),
        decided_at: request.decided_at.map(|at| at.to_string()),
    }
}

/// A booking as the caller sees it.
pub(in crate::hesine) fn booking(id: Id, booking: &Booking, names: Names<'_>) -> BookingView {
    BookingView {
        booking_id: id.to_string(),
        order_no: booking.order_no.clone(),
        kind: booking.kind.value.name().to_owned(),
        status: booking.status.value.name().to_owned(),
        employee_id: booking.booker.or(booking.travellers.first().copied()).map(names),
        request_id: booking.request.map(|id| id.to_string()),
        leg_id: booking.leg.clone(),
        from: place(booking.from.as_ref()),
        to: place(booking.to.as_ref()),
        start_time: booking.starts_at.map(|at| at.to_string()),
        end_time: booking.ends_at.map(|at| at.to_string()),
        amount: booking.amount.map(|amount| amount.to_string()),
        currency: booking.amount.map(|amount| amount.currency.code().to_owned()),
        over_policy: booking.over_policy,
    }
}

/// A claim as the caller sees it.
pub(in crate::hesine) fn expense(id: Id, claim: &ExpenseClaim, names: Names<'_>) -> ExpenseView {
    let settled = matches!(claim.status.value, SpendStatus::Paid | SpendStatus::Archived);
    let paid = match claim.payment.as_ref().map(|payment| payment.state.value) {
        _ if settled => "paid",
        Some(PaymentState::Paid) => "paid",
        Some(PaymentState::Failed) => "failed",
        Some(PaymentState::Processing | PaymentState::Other) => "processing",
        None => "unpaid",
    };
    let line = |line: &tongshi_model::ExpenseLine| LineView {
        fee_type: line.fee_type.clone(),
        date: line.date.map(|day| day.to_string()),
        amount: line.amount.to_string(),
    };
    ExpenseView {
        expense_id: id.to_string(),
        number: claim.number.clone(),
        external_no: claim.external_no.clone(),
        employee_id: Some(names(claim.claimant)),
        request_id: claim.request.map(|id| id.to_string()),
        booking_ids: claim.bookings.iter().map(Id::to_string).collect(),
        status: state(claim.status.value).to_owned(),
        payment_status: paid.to_owned(),
        total: claim.total.to_string(),
        currency: claim.total.currency.code().to_owned(),
        lines: claim.lines.iter().map(line).collect(),
        approval_id: claim.approval.map(|id| id.to_string()),
        voucher_nos: claim.vouchers.clone(),
    }
}
