//! The fields of travel, spend, recognition and accounts: `fields` goes on here.

use tongshi_model::{
    AccountStatus, AccountType, ApprovalAction, ApprovalResult, BookingKind, BookingStatus, EntryStatus,
    Kind, PaymentAccountType, PaymentState, PointsKind, RecognitionStatus, RedemptionStatus, SpendStatus,
    TaskStatus, Visibility,
};

use super::fields::{Field, MONEY, Shape, may, must, names};
use Shape::{
    Code, Coded, Date, Instant, Integer, Object, Objects, Record, Records, Switch, Text, TextList, Texts,
};

pub(super) static APPROVAL_TASK: &[Field] = &[
    must("id", Text, "Its name within the approval."),
    may("name", Text, "What people call it."),
    may("approvers", Records(Kind::Employee), "Who is asked."),
    must("status", Coded(names!(TaskStatus)), "How far it is."),
    must("result", Code(names!(ApprovalResult)), "How it was decided."),
    may("decided_at", Instant, "When it was decided."),
];

pub(super) static APPROVAL_STEP: &[Field] = &[
    must("action", Coded(names!(ApprovalAction)), "What; the vendor's own word beside it."),
    may("actor", Record(Kind::Employee), "By whom; none for the system."),
    may("at", Instant, "When."),
    may("task", Text, "At which task."),
    may("next", Records(Kind::Employee), "Who is next."),
    may("comment", Text, "What was said."),
    may("state", Text, "The vendor's word for how far the whole thing was afterwards."),
];

pub(super) static ACCOUNT: &[Field] = &[
    must("user_id", Text, "The vendor's id of the user."),
    may("login", Text, "What the user types to sign in."),
    may("union_id", Text, "The id that all apps of one vendor share for this person."),
    may("third_party_id", Text, "The id that the company gave the user at this vendor."),
    may("name", Text, "The name that the vendor shows."),
    may("mobile", Text, "Mobile number."),
    must("type", Coded(names!(AccountType)), "What sort of user."),
    must("status", Coded(names!(AccountStatus)), "Whether it can be used."),
    may("employee", Record(Kind::Employee), "The employee who uses it, where one does."),
];

pub(super) static RECOGNITION: &[Field] = &[
    may("giver", Record(Kind::Employee), "Who gives it; none when a program does."),
    may("giver_name", Text, "Who gives it, by the name that the vendor shows."),
    must("receiver", Record(Kind::Employee), "Who receives it."),
    must("level", Text, "The level of the award: a word of the workspace's configuration."),
    may("value", Text, "The company's value that it honours: a word of the workspace's configuration."),
    may("title", Text, "A headline."),
    must("message", Text, "What is said."),
    may("points", Integer, "Points for the receiver."),
    must("visibility", Coded(names!(Visibility)), "Who may see it."),
    must("status", Coded(names!(RecognitionStatus)), "How far it is."),
    may("nominated_at", Instant, "When it was proposed."),
    may("decided_at", Instant, "When it was decided."),
    may("decided_by", Record(Kind::Employee), "Who decided."),
    may("delivered_at", Instant, "When it reached the receiver."),
    may("reason", Text, "Why it was declined or taken back."),
    may("approval", Record(Kind::Approval), "The approval that decides it."),
];

pub(super) static REWARD_ITEM: &[Field] = &[
    must("name", Text, "What it is called."),
    must("category", Text, "The category: a word of the catalogue."),
    must("country", Text, "The country where it can be had (ISO 3166-1 alpha-2)."),
    must("points", Integer, "Its price in points."),
    may("about", Text, "What it is."),
    may("stock", Integer, "How many are left; none for as many as one likes."),
    may("available", Switch, "Whether it can be had now."),
];

pub(super) static REDEMPTION: &[Field] = &[
    must("employee", Record(Kind::Employee), "Who takes it."),
    must("item", Record(Kind::RewardItem), "What."),
    must("quantity", Integer, "How many."),
    must("points", Integer, "Points in all."),
    must("status", Coded(names!(RedemptionStatus)), "How far it is."),
    may("requested_at", Instant, "When it was asked for."),
    may("delivered_at", Instant, "When it was handed over."),
];

pub(super) static POINTS_ENTRY: &[Field] = &[
    must("employee", Record(Kind::Employee), "Whose points."),
    must("type", Coded(names!(PointsKind)), "Why they move."),
    must("amount", Integer, "How many: positive when they come, negative when they go."),
    must("balance_after", Integer, "How many there are afterwards."),
    may("source", Text, "The recognition or redemption behind it."),
    must("at", Instant, "When."),
    may("note", Text, "A remark."),
];

pub(super) static TRAVEL_REQUEST: &[Field] = &[
    must("number", Text, "The vendor's number."),
    may("title", Text, "A headline."),
    must("applicant", Record(Kind::Employee), "Who asks."),
    may("travellers", Records(Kind::Employee), "Who travels; the applicant where nobody is named."),
    may("purpose", Text, "What for."),
    must("legs", Objects(TRIP_LEG), "Where and when."),
    may("budget", Object(MONEY), "What it may cost."),
    may("advance", Object(MONEY), "Money wanted beforehand."),
    may("cost_objects", TextList, "Who bears the cost: cost centres, projects."),
    may("org_unit", Record(Kind::OrgUnit), "The department that pays."),
    must("status", Coded(names!(SpendStatus)), "How far it is."),
    may("approval", Record(Kind::Approval), "The approval that decides it."),
    may("approver", Record(Kind::Employee), "Who is asked to decide, where one person is named."),
    may("task", Text, "The task of the approval that waits for them."),
    may("external_no", Text, "The number that the program that made it gave."),
    may("over_policy", Switch, "Whether it goes beyond what the travel policy allows."),
    may("over_policy_reason", Text, "Why it does."),
    may("submitted_at", Instant, "When it was handed in."),
    may("decided_at", Instant, "When it was decided."),
];

pub(super) static TRIP_LEG: &[Field] = &[
    must("id", Text, "Its name within the request, so that a booking can say which leg it serves."),
    must("type", Coded(names!(BookingKind)), "By what means, or what for."),
    may("from", Object(PLACE), "From where; none for a stay."),
    may("to", Object(PLACE), "To where, or where one stays."),
    may("start", Date, "First day."),
    may("end", Date, "Last day."),
    may("estimate", Object(MONEY), "What it may cost."),
];

pub(super) static PLACE: &[Field] =
    &[must("name", Text, "Its name."), may("code", Text, "The vendor's code for it.")];

pub(super) static BOOKING: &[Field] = &[
    must("type", Coded(names!(BookingKind)), "What was booked."),
    must("order_no", Text, "The platform's number of the order."),
    may("parent_order_no", Text, "The order that it is a part of."),
    may("original_order_no", Text, "The order that it changes or takes back."),
    may("ticket_no", Text, "The ticket's number."),
    must("status", Coded(names!(BookingStatus)), "How far it is."),
    may("summary", Text, "What it is, in a line."),
    may("booker", Record(Kind::Employee), "Who booked."),
    may("travellers", Records(Kind::Employee), "Who travels."),
    may("request", Record(Kind::TravelRequest), "The travel request that it serves."),
    may("leg", Text, "The leg of that request."),
    may("platform", Text, "Where it was booked."),
    may("provider_no", Text, "The flight's or train's number, the hotel's name, the car's plate."),
    may("from", Object(PLACE), "From where."),
    may("to", Object(PLACE), "To where."),
    may("starts_at", Instant, "When it begins."),
    may("ends_at", Instant, "When it ends."),
    may("class", Text, "Cabin, seat or room."),
    may("quantity", Integer, "How many nights, rooms or tickets."),
    may("amount", Object(MONEY), "What it costs in all; negative for what comes back."),
    may("tax", Object(MONEY), "Tax within it."),
    may("fee", Object(MONEY), "The platform's fee within it."),
    may("paid_by_company", Switch, "Whether the company pays the platform."),
    may("private", Switch, "Whether it is the traveller's own affair."),
    may("over_policy", Switch, "Whether it goes beyond what the travel policy allows."),
    may("over_policy_reason", Text, "Why it does."),
    may("ordered_at", Instant, "When it was booked."),
];

pub(super) static EXPENSE_CLAIM: &[Field] = &[
    must("number", Text, "The vendor's number."),
    may("title", Text, "A headline."),
    may("purpose", Text, "What for."),
    must("claimant", Record(Kind::Employee), "Who claims."),
    may("legal_entity", Record(Kind::LegalEntity), "The company that pays."),
    may("org_unit", Record(Kind::OrgUnit), "The department that pays."),
    must("status", Coded(names!(SpendStatus)), "How far it is."),
    must("lines", Objects(EXPENSE_LINE), "What the money was spent on."),
    must("total", Object(MONEY), "The sum of the lines."),
    may("request", Record(Kind::TravelRequest), "The travel request that it settles."),
    may(
        "bookings",
        Records(Kind::Booking),
        "The bookings that it settles, those that its lines name and others.",
    ),
    may("approval", Record(Kind::Approval), "The approval that decides it."),
    may("approver", Record(Kind::Employee), "Who is asked to decide, where one person is named."),
    may("task", Text, "The task of the approval that waits for them."),
    may("external_no", Text, "The number that the program that made it gave."),
    may("payee", Object(PAYEE), "To whom the money goes."),
    may("payment", Object(PAYMENT), "How it was paid."),
    may("vouchers", TextList, "The numbers under which it stands in the books."),
    may("submitted_at", Instant, "When it was handed in."),
    may("decided_at", Instant, "When it was decided."),
];

pub(super) static EXPENSE_LINE: &[Field] = &[
    must("fee_type", Text, "The company's word for this sort of cost."),
    may("date", Date, "The day."),
    must("amount", Object(MONEY), "How much."),
    may("tax", Object(MONEY), "Tax within it."),
    may("invoices", Objects(INVOICE), "What proves it."),
    may("bookings", Records(Kind::Booking), "The bookings that it pays for."),
    may("allocations", Objects(ALLOCATION), "Who bears it."),
    may("note", Text, "A remark."),
];

pub(super) static ALLOCATION: &[Field] = &[
    must("cost_object", Text, "The cost centre, project or customer that bears it."),
    must("amount", Object(MONEY), "How much of it."),
];

pub(super) static INVOICE: &[Field] = &[
    must("number", Text, "Its number."),
    may("code", Text, "Its code, where it has one."),
    may("date", Date, "Its day."),
    may("seller", Text, "Who wrote it."),
    may("amount", Object(MONEY), "How much, tax included."),
];

pub(super) static PAYEE: &[Field] = &[
    must("name", Text, "Name of the account's holder."),
    may("bank", Text, "The bank."),
    may("account", Text, "The account's number."),
];

pub(super) static PAYMENT: &[Field] = &[
    must("state", Coded(names!(PaymentState)), "Whether the money went."),
    may("paid_at", Instant, "When."),
    may("reference", Text, "The bank's or channel's number."),
    may("reason", Text, "Why it did not go."),
];

pub(super) static ACCOUNTING_ENTRY: &[Field] = &[
    must("number", Text, "The voucher's number."),
    must("period", Text, "The fiscal period, `YYYY-MM`."),
    may("date", Date, "The day."),
    may("legal_entity", Record(Kind::LegalEntity), "Whose books."),
    must("status", Coded(names!(EntryStatus)), "How far it is."),
    may("claim", Record(Kind::ExpenseClaim), "The claim behind it."),
    must("lines", Objects(ENTRY_LINE), "Debits and credits; each side sums to the same."),
];

pub(super) static ENTRY_LINE: &[Field] = &[
    must("account", Text, "The account's number in the books."),
    may("debit", Object(MONEY), "What it takes."),
    may("credit", Object(MONEY), "What it gives."),
    may("cost_object", Text, "The cost centre, project or customer."),
    may("person", Record(Kind::Employee), "The person."),
    may("note", Text, "A remark."),
];

pub(super) static PAYMENT_ACCOUNT: &[Field] = &[
    must("type", Coded(names!(PaymentAccountType)), "At what."),
    may(
        "owner",
        Record(Kind::Employee),
        "Whose it is, where it is a colleague's; else the company keeps it.",
    ),
    must("holder", Text, "The name that the account is in."),
    must("number", Text, "Its number: of a card, an account, a wallet."),
    must("corporate", Switch, "Whether it is in a company's name (对公) rather than in a person's."),
    must("receives", Switch, "Whether money is paid to it."),
    must("pays", Switch, "Whether the company pays from it."),
    may("channels", TextList, "By what ways the company pays from it, in the vendor's words."),
    may("bank", Text, "The bank."),
    may("branch", Text, "The bank's branch that keeps it (开户网点)."),
    may("bank_code", Text, "The branch's number in interbank payments (联行号)."),
    may("branch_code", Text, "The branch's number within its bank, abroad."),
    may("swift_code", Text, "Business identifier code (ISO 9362), abroad."),
    may("routing_number", Text, "Routing number, abroad."),
    may("country", Text, "Numeric country code (ISO 3166-1), abroad."),
    may("province", Text, "The province that the branch is in."),
    may("city", Text, "The city that the branch is in."),
    may("certificate_type", Text, "By what paper the holder is known, in the vendor's word."),
    may("certificate_no", Text, "That paper's number."),
    may("audience", Object(AUDIENCE), "Who may choose it; everybody where it is missing."),
    may("custom", Texts, "Fields that the company has added."),
    may("note", Text, "A remark."),
    must("disabled", Switch, "Whether it is out of use."),
];

pub(super) static AUDIENCE: &[Field] = &[
    must("everyone", Switch, "Everybody, whoever else is named."),
    may("employees", Records(Kind::Employee), "People."),
    may("org_units", Records(Kind::OrgUnit), "Departments."),
    must("with_children", Switch, "Whether the departments below those are meant too."),
    may("roles", TextList, "Roles, by the vendor's ids."),
];

pub(super) static SUPPLIER_BILL: &[Field] = &[
    must("number", Text, "Its number."),
    must("name", Text, "Its name, as a rule the month."),
    must("supplier", Text, "Whose bill: the supplier's name."),
    must("from", Instant, "When the period begins."),
    must("to", Instant, "When it ends."),
    must("lines", Objects(SUPPLIER_BILL_LINE), "What it asks money for."),
];

pub(super) static SUPPLIER_BILL_LINE: &[Field] = &[
    must("reference", Text, "The supplier's name for the line: the same again is the same line."),
    may("order_no", Text, "The number of the order."),
    may("booking", Record(Kind::Booking), "The booking of that number, where one is known."),
    may("request_no", Text, "The number of the travel request."),
    may("amount", Object(MONEY), "How much."),
    must("cells", Texts, "Every column that came, under its label."),
];
