//! Departments and people, read and written.

use http::Method;
use serde_json::{Value, json};
use tongshi_model::{Employee, EmploymentStatus};

use super::stage::{company, company_with, dept, id, read};

#[tokio::test]
async fn the_tree_has_one_root_with_number_one() {
    let stage = company();
    // The company's only top unit is the root.
    let below = stage.result("/topapi/v2/department/listsub", json!({})).await;
    assert_eq!(
        below,
        json!([{
            "dept_id": dept("d1"), "name": "研发组", "parent_id": 1, "create_dept_group": false, "auto_add_user": false,
        }])
    );
    let ids = stage.result("/topapi/v2/department/listsubid", json!({"dept_id": dept("d1")})).await;
    assert_eq!(ids, json!({"dept_id_list": [dept("d2")]}));
    let one = stage.result("/topapi/v2/department/get", json!({"dept_id": dept("d1")})).await;
    assert_eq!(
        (&one["parent_id"], &one["dept_manager_userid_list"]),
        (&json!(1), &json!([id("lin").to_string()]))
    );
    let root = stage.result("/topapi/v2/department/get", json!({"dept_id": 1})).await;
    assert_eq!((&root["name"], root.get("parent_id")), (&json!("总部"), None));
    let way = stage.result("/topapi/v2/department/listparentbydept", json!({"dept_id": dept("d2")})).await;
    assert_eq!(way, json!({"parent_id_list": [dept("d2"), dept("d1"), 1]}));
    let ways = stage
        .result("/topapi/v2/department/listparentbyuser", json!({"userid": id("wang").to_string()}))
        .await;
    assert_eq!(ways["parent_list"][0]["parent_dept_id_list"], json!([dept("d2"), dept("d1"), 1]));
    let missing = stage.old("/topapi/v2/department/get", json!({"dept_id": 7})).await;
    assert_eq!(missing["errcode"], 60003);
}

#[tokio::test]
async fn a_second_top_unit_makes_the_company_the_root() {
    let stage = company();
    let unit = tongshi_model::OrgUnit { name: "分公司".to_owned(), ..Default::default() };
    stage.workforce.put(id("d9"), &unit).expect("kept");
    let root = stage.result("/topapi/v2/department/get", json!({"dept_id": "1"})).await;
    assert_eq!(root["name"], "样本科技");
    let below = stage.result("/topapi/v2/department/listsubid", json!({"dept_id": "1"})).await;
    assert_eq!(below["dept_id_list"], json!([dept("d0"), dept("d9")]));
    // A unit that only a circle holds hangs below the root, so that a walk finds it.
    for (key, parent) in [("e1", "e2"), ("e2", "e1")] {
        let unit =
            tongshi_model::OrgUnit { name: key.to_owned(), parent: Some(id(parent)), ..Default::default() };
        stage.workforce.put(id(key), &unit).expect("kept");
    }
    let below = stage.result("/topapi/v2/department/listsubid", json!({"dept_id": 1})).await;
    assert_eq!(below["dept_id_list"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn members_are_those_who_have_not_left() {
    let stage = company();
    let ask = |number: i64| json!({"dept_id": number, "cursor": 0, "size": 100});
    let page = stage.result("/topapi/v2/user/list", ask(dept("d1"))).await;
    assert_eq!((page["list"].as_array().map(Vec::len), &page["has_more"]), (Some(1), &json!(false)));
    let lin = &page["list"][0];
    for (field, value) in [
        ("userid", json!(id("lin").to_string())),
        ("name", json!("林知夏")),
        ("mobile", json!("19900000101")),
        ("state_code", json!("86")),
        ("job_number", json!("TS-101")),
        ("hired_date", json!(1_597_507_200_000_i64)),
        ("dept_id_list", json!([dept("d1")])),
        ("leader", json!(true)),
        ("active", json!(true)),
    ] {
        assert_eq!(lin[field], value, "{field}");
    }
    assert!(lin.get("title").is_none() && lin.get("leader_in_dept").is_none());
    // Whoever is in a department that is not there is the root's.
    let root = stage.result("/topapi/user/listid", json!({"dept_id": 1})).await;
    assert_eq!(root["userid_list"], json!([id("boss").to_string(), id("stray").to_string()]));
    let simple = stage.result("/topapi/user/listsimple", ask(1)).await;
    assert_eq!(simple["list"][1], json!({"userid": id("stray").to_string(), "name": "散样本"}));
    let one = stage.result("/topapi/v2/user/get", json!({"userid": id("wang").to_string()})).await;
    assert_eq!(one["manager_userid"], json!(id("lin").to_string()));
    assert_eq!(one["leader_in_dept"], json!([{"dept_id": dept("d2"), "leader": false}]));
    let left = stage.old("/topapi/v2/user/get", json!({"userid": id("left").to_string()})).await;
    assert_eq!(left["errcode"], 33012);
}

#[tokio::test]
async fn pages_are_whole_and_bounded() {
    let stage = company();
    for number in 0..25 {
        let person = super::stage::person(
            &format!("众{number:02}"),
            &format!("N-{number}"),
            &format!("1980000{number:04}"),
            Some("d2"),
        );
        stage.workforce.put(id(&format!("many{number}")), &person).expect("kept");
    }
    let mut cursor = 0;
    let mut seen = Vec::new();
    loop {
        // As texts, the way the official SDK sends them.
        let ask = json!({"dept_id": dept("d2").to_string(), "cursor": cursor.to_string(), "size": "10"});
        let page = stage.result("/topapi/v2/user/list", ask).await;
        seen.extend(page["list"].as_array().expect("a list").iter().map(|user| user["userid"].clone()));
        if page["has_more"] == false {
            assert!(page.get("next_cursor").is_none());
            break;
        }
        cursor = page["next_cursor"].as_i64().expect("a cursor");
    }
    assert_eq!(seen.len(), 26);
    seen.sort_by_key(ToString::to_string);
    seen.dedup();
    assert_eq!(seen.len(), 26);
    for (field, value, code) in [
        ("size", json!(101), 40069),
        ("size", json!(0), 40069),
        ("cursor", json!(100_001), 40068),
        ("cursor", json!("x"), 40035),
    ] {
        let mut ask = json!({"dept_id": 1, "cursor": 0, "size": 10});
        ask[field] = value;
        assert_eq!(stage.old("/topapi/v2/user/list", ask).await["errcode"], code);
    }
    assert_eq!(stage.old("/topapi/v2/user/list", json!({"dept_id": 1, "size": 10})).await["errcode"], 40035);
}

#[tokio::test]
async fn people_are_found_by_number_and_union_id() {
    let stage = company();
    let found = stage.result("/topapi/v2/user/getbymobile", json!({"mobile": "19900000103"})).await;
    assert_eq!(found["userid"], json!(id("wang").to_string()));
    let unionid =
        stage.result("/topapi/v2/user/get", json!({"userid": id("wang").to_string()})).await["unionid"]
            .clone();
    let contact = stage.result("/topapi/user/getbyunionid", json!({"unionid": unionid})).await;
    assert_eq!(contact, json!({"contact_type": 0, "userid": id("wang").to_string()}));
    for (path, body, code) in [
        ("/topapi/v2/user/getbymobile", json!({"mobile": "19900000102"}), 60121),
        ("/topapi/v2/user/getbymobile", json!({"mobile": "not a number"}), 40104),
        ("/topapi/user/getbyunionid", json!({"unionid": "x"}), 60121),
        ("/topapi/v2/user/get", json!({"userid": "nobody"}), 33012),
        ("/topapi/v2/user/get", json!({}), 40035),
    ] {
        assert_eq!(stage.old(path, body).await["errcode"], code, "{path}");
    }
    let roster = stage
        .result(
            "/topapi/smartwork/hrm/employee/queryonjob",
            json!({"status_list": "3", "offset": 0, "size": 2}),
        )
        .await;
    assert_eq!((roster["data_list"].as_array().map(Vec::len), &roster["next_cursor"]), (Some(2), &json!(2)));
    let left = read(
        &stage.new_host(Method::GET, "/v1.0/hrm/employees/dismissions?nextToken=0&maxResults=30", None).await,
    );
    assert_eq!(left, json!({"userIdList": [id("left").to_string()], "hasMore": false}));
    let records = stage
        .new_host(
            Method::GET,
            "/v1.0/contact/empLeaveRecords?startTime=2026-03-01T00%3A00%3A00Z&nextToken=0&maxResults=50",
            None,
        )
        .await;
    assert_eq!(read(&records)["records"][0]["userId"], json!(id("left").to_string()));
    let long = stage
        .new_host(Method::GET, "/v1.0/contact/empLeaveRecords?startTime=2024-03-01T00%3A00%3A00Z", None)
        .await;
    assert_eq!(read(&long)["code"], "invalidParameter");
}

async fn made(stage: &super::stage::Stage, body: Value) -> i64 {
    stage.result("/topapi/v2/department/create", body).await["dept_id"].as_i64().expect("a number")
}

#[tokio::test]
async fn departments_are_made_changed_and_taken_away() {
    let stage = company();
    let number = made(&stage, json!({"name": "测试组", "parent_id": "1", "code": "QA"})).await;
    let one = stage.result("/topapi/v2/department/get", json!({"dept_id": number})).await;
    assert_eq!((&one["name"], &one["parent_id"], &one["code"]), (&json!("测试组"), &json!(1), &json!("QA")));
    let update = json!({
        "dept_id": number, "name": "质量组", "parent_id": dept("d1"), "dept_manager_userid_list": id("lin").to_string(),
    });
    assert_eq!(stage.old("/topapi/v2/department/update", update).await["errcode"], 0);
    let one = stage.result("/topapi/v2/department/get", json!({"dept_id": number})).await;
    assert_eq!((&one["name"], &one["parent_id"]), (&json!("质量组"), &json!(dept("d1"))));
    assert_eq!(one["dept_manager_userid_list"], json!([id("lin").to_string()]));
    // The name that it left is free, and its own was not touched by that.
    stage.clock.advance_seconds(1);
    let other = made(&stage, json!({"name": "测试组", "parent_id": 1})).await;
    assert_ne!(other, number);
    for (path, body, code) in [
        ("create", json!({"name": "研发组", "parent_id": 1}), 60008),
        ("create", json!({"name": "a-b", "parent_id": 1}), 60001),
        ("create", json!({"name": "甲", "parent_id": 99}), 60004),
        ("create", json!({"parent_id": 1}), 40035),
        ("update", json!({"dept_id": dept("d1"), "parent_id": dept("d2")}), 60010),
        ("update", json!({"dept_id": 1, "parent_id": dept("d2")}), 60018),
        ("delete", json!({"dept_id": 1}), 60007),
        ("delete", json!({"dept_id": dept("d1")}), 60006),
        ("delete", json!({"dept_id": dept("d2")}), 60005),
    ] {
        let answer = stage.old(&format!("/topapi/v2/department/{path}"), body).await;
        assert_eq!(answer["errcode"], code, "{path}: {answer}");
    }
    assert_eq!(stage.old("/topapi/v2/department/delete", json!({"dept_id": number})).await["errcode"], 0);
    assert_eq!(stage.old("/topapi/v2/department/get", json!({"dept_id": number})).await["errcode"], 60003);
}

#[tokio::test]
async fn people_join_change_and_leave() {
    let stage = company();
    let join = json!({
        "userid": "zhao", "name": "赵样本", "mobile": "19900000109", "dept_id_list": format!("{},1", dept("d2")),
        "job_number": "TS-109", "title": "工程师", "email": "zhao@example.com", "hired_date": "1597573616828",
        "manager_userid": id("lin").to_string(),
    });
    let made = stage.result("/topapi/v2/user/create", join.clone()).await;
    assert_eq!(made["userid"], "zhao");
    assert!(made["unionId"].is_string());
    let zhao = stage.result("/topapi/v2/user/get", json!({"userid": "zhao"})).await;
    for (field, value) in [
        ("userid", json!("zhao")),
        ("unionid", made["unionId"].clone()),
        ("title", json!("工程师")),
        ("dept_id_list", json!([dept("d2")])),
        ("manager_userid", json!(id("lin").to_string())),
        ("hired_date", json!(1_597_507_200_000_i64)),
    ] {
        assert_eq!(zhao[field], value, "{field}");
    }
    let ids = stage.result("/topapi/user/listid", json!({"dept_id": dept("d2")})).await;
    assert!(ids["userid_list"].as_array().expect("a list").contains(&json!("zhao")));
    let update =
        json!({"userid": "zhao", "title": "高级工程师", "force_update_fields": "manager_userid,job_number"});
    assert_eq!(stage.old("/topapi/v2/user/update", update).await["errcode"], 0);
    let zhao = stage.result("/topapi/v2/user/get", json!({"userid": "zhao"})).await;
    assert_eq!(zhao["title"], "高级工程师");
    assert!(zhao.get("manager_userid").is_none() && zhao.get("job_number").is_none());
    // One who was there before is changed, too.
    let update = json!({"userid": id("wang").to_string(), "dept_id_list": dept("d1").to_string()});
    assert_eq!(stage.old("/topapi/v2/user/update", update).await["errcode"], 0);
    let wang = stage
        .workforce
        .all::<Employee>()
        .expect("read")
        .into_iter()
        .find(|(record, _)| *record == id("wang"));
    assert_eq!(wang.expect("there").1.org_unit, Some(id("d1")));
    for (body, code) in [
        (join.clone(), 60102),
        (json!({"name": "重", "mobile": "19900000109", "dept_id_list": "1"}), 60104),
        (json!({"name": "错", "mobile": "abc", "dept_id_list": "1"}), 60103),
        (json!({"name": "错", "mobile": "19900000110", "dept_id_list": "99"}), 60003),
        (json!({"name": "错", "mobile": "19900000110"}), 40035),
        (json!({"name": "长".repeat(81), "mobile": "19900000110", "dept_id_list": "1"}), 40035),
    ] {
        assert_eq!(stage.old("/topapi/v2/user/create", body).await["errcode"], code);
    }
    assert_eq!(stage.old("/topapi/v2/user/delete", json!({"userid": "zhao"})).await["errcode"], 0);
    assert_eq!(stage.old("/topapi/v2/user/get", json!({"userid": "zhao"})).await["errcode"], 33012);
    let all = stage.workforce.all::<Employee>().expect("read");
    let zhao = all.iter().find(|(_, person)| person.name.expose() == "赵样本").expect("the record stays");
    assert_eq!(
        (zhao.1.status, zhao.1.leave_date),
        (Some(EmploymentStatus::Ended), "2026-03-16".parse().ok())
    );
}

#[tokio::test]
async fn what_an_app_may_not_see_is_refused_or_left_out() {
    let stage = company_with(json!({"scopes": ["qyapi_get_department_member", "qyapi_get_member"]}), |_| {});
    let refused = stage.old("/topapi/v2/department/listsub", json!({})).await;
    assert_eq!((&refused["errcode"], &refused["sub_code"]), (&json!(88), &json!("60011")));
    assert!(
        refused["errmsg"].as_str().expect("a text").contains("requiredScopes=[qyapi_get_department_list]")
    );
    let left = stage
        .new_host(Method::GET, "/v1.0/contact/empLeaveRecords?startTime=2026-03-01T00%3A00%3A00Z", None)
        .await;
    assert_eq!(left.status, http::StatusCode::FORBIDDEN);
    let body = read(&left);
    assert_eq!(body["code"], "Forbidden.AccessDenied.AccessTokenPermissionDenied");
    assert_eq!(body["accessdenieddetail"]["requiredScopes"], json!(["Contact.User.Read"]));
    let lin = stage.result("/topapi/v2/user/get", json!({"userid": id("lin").to_string()})).await;
    assert!(lin.get("mobile").is_none() && lin.get("email").is_none() && lin["name"] == "林知夏");
    // Apps of other companies never see them.
    let stage = company_with(json!({"isv": true}), |_| {});
    let lin = stage.result("/topapi/v2/user/get", json!({"userid": id("lin").to_string()})).await;
    assert!(lin.get("mobile").is_none() && lin.get("email").is_none());
    // Departments outside of what the app may see.
    let stage = company_with(json!({"authed_dept": [dept("d2")]}), |_| {});
    let ask = |number: i64| json!({"dept_id": number, "cursor": 0, "size": 10});
    assert_eq!(stage.old("/topapi/v2/user/list", ask(dept("d2"))).await["errcode"], 0);
    assert_eq!(stage.old("/topapi/v2/user/list", ask(dept("d1"))).await["errcode"], 50004);
    assert_eq!(
        stage.old("/topapi/v2/user/get", json!({"userid": id("lin").to_string()})).await["errcode"],
        50002
    );
    assert_eq!(stage.old("/topapi/user/listid", json!({"dept_id": dept("d1")})).await["errcode"], 0);
    let token = stage.token().await;
    let scopes = read(&stage.send(Method::GET, &format!("/auth/scopes?access_token={token}"), &[], "").await);
    assert_eq!(scopes["auth_org_scopes"]["authed_dept"], json!([dept("d2")]));
}

#[tokio::test]
async fn nothing_that_is_sent_breaks_a_call() {
    let stage = company();
    let token = stage.token().await;
    for path in [
        "/topapi/v2/user/list",
        "/topapi/v2/user/get",
        "/topapi/v2/user/create",
        "/topapi/v2/department/update",
    ] {
        for body in [
            "",
            "null",
            "[]",
            "{",
            "{\"userid\":{}}",
            "{\"dept_id\":1e99}",
            "{\"a\":1,\"a\":2}",
            "a=%ff",
            "\u{0}",
        ] {
            let reply = stage.send(Method::POST, &format!("{path}?access_token={token}"), &[], body).await;
            let answer = read(&reply);
            assert_eq!(reply.status, http::StatusCode::OK);
            assert!(
                answer["errcode"].as_i64().is_some_and(|code| code != 0 && code != -1),
                "{path} {body}: {answer}"
            );
        }
    }
}
