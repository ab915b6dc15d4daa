//! Roles: made, named anew, filled, emptied; and those that the record has by itself.

use http::Method;
use serde_json::{Value, json};

use super::stage::{CORP, Stage, company, named};

async fn role(stage: &Stage, name: &str, scope: &str, channel: &str) -> String {
    let ask = json!({"name": name, "scope": scope, "sourceChannel": channel});
    stage.post("/v1/roledefs", ask).await["value"]["id"].as_str().expect("an id").to_owned()
}

async fn held(stage: &Stage, role: &str) -> Value {
    stage.get(&format!("/v1/roledefs/${role}?staffBy=id")).await["value"]["contents"].clone()
}

/// A row as an answer shows it, people by their ids.
fn row(path_type: &str, path: &[&str], staffs: &[&str]) -> Value {
    json!({"pathType": path_type, "path": path, "staffs": staffs, "staffsType": "id"})
}

async fn fill(stage: &Stage, role: &str, by: &str, contents: Value) -> (u16, Value) {
    let target = format!("/v1.1/roledefs/${role}/staffs?staffBy={by}");
    stage.ask(Method::PUT, &target, Some(json!({"contents": contents}))).await
}

#[tokio::test]
async fn a_role_is_made_filled_named_anew_and_emptied() {
    let stage = company();
    let plain = role(&stage, "出纳", "普通角色", "API").await;
    let (status, answer) = fill(&stage, &plain, "code", json!([{"staffs": ["TS-101", "TS-100"]}])).await;
    assert_eq!((status, answer), (204, Value::Null), "nothing but a status");
    assert_eq!(held(&stage, &plain).await, json!([row("name", &[], &[&named("lin"), &named("su")])]));
    let (status, _) = fill(&stage, &plain, "cellphone", json!([{"staffs": ["19900000101"]}])).await;
    assert_eq!(
        (status, held(&stage, &plain).await),
        (204, json!([row("name", &[], &[&named("lin")])])),
        "the whole of it"
    );
    let by_department = role(&stage, "部门财务", "部门角色", "API").await;
    let rows = json!([
        {"pathType": "name", "path": ["总部", "研发组"], "staffs": [named("lin")]},
        {"pathType": "code", "path": ["D0"], "staffs": [named("su")]},
        {"pathType": "id", "path": [named("d0")], "staffs": []},
    ]);
    assert_eq!(fill(&stage, &by_department, "id", rows).await.0, 204);
    let expected = json!([row("name", &["总部", "研发组"], &[&named("lin")])]);
    assert_eq!(held(&stage, &by_department).await, expected, "nobody for a department takes its row away");
    let groups = stage.get("/v1/roleDefGroups").await["items"].clone();
    let names: Vec<&str> = groups[0]["roleDefs"]
        .as_array()
        .expect("roles")
        .iter()
        .filter_map(|role| role["name"].as_str())
        .collect();
    assert_eq!(
        (names, &groups[0]["id"]),
        (vec!["部门主管", "出纳", "部门财务"], &json!(format!("{CORP}:group:default")))
    );
    let renamed = stage.put(&format!("/v1/roledefs/${plain}?name=会计"), json!({})).await["value"].clone();
    assert_eq!(
        (&renamed["name"], &renamed["version"], &renamed["scope"]["name"]),
        (&json!("会计"), &json!(4), &json!("普通角色"))
    );
    let (status, _) = stage.ask(Method::DELETE, &format!("/v1.1/roledefs/${plain}/staffs"), None).await;
    assert_eq!((status, held(&stage, &plain).await), (204, json!([])));
}

#[tokio::test]
async fn heads_of_departments_have_a_role_by_the_record_itself() {
    let stage = company();
    let leader = format!("{CORP}:leader");
    assert_eq!(held(&stage, &leader).await, json!([row("name", &["总部"], &[&named("su")])]));
    let short = stage.get(&format!("/v1/roledefs/${leader}?staffBy=sourceId")).await;
    assert_eq!(short["value"]["contents"][0]["staffs"], json!([super::stage::id("su").to_string()]));
    let (status, answer) = fill(&stage, &leader, "id", json!([])).await;
    assert_eq!((status, &answer["errorMessage"]), (403, &json!("没有权限同步此角色")));
    assert_eq!(stage.refused(Method::PUT, &format!("/v1/roledefs/${leader}?name=x"), json!({})).await.0, 403);
}

#[tokio::test]
async fn what_a_role_lacks_or_makes_up_is_refused() {
    let stage = company();
    let role_id = role(&stage, "出纳", "普通角色", "API").await;
    let by_hand = role(&stage, "主任", "普通角色", "MANUAL").await;
    let by_department = role(&stage, "部门财务", "部门角色", "API").await;
    let create = |name: &str, scope: &str, channel: &str, group: Option<&str>| json!({"name": name, "scope": scope, "sourceChannel": channel, "roleGroupId": group});
    for (ask, status) in [
        (create("出纳", "普通角色", "API", None), 412),
        (create("部门主管", "普通角色", "API", None), 412),
        (create("", "普通角色", "API", None), 400),
        (create("项目", "项目角色", "API", None), 412),
        (create("项目", "普通角色", "FILE", None), 400),
        (create("项目", "普通角色", "API", Some("elsewhere")), 412),
    ] {
        assert_eq!(stage.refused(Method::POST, "/v1/roledefs", ask).await.0, status);
    }
    assert_eq!(
        fill(&stage, &by_hand, "id", json!([{"staffs": [named("lin")]}])).await.0,
        204,
        "whoever fills it elsewhere"
    );
    for (role, by, contents, status) in [
        (&role_id, "id", json!([{"staffs": ["nobody"]}]), 412),
        (&role_id, "id", json!([{}]), 412),
        (&role_id, "name", json!([{"staffs": ["林知夏"]}]), 400),
        (&by_department, "id", json!([{"staffs": [named("lin")]}]), 412),
        (&by_department, "id", json!([{"path": ["研发组"], "staffs": [named("lin")]}]), 412),
        (&by_department, "id", json!([{"path": [], "staffs": [named("lin")]}]), 412),
        (&by_department, "id", json!([{"pathType": "colour", "path": ["总部"], "staffs": []}]), 400),
    ] {
        let (found, answer) = fill(&stage, role, by, contents).await;
        assert_eq!(found, status, "{answer}");
    }
    assert_eq!(held(&stage, &role_id).await, json!([]), "nothing was kept");
    assert_eq!(
        stage.refused(Method::GET, "/v1/roledefs/$nothing", json!({})).await,
        (400, "角色不存在".to_owned())
    );
    assert_eq!(stage.refused(Method::DELETE, "/v1.1/roledefs/$nothing/staffs", json!({})).await.0, 412);
    assert_eq!(
        stage.refused(Method::PUT, &format!("/v1/roledefs/${by_hand}?name=出纳"), json!({})).await.0,
        412
    );
}

#[tokio::test]
async fn a_role_is_shown_in_the_words_that_are_asked_for() {
    let stage = company();
    let by_department = role(&stage, "部门财务", "部门角色", "API").await;
    let last = json!([{"pathType": "id", "path": [named("d1")], "staffs": [named("lin"), named("su")]}]);
    assert_eq!(fill(&stage, &by_department, "id", last).await.0, 204, "the last department alone");
    let shown = async |query: &str| {
        stage.get(&format!("/v1/roledefs/${by_department}?{query}")).await["value"]["contents"][0].clone()
    };
    for (query, path, staffs) in [
        ("staffBy=code&pathType=id", json!([named("d0"), named("d1")]), json!(["TS-101", "TS-100"])),
        ("staffBy=cellphone&pathType=code", json!(["D0", "D1"]), json!(["19900000101", "19900000100"])),
        ("staffBy=email", json!(["总部", "研发组"]), json!(["ts-101@example.com", "ts-100@example.com"])),
        ("", json!(["总部", "研发组"]), json!([named("lin"), named("su")])),
    ] {
        let row = shown(query).await;
        assert_eq!((&row["path"], &row["staffs"]), (&path, &staffs), "{query}");
    }
    assert_eq!(shown("staffBy=code&pathType=id").await["staffsType"], "code");
    let target = format!("/v1/roledefs/${by_department}?pathType=colour");
    let refused = stage.refused(Method::GET, &target, json!({})).await;
    assert_eq!(refused, (400, "pathType只支持id,name,code类型".to_owned()));
}

#[tokio::test]
async fn what_is_wrong_with_a_role_is_told_in_the_vendors_words() {
    let stage = company();
    let plain = role(&stage, "出纳", "普通角色", "API").await;
    let by_department = role(&stage, "部门财务", "部门角色", "API").await;
    let target = format!("/v1.1/roledefs/${plain}/staffs");
    fill(&stage, &plain, "id", json!([{"staffs": [named("lin")]}])).await;
    let refused = stage.refused(Method::PUT, &target, json!({"content": []})).await;
    assert_eq!(refused, (400, "contents参数不能为空".to_owned()));
    assert_eq!(held(&stage, &plain).await, json!([row("name", &[], &[&named("lin")])]), "nothing changed");
    let wrong = json!([{"path": ["总部", "别处"], "staffs": ["TSdemo0corp:nobody"]}]);
    let (status, answer) = fill(&stage, &by_department, "id", wrong).await;
    let text = "数据错误:[0:路径不存在[总部, 别处], 0:人员不存在[TSdemo0corp:nobody]]";
    assert_eq!((status, &answer["errorMessage"]), (412, &json!(text)));
    let (_, answer) = fill(&stage, &by_department, "id", json!([{"staffs": [named("lin")]}])).await;
    assert_eq!(answer["errorMessage"], "参数path不能为空");
    let ask = json!({"name": "出纳", "scope": "普通角色", "sourceChannel": "API"});
    let refused = stage.refused(Method::POST, "/v1/roledefs", ask).await;
    assert_eq!(refused, (412, "此名称的角色已经存在，请更换名称".to_owned()));
}

#[tokio::test]
async fn whoever_is_looked_up_comes_with_their_roles() {
    let stage = company();
    let plain = role(&stage, "出纳", "普通角色", "API").await;
    let by_department = role(&stage, "部门财务", "部门角色", "MANUAL").await;
    fill(&stage, &plain, "id", json!([{"staffs": [named("lin"), named("su")]}])).await;
    let rows = json!([{"pathType": "code", "path": ["D0", "D1"], "staffs": [named("lin")]}]);
    fill(&stage, &by_department, "id", rows).await;
    let ask = json!({"type": "STAFFID", "conditionIds": [named("lin"), named("su")]});
    let found = stage.post("/v1/staffs/getStaffIds", ask).await["items"].clone();
    let in_unit = |role: &str, unit: &str| json!({"roleDefId": role, "properties": {"departmentId": unit}});
    let alone = json!({"roleDefId": plain, "properties": {}});
    assert_eq!(found[0]["roles"], json!([alone, in_unit(&by_department, &named("d1"))]));
    let leader = format!("{CORP}:leader");
    assert_eq!(found[1]["roles"], json!([in_unit(&leader, &named("d0")), alone]));
    assert_eq!(
        stage.get("/v1.1/staffs?start=0&count=1").await["items"][0]["roles"],
        Value::Null,
        "only there"
    );
}
