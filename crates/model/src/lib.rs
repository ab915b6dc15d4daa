//! The canonical model of an organisation: what every vendor's data becomes and every surface reads.
//!
//! One noun per file. No I/O, no vendor, no SQL, no HTTP. Clock and randomness are traits here so that nobody
//! else makes their own.

mod account;
mod action;
mod approval;
mod attendance;
mod code;
mod employee;
mod entity;
mod error;
mod id;
mod identity;
mod kind;
mod masked;
mod money;
mod notice;
mod organisation;
mod outside;
mod payment_account;
mod person;
mod recognition;
mod recruitment;
mod secret;
mod sensitivity;
mod spend;
mod supplier_bill;
mod time;
mod travel;
mod visit;

pub use account::{Account, AccountStatus, AccountType};
pub use action::Action;
pub use approval::{
    Approval, ApprovalAction, ApprovalCategory, ApprovalResult, ApprovalStatus, ApprovalStep, ApprovalTask,
    FormField, FormSection, TaskStatus,
};
pub use attendance::{
    Direction, DurationUnit, Punch, PunchSource, Quantity, ShiftAssignment, TimelineEntry, TimelineKind,
};
pub use code::{Code, Coded};
pub use employee::{Employee, EmploymentPhase, EmploymentStatus, EmploymentType, Gender, Marital};
pub use entity::{Draft, Entity, KEYS_MAX, Keys};
pub use error::{Error, ErrorKind, Result};
pub use id::{Id, Space};
pub use identity::{IdentityDocument, IdentityDocumentType};
pub use kind::Kind;
pub use masked::masked;
pub use money::{Currency, Money};
pub use notice::Notice;
pub use organisation::{Company, LegalEntity, OrgUnit};
pub use outside::{Clock, FixedClock, Randomness, SeededRandomness, SystemClock, SystemRandomness};
pub use payment_account::{Audience, PaymentAccount, PaymentAccountType};
pub use person::Bond;
pub use recognition::{
    PointsEntry, PointsKind, Recognition, RecognitionStatus, Redemption, RedemptionStatus, RewardItem,
    Visibility,
};
pub use recruitment::{Candidate, CandidateSource, CandidateStatus, Degree, Vacancy, VacancyStatus};
pub use secret::{Personal, Secret};
pub use sensitivity::Sensitivity;
pub use spend::{
    AccountingEntry, Allocation, EntryLine, EntryStatus, ExpenseClaim, ExpenseLine, Invoice, Payee, Payment,
    PaymentState,
};
pub use supplier_bill::{SupplierBill, SupplierBillLine};
pub use time::{Instant, LocalDate, Timestamp, parse_date, parse_http_date, shanghai};
pub use travel::{Booking, BookingKind, BookingStatus, Place, SpendStatus, TravelRequest, TripLeg};
pub use visit::{SalaryItem, Visit, VisitStatus};
