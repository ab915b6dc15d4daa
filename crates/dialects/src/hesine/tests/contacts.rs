//! People and departments as the vendor's documentation has them, call by call: what is refused, and in which words.

use http::Method;
use serde_json::{Value, json};
use tongshi_model::{Employee, Id, Place};

use super::stage::{Stage, claim, company, id, made, named};

/// Said of a number or an address that is somebody else's.
const TAKEN: &str = "该手机号/邮箱账号已被其他员工使用，请勿重复绑定";

fn person(name: &str, change: Value) -> Value {
    let Value::Object(mut person) = change else { return Value::Null };
    for (field, value) in [
        ("name", json!(name)),
        ("defaultDepartment", json!(named("d1"))),
        ("departments", json!([named("d1")])),
    ] {
        person.entry(field).or_insert(value);
    }
    person.into()
}

fn kept(stage: &Stage, wanted: Id) -> Employee {
    let all = stage.workforce.all::<Employee>().expect("read");
    all.into_iter().find(|(found, _)| *found == wanted).expect("there").1
}

#[tokio::test]
async fn what_is_wrong_with_somebody_new_is_told_in_the_vendors_words() {
    let stage = company();
    let lin = json!({"userid": "wx-lin", "cellphone": "19900000101", "name": "林知夏"});
    stage.put(&format!("/v1.1/staffs/update/${}", named("lin")), lin).await;
    let phone = "手机号格式不正确，只能包含数字和英文括号";
    let in_use = format!("新增员工数据库异常：{TAKEN}");
    let no_unit = "新增员工数据库异常：部门ID不存在";
    for (body, status, text) in [
        (person("甲", json!({"cellphone": "199-0000"})), 400, phone),
        (person("甲", json!({"cellphone": "19900000101"})), 400, &*in_use),
        (person("甲", json!({"email": "TS-101@EXAMPLE.com"})), 400, &*in_use),
        (
            person("甲", json!({"cellphone": "19900000900", "userid": "wx-lin"})),
            400,
            "该账号已被其他员工使用，请勿重复绑定",
        ),
        (person("", json!({"cellphone": "19900000900"})), 400, "员工名称不能为空"),
        (person("甲", json!({"cellphone": "19900000900", "departments": []})), 403, "部门不能为空"),
        (person("甲", json!({"cellphone": "19900000900", "departments": ["x"]})), 400, no_unit),
        (person("甲", json!({"external": true})), 400, "新增外部员工手机号不能为空"),
        (person("甲", json!({"external": true, "cellphone": "19900000900"})), 400, no_unit),
    ] {
        let refused = stage.refused(Method::POST, "/v1.1/staffs", body).await;
        assert_eq!(refused, (status, text.to_owned()));
    }
    for change in [
        json!({"cellphone": "19900000101"}),
        json!({"cellphone": "19900000900", "email": "ts-100@example.com"}),
        json!({"cellphone": "19900000900", "userid": "wx-lin"}),
    ] {
        let body =
            json!({"staffList": [person("乙", json!({"cellphone": "19900000901"})), person("甲", change)]});
        let refused = stage.refused(Method::POST, "/v1.1/staffs/batch/create", body).await;
        assert!(
            refused.0 == 400 && refused.1.starts_with("批量新增员工数据库异常：该userId已被绑定「"),
            "{refused:?}"
        );
    }
    assert_eq!(stage.workforce.all::<Employee>().expect("read").len(), 3, "nobody was added");
}

#[tokio::test]
async fn somebody_new_is_shown_whole_and_whoever_left_comes_back_by_their_mail() {
    let stage = company();
    let base = "[{\"key\":\"8\",\"label\":\"北京市/海淀区\"}]";
    let change = json!({"cellphone": "(852)90000000", "nickName": "样", "email": "New@Example.com", "userid": "wx-new",
        "staffCustomForm": {"rankType": "P5", "base": base}});
    let new = stage.post("/v1.1/staffs", person("新样本", change)).await["value"].clone();
    for (field, value) in [
        ("nickName", json!("样")),
        ("cellphone", json!("(852)90000000")),
        ("globalRoaming", json!("+852")),
        ("email", json!("new@example.com")),
        ("showEmail", json!("New@Example.com")),
        ("userId", json!("wx-new")),
        ("external", json!(false)),
        ("authState", json!(true)),
        ("note", Value::Null),
        ("staffCustomForm", json!({"rankType": "P5", "base": base})),
    ] {
        assert_eq!(new[field], value, "{field}");
    }
    let found =
        stage.post("/v1/staffs/getStaffIds", json!({"type": "USERID", "conditionIds": ["wx-new"]})).await;
    assert_eq!(found["items"][0]["id"], new["id"]);
    let placed =
        kept(&stage, new["id"].as_str().and_then(|id| id.rsplit(':').next()?.parse().ok()).expect("an id"));
    let place = Place { name: "北京市/海淀区".to_owned().into(), code: Some("8".to_owned()) };
    assert_eq!(placed.work_place, Some(place));
    let back = person("离样本", json!({"email": "TS-102@example.com", "userid": "wx-left"}));
    let back = stage.post("/v1.1/staffs", back).await["value"].clone();
    assert_eq!((&back["id"], &back["userId"]), (&json!(named("left")), &json!("wx-left")));
    stage
        .put(&format!("/v1.1/staffs/disableOrEnableStaff/[{}]?active=false", named("left")), json!({}))
        .await;
    let again = person("离样本", json!({"cellphone": "19900000102", "userid": "wx-other"}));
    let again = stage.post("/v1.1/staffs", again).await["value"].clone();
    assert_eq!(again["userId"], "wx-left", "of a number that is known the other id is known, too");
    assert_eq!(stage.workforce.all::<Employee>().expect("read").len(), 4);
}

#[tokio::test]
async fn what_is_wrong_with_a_change_is_told_in_the_vendors_words() {
    let stage = company();
    let path = format!("/v1.1/staffs/update/${}", named("lin"));
    for (query, body, status, text) in [
        ("", json!({"nickName": "夏"}), 400, "员工名称不能为空"),
        ("", json!({"name": ""}), 400, "员工名称不能为空"),
        (
            "",
            json!({"name": "林", "staffCustomForm": {"u_测试": "x"}}),
            400,
            "staffCustomForm中的u_测试字段不属于员工自定义字段",
        ),
        (
            "",
            json!({"name": "林", "staffCustomForm": {"rankType": 7}}),
            400,
            "字段rankType不合法，没有找到对应的数据",
        ),
        (
            "",
            json!({"name": "林", "cellphone": "19900000100", "modifyAccountPhone": true}),
            412,
            "此用户无法进行修改账户手机号，因修改的手机号在系统中已经注册",
        ),
        ("", json!({"name": "林", "cellphone": "19900000100"}), 400, TAKEN),
        ("", json!({"name": "林", "email": "Ts-100@example.com"}), 400, TAKEN),
    ] {
        let refused = stage.refused(Method::PUT, &format!("{path}{query}"), body).await;
        assert_eq!(refused, (status, text.to_owned()));
    }
    let by_code = "/v1.1/staffs/update/$TS-101?type=code";
    let moved = json!({"name": "林知夏", "defaultDepartment": "D0", "departments": ["D0"]});
    assert_eq!(stage.put(by_code, moved).await["value"]["defaultDepartment"], named("d0"));
    let wrong = json!({"name": "林知夏", "defaultDepartment": "002", "departments": ["D0"]});
    let refused = stage.refused(Method::PUT, by_code, wrong).await;
    assert_eq!(refused, (400, "根据字段[defaultDepartment]的code[002]不能定位到唯一部门".to_owned()));
    let own = json!({"name": "林知夏", "cellphone": "19900000101", "email": "ts-101@example.com"});
    assert_eq!(stage.put(&path, own).await["value"]["cellphone"], "19900000101", "one's own");
}

#[tokio::test]
async fn people_with_work_to_do_stay_and_made_up_ones_are_refused() {
    let stage = company();
    let off =
        |ids: &str, query: &str| format!("/v1.1/staffs/disableOrEnableStaff/[{ids}]?active=false{query}");
    for (ids, query, status, text) in
        [("nobody", "", 403, "无效的员工信息"), ("X-1", "&type=code", 403, "根据工号（[X-1]）找不到员工")]
    {
        assert_eq!(stage.refused(Method::PUT, &off(ids, query), json!({})).await, (status, text.to_owned()));
    }
    let unsaid = format!("/v1.1/staffs/disableOrEnableStaff/[{}]", named("lin"));
    let refused = stage.refused(Method::PUT, &unsaid, json!({})).await;
    assert_eq!(refused, (400, "输入存在错误:\n- 开启或是停用参数不能为空".to_owned()));
    made(&stage, claim("报销", "10.00", None), true).await;
    let busy =
        "抱歉无法移除，原因：\n1.有待审批或待支付的单据需要被移除人处理\n2.被移除人名下还存在待处理的单据";
    for who in ["lin", "su"] {
        let refused = stage.refused(Method::PUT, &off(&named(who), ""), json!({})).await;
        assert_eq!(refused, (403, busy.to_owned()), "{who}");
    }
    let both = stage.put(&off(&format!("{},nobody", named("lin")), "&doCheck=false"), json!({})).await;
    assert_eq!(
        (both["items"].as_array().map(Vec::len), &both["items"][0]["authState"]),
        (Some(1), &json!(false))
    );
}

#[tokio::test]
async fn an_account_is_off_until_it_is_switched_on() {
    let stage = company();
    let switch = async |body: Value| stage.post("/v1/charge/powers/authStaff", body).await["value"].clone();
    let on = async || stage.get("/v1/staffs/authorized?start=0&count=100").await["count"].clone();
    assert_eq!(switch(json!({"type": "code", "addStaff": [], "delStaff": ["TS-101"]})).await, true);
    assert_eq!(on().await, 1);
    let lin = json!({"type": "STAFFID", "conditionIds": [named("lin")]});
    let shown = stage.post("/v1/staffs/getStaffIds", lin).await["items"][0].clone();
    assert_eq!((&shown["active"], &shown["authState"]), (&json!(true), &json!(false)));
    switch(json!({"type": "cellphone", "addStaff": ["19900000101"], "delStaff": []})).await;
    assert_eq!(on().await, 2);
    let back = format!("/v1.1/staffs/disableOrEnableStaff/[{}]?active=true", named("left"));
    let back = stage.put(&back, json!({})).await["items"][0].clone();
    assert_eq!(
        (&back["active"], &back["authState"]),
        (&json!(true), &json!(false)),
        "back, and not let in yet"
    );
    switch(json!({"type": "id", "addStaff": [named("left")], "delStaff": []})).await;
    assert_eq!(on().await, 3);
    let refused = stage.refused(Method::POST, "/v1/charge/powers/authStaff", json!({"type": "219904"})).await;
    assert_eq!(refused, (400, "未知的type类型".to_owned()));
}

#[tokio::test]
async fn what_is_wrong_with_a_department_is_told_in_the_vendors_words() {
    let stage = company();
    let unknown = (400, "未找到对应部门".to_owned());
    for (method, target) in [
        (Method::GET, "/v1/departments/$D0"),
        (Method::GET, "/v1/departments/$nothing?departmentBy=code"),
        (Method::PUT, "/v1/departments/update/$nothing"),
        (Method::PUT, "/v1/departments/disableOrEnableDepartment/$nothing?active=false"),
    ] {
        assert_eq!(stage.refused(method, target, json!({})).await, unknown, "{target}");
    }
    let unit = |name: &str, code: &str| json!({"name": name, "code": code, "parentId": named("d0")});
    for (body, text) in
        [(unit("研发组", "X"), "该部门在同级有相同的部门名称"), (unit("别组", "D1"), "该部门编码已存在")]
    {
        let refused = stage.refused(Method::POST, "/v1/departments", body).await;
        assert_eq!(refused, (412, text.to_owned()));
    }
    for (body, text) in [
        (unit("研发组", "X"), "该部门在同级有相同的部门名称"),
        (unit("别组", "D1"), "该部门编码「D1」已存在"),
    ] {
        let all = json!({"departmentList": [body]});
        let refused = stage.refused(Method::POST, "/v1/departments/batch/create", all).await;
        assert_eq!(refused, (400, text.to_owned()));
    }
    let new = stage.post("/v1/departments", unit("别组", "")).await["value"].clone();
    assert_eq!((&new["order"], &new["form"], &new["code"]), (&json!(0), &Value::Null, &json!("")));
    let target = format!("/v1/departments/update/${}", new["id"].as_str().expect("an id"));
    let refused = stage.refused(Method::PUT, &target, unit("研发组", "")).await;
    assert_eq!(refused.0, 412);
    assert_eq!(stage.put(&target, unit("别组", "B")).await["value"]["code"], "B", "its own name is its own");
    let off = format!("/v1/departments/disableOrEnableDepartment/${}?active=false", named("d1"));
    let refused = stage.refused(Method::PUT, &off, json!({})).await;
    assert_eq!(refused, (412, "要停用部门下的员工，才能停用此部门".to_owned()));
}

#[tokio::test]
async fn lists_by_time_of_change_begin_with_the_oldest() {
    let stage = company();
    stage.clock.advance_seconds(60);
    let change = json!({"name": "苏样本"});
    stage.put(&format!("/v1.1/staffs/update/${}", named("su")), change).await;
    let ids = async |way: &str| {
        let all = stage.get(&format!("/v1.1/staffs?start=0&count=100&orderBy=updateTime{way}")).await;
        all["items"].as_array().expect("people").iter().map(|one| one["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await.last(), Some(&json!(named("su"))));
    assert_eq!(ids("&orderByType=asc").await, ids("").await);
    assert_eq!(ids("&orderByType=desc").await.first(), Some(&json!(named("su"))));
    assert_eq!(kept(&stage, id("su")).name.expose(), "苏样本");
}
