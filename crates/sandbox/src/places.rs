//! Addresses in a province that is on no map.

use crate::dice::Dice;

const CITIES: &[&str] = &["样本市", "东样市", "西样市", "岛样县", "北模自治州"];
const ROADS: &[&str] = &["湖滨路", "第三大道", "工业园路", "老街", "望山巷", "Demo Road"];

/// Somewhere to live.
pub(crate) fn address(dice: &mut Dice) -> String {
    let city = dice.pick(CITIES);
    let road = dice.pick(ROADS);
    format!(
        "示例省{city}{road}{}号{}幢{:02}{:02}室",
        dice.between(1, 400),
        dice.between(1, 30),
        dice.between(1, 32),
        dice.between(1, 4)
    )
}

/// Somewhere to go for work.
pub(crate) fn destination(dice: &mut Dice) -> String {
    format!("示例省{}", dice.pick(CITIES))
}
