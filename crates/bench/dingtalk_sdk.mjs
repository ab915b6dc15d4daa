// The vendor's own SDK for the new host (npm `@alicloud/dingtalk`), unmodified, against the DingTalk face of a running demo:
// only protocol and endpoint are set. Prints one line for each call and ends with 1 if one fails.
//
//     tongshi demo --face dingtalk=127.0.0.1:7072
//     npm install @alicloud/dingtalk @alicloud/openapi-client
//     node crates/bench/dingtalk_sdk.mjs tongshi-demo/demo.json 127.0.0.1:7072
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const { Config } = require("@alicloud/openapi-client");
const { RuntimeOptions } = require("@alicloud/tea-util");
const oauth = require("@alicloud/dingtalk/oauth2_1_0");
const contact = require("@alicloud/dingtalk/contact_1_0");
const hrm = require("@alicloud/dingtalk/hrm_1_0");

const face = JSON.parse(readFileSync(process.argv[2], "utf8")).faces.dingtalk;
const config = new Config({ protocol: "http", regionId: "central", endpoint: process.argv[3] });
let failed = 0;
const shows = async (name, call, expected = () => true) => {
  let answer, good;
  try {
    answer = await call();
    good = expected(answer);
  } catch (error) {
    answer = error;
    good = expected(undefined, error) === "refused";
  }
  console.log(good ? "ok  " : "FAIL", name, good ? "" : answer);
  failed += good ? 0 : 1;
  return good ? answer : {};
};

const tokens = new oauth.default(config);
const ask = new oauth.GetAccessTokenRequest({ appKey: face.app_key, appSecret: face.app_secret });
const first = await shows("getAccessToken", () => tokens.getAccessToken(ask), (answer) => answer.body.expireIn === 7200);
const token = first.body.accessToken;
await shows("getAccessToken, kept", () => tokens.getAccessToken(ask), (answer) => answer.body.accessToken === token);
const unified = new oauth.GetTokenRequest({ clientId: face.app_key, clientSecret: face.app_secret, grantType: "client_credentials" });
await shows("getToken", () => tokens.getToken(face.corp_id, unified), (answer) => answer.body.accessToken === token);
const wrong = new oauth.GetAccessTokenRequest({ appKey: face.app_key, appSecret: "wrong" });
await shows("getAccessToken, refused", () => tokens.getAccessToken(wrong),
  (answer, error) => (error?.code === "invalidClientIdOrSecret" ? "refused" : false));

const headers = (Class) => Object.assign(new Class({}), { xAcsDingtalkAccessToken: token });
const roster = new hrm.default(config);
const left = new hrm.QueryDismissionStaffIdListRequest({ nextToken: 0, maxResults: 50 });
await shows("queryDismissionStaffIdList",
  () => roster.queryDismissionStaffIdListWithOptions(left, headers(hrm.QueryDismissionStaffIdListHeaders), new RuntimeOptions({})),
  (answer) => answer.body.userIdList.length > 0);
const people = new contact.default(config);
const since = new Date(Date.now() - 300 * 86_400_000).toISOString().replace(/\.\d+/, "");
const records = new contact.ListEmpLeaveRecordsRequest({ startTime: since, nextToken: "0", maxResults: 50 });
await shows("listEmpLeaveRecords",
  () => people.listEmpLeaveRecordsWithOptions(records, headers(contact.ListEmpLeaveRecordsHeaders), new RuntimeOptions({})),
  (answer) => Array.isArray(answer.body.records));
await shows("getUser me with an app's token is refused",
  () => people.getUserWithOptions("me", headers(contact.GetUserHeaders), new RuntimeOptions({})),
  (answer, error) => (error?.code === "InvalidAuthentication" ? "refused" : false));
process.exit(failed ? 1 : 0);
