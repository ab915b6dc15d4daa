//! The fields of the canonical documents, for readers. The tests hold each list against what serde knows of the type,
//! name by name, so a field that is added to the model is missing here for one build at most.

use serde_json::{Map, Value, json};
use tongshi_model::{
    ApprovalCategory, ApprovalResult, ApprovalStatus, CandidateStatus, Degree, DurationUnit, EmploymentPhase,
    EmploymentStatus, EmploymentType, Gender, IdentityDocumentType, Kind, Marital, TimelineKind,
    VacancyStatus, VisitStatus,
};

use super::further;

/// A field.
pub(in crate::v1) struct Field {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// Whether it is there in every document.
    pub(super) always: bool,
    pub(super) shape: Shape,
}

/// What a field holds.
pub(super) enum Shape {
    Text,
    TextList,
    Texts,
    Switch,
    Date,
    Instant,
    Integer,
    Number,
    Any,
    /// Another record's id.
    Record(Kind),
    /// Other records' ids.
    Records(Kind),
    /// One of these.
    Code(fn() -> Vec<&'static str>),
    /// One of these, and the vendor's own word.
    Coded(fn() -> Vec<&'static str>),
    Object(&'static [Field]),
    Objects(&'static [Field]),
}

use Shape::{
    Any, Code, Coded, Date, Instant, Integer, Number, Object, Objects, Record, Records, Switch, Text,
    TextList, Texts,
};

pub(super) const fn may(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, about, always: false, shape }
}

pub(super) const fn must(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, about, always: true, shape }
}

/// The names of a closed set.
macro_rules! names {
    ($code:ty) => {
        || <$code>::ALL.iter().map(|value| value.name()).collect()
    };
}

pub(super) use names;

/// The fields of a kind.
pub(in crate::v1) fn of(kind: Kind) -> &'static [Field] {
    match kind {
        Kind::Company => COMPANY,
        Kind::LegalEntity => LEGAL_ENTITY,
        Kind::OrgUnit => ORG_UNIT,
        Kind::Employee => EMPLOYEE,
        Kind::Candidate => CANDIDATE,
        Kind::CandidateSource => CANDIDATE_SOURCE,
        Kind::Vacancy => VACANCY,
        Kind::ShiftAssignment => SHIFT_ASSIGNMENT,
        Kind::TimelineEntry => TIMELINE_ENTRY,
        Kind::Approval => APPROVAL,
        Kind::SalaryItem => SALARY_ITEM,
        Kind::Visit => VISIT,
        Kind::Notice => NOTICE,
        Kind::Account => further::ACCOUNT,
        Kind::TravelRequest => further::TRAVEL_REQUEST,
        Kind::Booking => further::BOOKING,
        Kind::ExpenseClaim => further::EXPENSE_CLAIM,
        Kind::AccountingEntry => further::ACCOUNTING_ENTRY,
        Kind::Recognition => further::RECOGNITION,
        Kind::RewardItem => further::REWARD_ITEM,
        Kind::Redemption => further::REDEMPTION,
        Kind::PointsEntry => further::POINTS_ENTRY,
        Kind::PaymentAccount => further::PAYMENT_ACCOUNT,
        Kind::SupplierBill => further::SUPPLIER_BILL,
    }
}

/// What a kind is, in a sentence.
pub(super) fn about(kind: Kind) -> &'static str {
    match kind {
        Kind::Company => "The organisation itself.",
        Kind::LegalEntity => "Registered companies that sign contracts (分公司).",
        Kind::OrgUnit => "Nodes of the department tree.",
        Kind::Employee => "People in employment: now, before or soon.",
        Kind::Account => "Logins at vendors.",
        Kind::Candidate => "People who may be hired.",
        Kind::CandidateSource => "Where candidates come from.",
        Kind::Vacancy => "Positions to be filled.",
        Kind::ShiftAssignment => "Shifts of persons on days (排班).",
        Kind::TimelineEntry => "Leaves, outings, trips and overtime.",
        Kind::Approval => "Approvals with their forms.",
        Kind::TravelRequest => "Requests to travel, with legs.",
        Kind::Booking => "Booked flights, hotels, trains, cars and meals.",
        Kind::ExpenseClaim => "Claims for money spent.",
        Kind::AccountingEntry => "Entries in the books.",
        Kind::Recognition => "Recognitions given by colleagues.",
        Kind::RewardItem => "Things that points buy.",
        Kind::Redemption => "Rewards taken.",
        Kind::PointsEntry => "Movements of points.",
        Kind::PaymentAccount => "Accounts that money is paid to or from.",
        Kind::SupplierBill => "What suppliers want to be paid for periods.",
        Kind::SalaryItem => "Pay subjects of persons in months.",
        Kind::Visit => "Visitors who come to see somebody.",
        Kind::Notice => "Words sent to persons through vendors' apps.",
    }
}

/// The schema of an object with these fields.
pub(super) fn object(fields: &[Field]) -> Value {
    let property = |field: &Field| (field.name.to_owned(), schema(field));
    let properties: Map<String, Value> = fields.iter().map(property).collect();
    let required: Vec<&str> = fields.iter().filter(|field| field.always).map(|field| field.name).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn schema(field: &Field) -> Value {
    let about = field.about;
    match &field.shape {
        Text => json!({ "type": "string", "description": about }),
        Texts => {
            json!({ "type": "object", "additionalProperties": { "type": "string" }, "description": about })
        }
        Date => json!({ "type": "string", "format": "date", "description": about }),
        Instant => json!({ "type": "string", "format": "date-time", "description": about }),
        TextList => json!({ "type": "array", "items": { "type": "string" }, "description": about }),
        Switch => json!({ "type": "boolean", "description": about }),
        Integer => json!({ "type": "integer", "format": "int64", "description": about }),
        Number => json!({ "type": "number", "description": about }),
        Any => json!({ "description": about }),
        Record(kind) => {
            let about = format!("{about} The id of a record under /v1/{}.", kind.plural());
            json!({ "type": "string", "pattern": "^[0-9a-f]{32}$", "description": about })
        }
        Records(kind) => {
            let about = format!("{about} Ids of records under /v1/{}.", kind.plural());
            let items = json!({ "type": "string", "pattern": "^[0-9a-f]{32}$" });
            json!({ "type": "array", "items": items, "description": about })
        }
        Code(names) => json!({ "type": "string", "enum": names(), "description": about }),
        Coded(names) => json!({
            "type": "object",
            "description": about,
            "required": ["value"],
            "properties": {
                "value": { "type": "string", "enum": names(), "description": "Our word." },
                "vendor_value": { "type": "string", "description": "The vendor's word, where a vendor wrote it." },
            },
        }),
        Object(fields) => {
            let mut schema = object(fields);
            schema["description"] = about.into();
            schema
        }
        Objects(fields) => json!({ "type": "array", "items": object(fields), "description": about }),
    }
}

static COMPANY: &[Field] = &[
    must("name", Text, "Short name."),
    may("full_name", Text, "Full name."),
    may("logo", Text, "Address of a picture."),
];

static LEGAL_ENTITY: &[Field] = &[
    must("name", Text, "Full name."),
    may("short_name", Text, "Short name."),
    may("parent", Record(Kind::LegalEntity), "The parent company."),
    may("registered_address", Text, "Where it is registered."),
    may("legal_representative", Text, "Who signs for it."),
];

static ORG_UNIT: &[Field] = &[
    must("name", Text, "Name."),
    may("parent", Record(Kind::OrgUnit), "The unit above; absent at the top."),
    may("head", Record(Kind::Employee), "Who heads it."),
    may("code", Text, "The company's own code for it."),
    may("order", Integer, "Place among its siblings."),
];

static EMPLOYEE: &[Field] = &[
    must("name", Text, "Full name, as the vendor shows it."),
    may("employee_no", Text, "The number that the company gave."),
    may("status", Code(names!(EmploymentStatus)), "Where they stand, for apps."),
    may("phase", Coded(names!(EmploymentPhase)), "Where they stand, for HR."),
    may("type", Coded(names!(EmploymentType)), "On what terms they work."),
    may("org_unit", Record(Kind::OrgUnit), "The department."),
    may("legal_entity", Record(Kind::LegalEntity), "The contracting company."),
    may("legal_entity_name", Text, "The contracting company by name, where a vendor gives only that."),
    may("manager", Record(Kind::Employee), "To whom they report."),
    may("dotted_manager", Record(Kind::Employee), "To whom they report in a dotted line."),
    may("job_title", Text, "The job."),
    may("job_grade", Text, "The grade."),
    may("hire_date", Date, "First day."),
    may("probation_end_date", Date, "Last day of probation."),
    may("leave_date", Date, "Last day."),
    may("nickname", Text, "A nickname."),
    may("mobile", Text, "Mobile number."),
    may("phone", Text, "A second number."),
    may("email", Text, "Mail address."),
    may("work_email", Text, "Company mailbox."),
    may("accounts", Texts, "The person's ids at other systems."),
    may("gender", Coded(names!(Gender)), "Gender."),
    may("marital", Coded(names!(Marital)), "Marital status."),
    may("birth_date", Date, "Day of birth."),
    may("address", Text, "Home address."),
    may("work_place", Object(further::PLACE), "Where they usually work."),
    may("photo", Text, "Picture."),
    may("avatar", Text, "Small picture."),
    may("id_number", Text, "Number of the identity card."),
    may("identity_documents", Objects(IDENTITY_DOCUMENT), "Papers that say who they are."),
    may("bank_name", Text, "Bank."),
    may("bank_card", Text, "Bank account."),
    may("rehire_of", Record(Kind::Employee), "The employment that this one follows."),
];

static IDENTITY_DOCUMENT: &[Field] = &[
    must("type", Coded(names!(IdentityDocumentType)), "What it is."),
    must("number", Text, "Its number."),
    may("valid_until", Date, "Its last day."),
    may("unlimited", Switch, "Whether it has no last day."),
    may("birth_date", Date, "The day of birth that stands in it."),
    may("gender", Coded(names!(Gender)), "The gender that stands in it."),
    may("nationality", Text, "The country of which the person is a citizen: two letters by ISO 3166."),
    may("issuing_place", Text, "The country that issued it: two letters by ISO 3166."),
    may("last_name", Text, "The family name in Latin letters."),
    may("first_name", Text, "The given name in Latin letters."),
    must("changes", Integer, "How often it was changed after it was first entered."),
];

static CANDIDATE: &[Field] = &[
    must("name", Text, "Full name."),
    may("email", Text, "Mail address."),
    may("mobile", Text, "Mobile number."),
    may("gender", Coded(names!(Gender)), "Gender."),
    may("marital", Coded(names!(Marital)), "Marital status."),
    may("birth_date", Date, "Day of birth."),
    may("birth_year", Integer, "Year of birth, where only that is known."),
    may("degree", Coded(names!(Degree)), "Highest degree."),
    may("status", Coded(names!(CandidateStatus)), "How far the hiring is."),
    may("source", Record(Kind::CandidateSource), "Where they come from."),
    may("source_name", Text, "Where they come from, by name."),
    may("job_title", Text, "The job that they are to have."),
    may("offer", Any, "Everything else that a recruiting system sent with them."),
];

static CANDIDATE_SOURCE: &[Field] = &[must("name", Text, "Name.")];

static VACANCY: &[Field] = &[
    may("head_count", Integer, "How many people are wanted."),
    may("status", Coded(names!(VacancyStatus)), "How far the search is."),
    may("org_unit", Record(Kind::OrgUnit), "The department."),
    may("org_unit_name", Text, "The department by name."),
    may("job_id", Text, "The vendor's id of the job."),
    may("job_title", Text, "The job by name."),
];

static SHIFT_ASSIGNMENT: &[Field] = &[
    must("employee", Record(Kind::Employee), "Who."),
    must("date", Date, "The day."),
    may("shift", Text, "The shift by name."),
    may("rule", Text, "The rule that governs it, by name."),
    may("time_range", Text, "Working hours as the vendor writes them."),
];

static TIMELINE_ENTRY: &[Field] = &[
    must("employee", Record(Kind::Employee), "Who."),
    must("kind", Coded(names!(TimelineKind)), "What."),
    must("date", Date, "The day that it counts for."),
    may("start", Instant, "From."),
    may("end", Instant, "To."),
    may("duration", Object(QUANTITY), "How much, in the vendor's unit."),
    may("approval", Record(Kind::Approval), "The approval behind it."),
    may("note", Text, "A remark."),
];

static QUANTITY: &[Field] = &[
    must("number", Number, "The number as the vendor wrote it."),
    must("unit", Coded(names!(DurationUnit)), "The unit."),
];

static APPROVAL: &[Field] = &[
    must("number", Text, "The vendor's number."),
    may("title", Text, "The name of the form or workflow."),
    must("category", Coded(names!(ApprovalCategory)), "What it is about."),
    may("applicant", Record(Kind::Employee), "Who asked, where the vendor gives an identity."),
    may("applicant_name", Text, "Who asked, by name."),
    must("status", Coded(names!(ApprovalStatus)), "How far it is."),
    may("status_label", Text, "The vendor's text for the status."),
    must("result", Code(names!(ApprovalResult)), "How it ended."),
    may("submitted_at", Instant, "When it was asked."),
    may("updated_at", Instant, "When it last moved."),
    may("form", Objects(FORM_SECTION), "The form."),
    may("tasks", Objects(further::APPROVAL_TASK), "Who is to decide, step by step, as far as it is known."),
    may("log", Objects(further::APPROVAL_STEP), "What has been done, oldest first."),
    may("copies", Records(Kind::Employee), "Who gets a copy and decides nothing."),
];

static FORM_SECTION: &[Field] =
    &[may("name", Text, "The heading."), must("fields", Objects(FORM_FIELD), "The fields under it.")];

static FORM_FIELD: &[Field] = &[must("name", Text, "The label."), must("value", Any, "The value: any JSON.")];

static SALARY_ITEM: &[Field] = &[
    must("employee", Record(Kind::Employee), "Whose."),
    must("month", Text, "The month, `YYYY-MM`."),
    must("subject", Text, "The subject by name."),
    must("amount", Object(MONEY), "How much."),
];

pub(super) static MONEY: &[Field] = &[
    must("minor", Integer, "The amount in the currency's minor unit."),
    must("currency", Text, "The currency (ISO 4217)."),
];

static VISIT: &[Field] = &[
    must("host", Record(Kind::Employee), "Whom they come to see."),
    must("visitor_name", Text, "The visitor's name."),
    must("expected_text", Text, "When they come, as it was written."),
    may("expected_at", Instant, "When they come, where the text could be read."),
    must("status", Code(names!(VisitStatus)), "How far it is."),
    may("notified_at", Instant, "When the host was told."),
];

static NOTICE: &[Field] = &[
    must("employee", Record(Kind::Employee), "To whom."),
    must("text", Text, "What it says."),
    may("url", Text, "Where a touch on it leads."),
    may("send_at", Instant, "When it is to be shown; at once where it is missing."),
];

#[cfg(test)]
pub(super) fn nested() -> [(&'static str, &'static [Field]); 17] {
    [
        ("Quantity", QUANTITY),
        ("FormSection", FORM_SECTION),
        ("FormField", FORM_FIELD),
        ("IdentityDocument", IDENTITY_DOCUMENT),
        ("Money", MONEY),
        ("TripLeg", further::TRIP_LEG),
        ("Place", further::PLACE),
        ("ExpenseLine", further::EXPENSE_LINE),
        ("Allocation", further::ALLOCATION),
        ("Invoice", further::INVOICE),
        ("Payee", further::PAYEE),
        ("Payment", further::PAYMENT),
        ("Audience", further::AUDIENCE),
        ("SupplierBillLine", further::SUPPLIER_BILL_LINE),
        ("EntryLine", further::ENTRY_LINE),
        ("ApprovalTask", further::APPROVAL_TASK),
        ("ApprovalStep", further::APPROVAL_STEP),
    ]
}
