//! Papers: which there are, and that each is changed once.

use http::Method;
use serde_json::{Value, json};
use tongshi_model::{Employee, IdentityDocumentType};

use super::stage::{Stage, company, id, named};

const TARGET: &str = "/v1.1/staffs/certificate/$TS-101?type=code";

fn card(number: &str) -> Value {
    json!({"type": "ID_CARD", "number": number, "birthDate": 631_123_200_000_i64, "gender": "FEMALE"})
}

fn passport(number: &str) -> Value {
    json!({
        "type": "PASSPORT", "number": number, "validDate": 1_893_427_200_000_i64, "extended": false,
        "nationality": "0006", "issuancePlace": "0019", "lastEngName": "Lin", "firstEngName": "Zhixia",
    })
}

async fn save(stage: &Stage, papers: Value) -> (Value, Value) {
    let saved = stage.post(TARGET, papers).await["value"].clone();
    (saved["savedTypes"].clone(), saved["notSavedTypes"].clone())
}

fn lin(stage: &Stage) -> Employee {
    let all = stage.workforce.all::<Employee>().expect("read");
    all.into_iter().find(|(found, _)| *found == id("lin")).expect("there").1
}

#[tokio::test]
async fn papers_are_added_changed_once_and_gone_when_they_are_not_named() {
    let stage = company();
    let answer = stage.post(TARGET, json!([card("000000199001010000"), passport("E00000001")])).await;
    assert_eq!(
        answer["value"]["certificateIds"],
        json!([format!("{}:ID_CARD", named("lin")), format!("{}:PASSPORT", named("lin"))])
    );
    let items = stage.get(TARGET).await["items"].clone();
    assert_eq!((&items[0]["number"], &items[0]["gender"]), (&json!("000000199001010000"), &json!("FEMALE")));
    assert_eq!(items[0]["birthDate"], 631_123_200_000_i64);
    for (field, value) in [
        ("id", json!(format!("{}:PASSPORT", named("lin")))),
        ("validDate", json!(1_893_427_200_000_i64)),
        ("nationality", json!("0006")),
        ("issuancePlace", json!("0019")),
        ("lastEngName", json!("LIN")),
        ("firstEngName", json!("ZHIXIA")),
        ("modifyCount", json!(0)),
        ("gender", Value::Null),
        ("birthDate", json!(0)),
        ("sourceCorporationId", Value::Null),
    ] {
        assert_eq!(items[1][field], value, "{field}");
    }
    let kept = lin(&stage);
    assert_eq!(kept.id_number.as_ref().map(|number| number.expose().as_str()), Some("000000199001010000"));
    assert!(kept.birth_date.is_some() && kept.gender.is_some(), "the card says who somebody is");
    let paper = &kept.identity_documents[1];
    assert_eq!(paper.document_type.value, IdentityDocumentType::Passport);
    assert_eq!(paper.nationality.as_ref().map(|country| country.expose().as_str()), Some("US"));
    let both = json!(["ID_CARD", "PASSPORT"]);
    let same = save(&stage, json!([card("000000199001010000"), passport("E00000001")])).await;
    assert_eq!(same, (json!([]), both), "nothing new");
    let changed = save(&stage, json!([card("000000199001010000"), passport("E00000002")])).await;
    assert_eq!(changed, (json!(["PASSPORT"]), json!(["ID_CARD"])));
    let again = save(&stage, json!([passport("E00000003")])).await;
    assert_eq!(again, (json!([]), json!(["PASSPORT"])), "once");
    let left = stage.get(TARGET).await["items"].clone();
    assert_eq!((left.as_array().map(Vec::len), &left[0]["number"]), (Some(1), &json!("E00000002")));
    assert_eq!(left[0]["modifyCount"], 1);
    assert_eq!(lin(&stage).id_number, None, "a card that is not named is gone");
    save(&stage, json!([])).await;
    assert_eq!(stage.get(TARGET).await["items"], json!([]));
}

#[tokio::test]
async fn a_card_that_somebody_else_entered_is_shown_and_changed_like_any_other() {
    let stage = company();
    let mut employee = lin(&stage);
    employee.id_number = Some("000000199001010000".into());
    stage.workforce.put(id("lin"), &employee).expect("kept");
    assert_eq!(stage.get(TARGET).await["items"][0]["id"], format!("{}:ID_CARD", named("lin")));
    assert_eq!(save(&stage, json!([card("00000019900101000X")])).await.0, json!(["ID_CARD"]));
    assert_eq!(save(&stage, json!([card("000000199001010001")])).await.1, json!(["ID_CARD"]));
    let mut employee = lin(&stage);
    employee.id_number = Some("000000199001010002".into());
    stage.workforce.put(id("lin"), &employee).expect("kept");
    let shown = stage.get(TARGET).await["items"][0].clone();
    assert_eq!(
        (&shown["number"], &shown["modifyCount"]),
        (&json!("000000199001010002"), &json!(0)),
        "another card"
    );
}

#[tokio::test]
async fn what_is_wrong_with_papers_is_told_in_the_vendors_words() {
    let stage = company();
    let with = |name: &str, value: Value| {
        let mut paper = passport("E00000001");
        paper[name] = value;
        json!([paper])
    };
    let names = "英文姓名只支持英文字母，最长支持50个字符";
    for (papers, text) in [
        (json!([{"number": "E00000001"}]), "证件类型不能为空"),
        (with("type", "".into()), "证件类型不能为空"),
        (with("type", "LIBRARY_CARD".into()), "证件类型不正确"),
        (json!([{"type": "PASSPORT"}]), "证件号码不能为空"),
        (with("number", " ".into()), "证件号码不能为空"),
        (json!([card("1234")]), "证件号码格式错误"),
        (json!([card("00000019900101000Y")]), "证件号码格式错误"),
        (json!([card("证件号码证件号")]), "证件号码格式错误"),
        (with("number", "E 1".into()), "证件号码格式错误"),
        (with("nationality", "9999".into()), "国籍或签发地不正确"),
        (with("gender", "X".into()), "性别不正确"),
        (with("lastEngName", "林".into()), names),
        (with("firstEngName", "A".repeat(51).into()), names),
    ] {
        let refused = stage.refused(Method::POST, TARGET, papers).await;
        assert_eq!(refused, (412, text.to_owned()));
    }
    let unknown = stage.refused(Method::POST, "/v1.1/staffs/certificate/$nobody", json!([])).await;
    assert_eq!(unknown, (412, "未查找到此员工信息".to_owned()));
    assert_eq!(stage.refused(Method::POST, TARGET, json!({"rows": []})).await.0, 400, "a bare list");
    let (status, _) = stage.ask(Method::POST, TARGET, None).await;
    assert_eq!(status, 400);
    assert!(lin(&stage).identity_documents.is_empty());
}
