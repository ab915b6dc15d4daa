//! Words of closed sets: states, actions, kinds of trip.

use tongshi_model::{ApprovalAction, BookingKind, BookingStatus, Coded, Kind, SpendStatus};

/// A document's state as the vendor calls it (§2.4). "Paid" is also said of a request whose approval is done.
pub(in crate::hesine) fn state_word(kind: Kind, status: &Coded<SpendStatus>) -> &str {
    status.word_for(
        |word| read_state(kind, word).map(|coded| coded.value),
        |value| match value {
            SpendStatus::Draft => "draft",
            SpendStatus::Pending => "pending",
            SpendStatus::Approving | SpendStatus::Other => "approving",
            SpendStatus::Sending => "sending",
            SpendStatus::Receiving => "receiving",
            SpendStatus::Rejected => "rejected",
            SpendStatus::Paying => "paying",
            SpendStatus::Processing => "PROCESSING",
            SpendStatus::Approved | SpendStatus::Paid => "paid",
            SpendStatus::Archived => "archived",
            SpendStatus::Voided => "nullify",
        },
    )
}

/// A vendor's word for a state.
pub(in crate::hesine) fn read_state(kind: Kind, word: &str) -> Option<Coded<SpendStatus>> {
    let value = match word {
        "draft" => SpendStatus::Draft,
        "pending" => SpendStatus::Pending,
        "approving" => SpendStatus::Approving,
        "sending" => SpendStatus::Sending,
        "receiving" => SpendStatus::Receiving,
        "rejected" => SpendStatus::Rejected,
        "paying" => SpendStatus::Paying,
        "PROCESSING" => SpendStatus::Processing,
        "paid" if kind == Kind::TravelRequest => SpendStatus::Approved,
        "paid" => SpendStatus::Paid,
        "archived" => SpendStatus::Archived,
        "nullify" => SpendStatus::Voided,
        _ => return None,
    };
    Some(Coded::vendor(word, Some(value)))
}

/// The states that a filter's word means. Who asks for what is to be paid gets also what is being paid; who asks for the
/// latter gets nothing (the vendor's own rule).
pub(in crate::hesine) fn states_of(kind: Kind, word: &str) -> Vec<SpendStatus> {
    match word {
        "PROCESSING" => Vec::new(),
        "paying" => vec![SpendStatus::Paying, SpendStatus::Processing],
        word => read_state(kind, word).map(|coded| coded.value).into_iter().collect(),
    }
}

/// What was done, as the vendor calls it.
pub(in crate::hesine) fn action_word(action: &Coded<ApprovalAction>) -> &str {
    action.word_for(
        |word| Some(read_action(word).value),
        |value| match value {
            ApprovalAction::Submit => "freeflow.submit",
            ApprovalAction::Approve => "freeflow.agree",
            ApprovalAction::Reject => "freeflow.reject",
            ApprovalAction::Return => "freeflow.back",
            ApprovalAction::Withdraw => "freeflow.retract",
            ApprovalAction::Transfer => "freeflow.shiftApprove",
            ApprovalAction::Add => "freeflow.addnode",
            ApprovalAction::Comment | ApprovalAction::Other => "freeflow.comment",
            ApprovalAction::Change => "freeflow.modify",
            ApprovalAction::Remind => "freeflow.remind",
            ApprovalAction::Terminate => "freeflow.delete",
            ApprovalAction::Void => "freeflow.nullify",
            ApprovalAction::Paying => "freeflow.paying",
            ApprovalAction::Pay => "freeflow.pay",
        },
    )
}

/// A vendor's word for what was done (§2.4).
pub(in crate::hesine) fn read_action(word: &str) -> Coded<ApprovalAction> {
    let known = match word.strip_prefix("freeflow.").unwrap_or(word) {
        "submit" => Some(ApprovalAction::Submit),
        "agree" => Some(ApprovalAction::Approve),
        "reject" => Some(ApprovalAction::Reject),
        "back" => Some(ApprovalAction::Return),
        "retract" => Some(ApprovalAction::Withdraw),
        "shiftApprove" => Some(ApprovalAction::Transfer),
        "addnode" | "addSignNode" => Some(ApprovalAction::Add),
        "comment" => Some(ApprovalAction::Comment),
        "modify" | "editApproving" | "alter" => Some(ApprovalAction::Change),
        "remind" => Some(ApprovalAction::Remind),
        "delete" => Some(ApprovalAction::Terminate),
        "nullify" => Some(ApprovalAction::Void),
        "paying" => Some(ApprovalAction::Paying),
        "pay" => Some(ApprovalAction::Pay),
        _ => None,
    };
    Coded::vendor(word, known)
}

/// What an order is for (§2.6).
pub(in crate::hesine) fn kind_word(kind: &Coded<BookingKind>) -> &str {
    kind.word_for(
        |word| Some(read_kind(word).value),
        |value| match value {
            BookingKind::Flight => "flight",
            BookingKind::Hotel => "hotel",
            BookingKind::Train => "train",
            BookingKind::Car | BookingKind::Bus => "taxi",
            BookingKind::Meal => "meal",
            BookingKind::Ship | BookingKind::Other => "common",
        },
    )
}

/// A vendor's word for what an order is for.
pub(in crate::hesine) fn read_kind(word: &str) -> Coded<BookingKind> {
    let known = match word {
        "flight" => Some(BookingKind::Flight),
        "hotel" => Some(BookingKind::Hotel),
        "train" => Some(BookingKind::Train),
        "taxi" | "car" => Some(BookingKind::Car),
        "meal" => Some(BookingKind::Meal),
        _ => None,
    };
    Coded::vendor(word, known)
}

/// An order's status (§2.6).
pub(in crate::hesine) fn order_word(status: &Coded<BookingStatus>) -> &str {
    status.word_for(
        |word| Some(read_order(word).value),
        |value| match value {
            BookingStatus::Reserved | BookingStatus::Other => "确认订单",
            BookingStatus::Confirmed => "出票",
            BookingStatus::Changed => "改签",
            BookingStatus::Completed => "离店",
            BookingStatus::Cancelled => "退订",
            BookingStatus::Refunded => "退票",
        },
    )
}

/// A vendor's word for an order's status.
pub(in crate::hesine) fn read_order(word: &str) -> Coded<BookingStatus> {
    let known = match word {
        "出票" | "确认订单" | "已成交" => Some(BookingStatus::Confirmed),
        "改签" => Some(BookingStatus::Changed),
        "退票" => Some(BookingStatus::Refunded),
        "退订" => Some(BookingStatus::Cancelled),
        "离店" => Some(BookingStatus::Completed),
        _ => None,
    };
    Coded::vendor(word, known)
}
