// Stands at an address that is registered at the DingTalk face of a running demo, opens the sealed events with Node's own
// crypto by the vendor's published algorithm, answers sealed, and checks that one byte more or less is refused.
//
//     node crates/bench/dingtalk_events.mjs tongshi-demo/demo.json http://127.0.0.1:7072
//
// Prints what came and ends with 0 when the check, a joining, a change and a leaving were opened.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const face = JSON.parse(readFileSync(process.argv[2], "utf8")).faces.dingtalk;
const base = process.argv[3];
const [token, aesKey, owner] = [face.callback_token, face.callback_aes_key, face.corp_id];
const key = Buffer.from(aesKey + "=", "base64");
const signature = (...parts) => createHash("sha1").update([token, ...parts].sort().join("")).digest("hex");

const open = (signed, timestamp, nonce, encrypt) => {
  if (signature(timestamp, nonce, encrypt) !== signed) throw new Error("signature");
  const cipher = createDecipheriv("aes-256-cbc", key, key.subarray(0, 16)).setAutoPadding(false);
  const plain = Buffer.concat([cipher.update(encrypt, "base64"), cipher.final()]);
  const text = plain.subarray(0, plain.length - plain.at(-1));
  const length = text.readUInt32BE(16);
  if (text.subarray(20 + length).toString() !== owner) throw new Error("owner");
  return text.subarray(20, 20 + length).toString();
};

const close = (text) => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(text));
  const plain = Buffer.concat([randomBytes(16), length, Buffer.from(text), Buffer.from(owner)]);
  const pad = 32 - (plain.length % 32);
  const cipher = createCipheriv("aes-256-cbc", key, key.subarray(0, 16)).setAutoPadding(false);
  const encrypt = Buffer.concat([cipher.update(Buffer.concat([plain, Buffer.alloc(pad, pad)])), cipher.final()]).toString("base64");
  const [timeStamp, nonce] = [String(Date.now()), randomBytes(6).toString("hex")];
  return { msg_signature: signature(timeStamp, nonce, encrypt), timeStamp, nonce, encrypt };
};

const came = [];
const server = createServer(async (request, response) => {
  const query = new URL(request.url, "http://x").searchParams;
  let body = "";
  for await (const piece of request) body += piece;
  const { encrypt } = JSON.parse(body);
  const proof = [query.get("signature"), query.get("timestamp"), query.get("nonce")];
  const event = JSON.parse(open(...proof, encrypt));
  for (const changed of [encrypt + "A", encrypt.slice(0, -1)]) {
    let refused = false;
    try { open(...proof, changed); } catch { refused = true; }
    if (!refused) process.exit(1);
  }
  came.push(event.EventType);
  console.log(event.EventType, event.userId ?? "");
  response.setHeader("content-type", "application/json").end(JSON.stringify(close("success")));
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));

const asked = await fetch(`${base}/gettoken?appkey=${face.app_key}&appsecret=${face.app_secret}`);
const access = (await asked.json()).access_token;
const post = async (path, fields) => {
  const reply = await fetch(`${base}${path}?access_token=${access}`, { method: "POST", body: JSON.stringify(fields) });
  const answer = await reply.json();
  if (answer.errcode !== 0) throw new Error(`${path}: ${JSON.stringify(answer)}`);
  return answer.result;
};
await fetch(`${base}/call_back/delete_call_back?access_token=${access}`);
const tags = ["user_add_org", "user_modify_org", "user_leave_org"];
await post("/call_back/register_call_back",
  { call_back_tag: tags, token, aes_key: aesKey, url: `http://127.0.0.1:${server.address().port}/` });
await post("/topapi/v2/user/create", { userid: "node-1", name: "样本", mobile: "19900008888", dept_id_list: "1" });
await post("/topapi/v2/user/update", { userid: "node-1", title: "工程师" });
await post("/topapi/v2/user/delete", { userid: "node-1" });
const expected = ["check_url", "user_add_org", "user_modify_org", "user_leave_org"];
const end = Date.now() + 30_000;
while (came.length < expected.length && Date.now() < end) await new Promise((again) => setTimeout(again, 50));
await fetch(`${base}/call_back/delete_call_back?access_token=${access}`);
process.exit(JSON.stringify(came) === JSON.stringify(expected) ? 0 : 1);
