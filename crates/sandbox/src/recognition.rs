//! A catalogue of rewards, recognitions, what they brought and what was bought with it. Every person's entries are in the order
//! of time and add up.

use tongshi_model::{
    Coded, Error, Id, Instant, Kind, LocalDate, PointsEntry, PointsKind, Recognition, RecognitionStatus,
    Redemption, RedemptionStatus, RewardItem, Visibility,
};

use crate::{
    dates::{at, instant, plus_days},
    dice::{Dice, Purpose},
    outlet::Outlet,
    world::{Block, World},
};

/// One of so many people who have been here long enough is recognised: more of the first, so that a small company shows all.
const RECOGNISED_FIRST: u32 = 2;
const RECOGNISED: u32 = 8;
const FIRST: u32 = 256;

/// Name, category, country, points, pieces, what it is.
type Reward = (&'static str, &'static str, &'static str, u32, Option<u32>, &'static str);

const REWARDS: [Reward; 12] = [
    ("礼品卡 50 元", "gift_cards", "CN", 500, None, "在示例商店使用"),
    ("礼品卡 200 元", "gift_cards", "CN", 2000, None, "在示例商店使用"),
    ("Gift card 25", "gift_cards", "US", 1800, None, "For the sample store"),
    ("Gift card 10", "gift_cards", "IE", 1000, None, "For the sample store"),
    ("马克杯", "merchandise", "CN", 100, Some(200), "印有公司标志"),
    ("帆布包", "merchandise", "CN", 150, Some(80), "印有公司标志"),
    ("机械键盘", "merchandise", "CN", 2400, Some(6), "87 键"),
    ("Travel mug", "merchandise", "US", 300, Some(40), "Keeps warm"),
    ("半天调休", "experiences", "CN", 800, None, "提前一天申请"),
    ("咖啡品鉴课", "experiences", "CN", 600, Some(12), "两小时"),
    ("植树一棵", "donations", "CN", 50, None, "以您的名义"),
    ("Old poster", "merchandise", "US", 10, Some(0), "Gone"),
];

/// Levels with their points; the last two are approved by somebody.
const LEVELS: [(&str, u32); 4] = [("bronze", 100), ("silver", 500), ("gold", 1000), ("platinum", 2500)];
const VALUES: [&str; 4] = ["innovation", "teamwork", "integrity", "customer_focus"];
const MESSAGES: [&str; 6] = [
    "上线那晚一直守到最后,谢谢你。",
    "Found the fault that nobody else saw.",
    "把复杂的流程讲得人人都懂。",
    "客户专门打电话来表扬你。",
    "Took in two new colleagues without being asked 🎉",
    "三天内补齐了所有文档。",
];

/// Makes the catalogue.
pub(crate) fn catalogue(outlet: &mut Outlet<'_>) -> Result<(), Error> {
    for (index, (name, category, country, points, stock, about)) in REWARDS.into_iter().enumerate() {
        let item = RewardItem {
            name: name.to_owned(),
            category: category.to_owned(),
            country: country.to_owned(),
            points,
            about: Some(about.to_owned()),
            stock,
            available: stock != Some(0),
        };
        outlet.record(reward_id(index), &item)?;
    }
    Ok(())
}

fn reward_id(index: usize) -> String {
    format!("rew-{index:03}")
}

/// Makes the recognitions of a block, and what came of them.
pub(crate) fn block(world: &World<'_>, block: &Block, outlet: &mut Outlet<'_>) -> Result<(), Error> {
    for (index, standing) in block.people() {
        let every = if index < FIRST { RECOGNISED_FIRST } else { RECOGNISED };
        if !standing.settled() || index % every != 0 {
            continue;
        }
        // Who gives is somebody else of the block; a company of one thanks nobody.
        let giver = block
            .find((index + 7).min(block.range.end - 1), |other, found| other != index && found.settled());
        let Some(giver) = giver else { continue };
        receive(world, index, giver, outlet)?;
    }
    Ok(())
}

/// A person's recognitions, oldest first, and after them perhaps a reward.
fn receive(world: &World<'_>, index: u32, giver: u32, outlet: &mut Outlet<'_>) -> Result<(), Error> {
    let mut dice = Dice::new(world.plan, Purpose::Recognition, index);
    let mut points = Points { employee: world.employee(index), index, balance: 0, count: 0 };
    let mut day = plus_days(world.plan.today, -dice.between(60, 100));
    for number in 0..dice.between(1, 3) {
        day = plus_days(day, dice.between(1, 12));
        let (level, worth) = *dice.pick(&LEVELS);
        // Among the first people every status occurs.
        let status = match (index / RECOGNISED_FIRST + number as u32) % 12 {
            3 => RecognitionStatus::PendingApproval,
            5 => RecognitionStatus::Approved,
            8 => RecognitionStatus::Declined,
            10 => RecognitionStatus::Revoked,
            _ => RecognitionStatus::Delivered,
        };
        let visible =
            *dice.pick(&[Visibility::Public, Visibility::Public, Visibility::Team, Visibility::Private]);
        let remote_id = format!("rec-{index:08}-{number}");
        let received = matches!(status, RecognitionStatus::Delivered | RecognitionStatus::Revoked);
        let recognition = Recognition {
            giver: Some(world.employee(giver)),
            giver_name: None,
            receiver: points.employee,
            level: level.to_owned(),
            value: dice.keep(90, || VALUES[index as usize % VALUES.len()].to_owned()),
            title: None,
            message: (*dice.pick(&MESSAGES)).into(),
            points: worth,
            visibility: Coded::ours(visible),
            status: Coded::ours(status),
            nominated_at: Some(morning(day)),
            decided_at: (status != RecognitionStatus::PendingApproval).then(|| morning(day)),
            decided_by: None,
            delivered_at: received.then(|| morning(day)),
            reason: (status == RecognitionStatus::Declined).then(|| "上个月已为同一件事表彰过".into()),
            approval: None,
        };
        outlet.record(remote_id.clone(), &recognition)?;
        let source = world.space.id(Kind::Recognition, &remote_id);
        if received {
            points.moved(PointsKind::Earn, i64::from(worth), source, day, outlet)?;
        }
        if status == RecognitionStatus::Revoked {
            points.moved(PointsKind::Reverse, -i64::from(worth), source, day, outlet)?;
        }
    }
    redeem(world, &mut dice, points, plus_days(day, 3), outlet)
}

/// Takes a reward that the points pay for, where there is one.
fn redeem(
    world: &World<'_>,
    dice: &mut Dice,
    mut points: Points,
    day: LocalDate,
    outlet: &mut Outlet<'_>,
) -> Result<(), Error> {
    let place = dice.between(0, REWARDS.len() as i64 - 2) as usize;
    let (.., worth, stock, _) = REWARDS[place];
    // What is counted is left for whoever comes.
    if stock.is_some() || i64::from(worth) > points.balance {
        return Ok(());
    }
    let statuses = [
        RedemptionStatus::Delivered,
        RedemptionStatus::Requested,
        RedemptionStatus::Processing,
        RedemptionStatus::Cancelled,
    ];
    let status = *dice.pick(&statuses);
    let redemption = Redemption {
        employee: points.employee,
        item: world.space.id(Kind::RewardItem, &reward_id(place)),
        quantity: 1,
        points: worth,
        status: Coded::ours(status),
        requested_at: Some(morning(day)),
        delivered_at: (status == RedemptionStatus::Delivered).then(|| morning(plus_days(day, 2))),
    };
    let remote_id = format!("red-{:08}", points.index);
    outlet.record(remote_id.clone(), &redemption)?;
    let source = world.space.id(Kind::Redemption, &remote_id);
    points.moved(PointsKind::Redeem, -i64::from(worth), source, day, outlet)?;
    if status == RedemptionStatus::Cancelled {
        points.moved(PointsKind::Reverse, i64::from(worth), source, plus_days(day, 1), outlet)?;
    }
    Ok(())
}

/// A person's points on their way.
struct Points {
    employee: Id,
    index: u32,
    balance: i64,
    count: u32,
}

impl Points {
    fn moved(
        &mut self,
        kind: PointsKind,
        amount: i64,
        source: Id,
        day: LocalDate,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), Error> {
        self.balance += amount;
        let entry = PointsEntry {
            employee: self.employee,
            kind: Coded::ours(kind),
            amount,
            balance_after: self.balance,
            source: Some(source),
            at: morning(day),
            note: None,
        };
        self.count += 1;
        outlet.record(format!("pts-{:08}-{}", self.index, self.count), &entry)
    }
}

/// Ten o'clock. The same time for all of a day, so that their order is the one in which they are stored.
fn morning(day: LocalDate) -> Instant {
    instant(at(day, 10 * 60))
}
