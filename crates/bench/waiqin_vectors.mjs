// Checks the digests of Waiqin by a hand of its own, and with --demo a running face by them. Node's own modules only.
//
//     node waiqin_vectors.mjs [--demo DIR/demo.json]
//
// Exits 1 when a vector differs, when the face refuses a right digest, or takes a wrong one.
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

const hex = (name, text) => createHash(name).update(text, "utf8").digest("hex");

function digest({ algorithm, body, appkey, timestamp, msg_id }) {
  return algorithm === "md5"
    ? hex("md5", `${body}|${appkey}|${timestamp}`)
    : hex("sha256", `data=${body}&appkey=${appkey}&nonce=${msg_id}&timestamp=${timestamp}`);
}

const pushDigest = ({ data, pushsecret, timestamp }) => hex("md5", `${data}|${pushsecret}|${timestamp}`);

function msgSignature({ access_token, timestamp, nonce, body }) {
  const parts = [access_token, timestamp, nonce, body].map((part) => Buffer.from(part, "utf8")).sort(Buffer.compare);
  return hex("sha1", Buffer.concat(parts));
}

const known = JSON.parse(readFileSync(new URL("../dialects/src/waiqin/fixtures/vectors.json", import.meta.url), "utf8"));
for (const vector of known.digests) assert.equal(digest(vector), vector.digest);
for (const vector of known.pushes) assert.equal(pushDigest(vector), vector.digest);
for (const vector of known.signatures) assert.equal(msgSignature(vector), vector.msg_signature);
console.log(`${known.digests.length + known.pushes.length + known.signatures.length} vectors agree`);

/** What the face answers to a call that is signed here. */
async function ask(face, operation, body, algorithm, wrong) {
  const local = new Date(Date.now() + 8 * 3600 * 1000).toISOString();
  const timestamp = local.slice(0, 19).replace(/[-T:]/g, "");
  const msg_id = randomUUID();
  const proof = digest({ algorithm, body, appkey: face.appkey + (wrong ? "x" : ""), timestamp, msg_id });
  const url = `${face.base_url}/api/${operation}/${face.openid}/${timestamp}/${proof}/${msg_id}`;
  const reply = await fetch(url, { method: "POST", body, headers: { "content-type": "application/json" } });
  return { msg_id, answer: await reply.json() };
}

const at = process.argv.indexOf("--demo");
if (at > 0) {
  const face = JSON.parse(readFileSync(process.argv[at + 1], "utf8")).faces.waiqin;
  let taken = 0;
  for (const algorithm of ["md5", "sha256"]) {
    for (const [operation, body] of [
      ["employee/v2/queryEmployee", '{"emp_status":"1"}'],
      ["organization/v1/queryOrganization", "{}"],
      ["employee/v2/queryEmployee", '{"emp_code":"研发部"}'],
    ]) {
      const { msg_id, answer } = await ask(face, operation, body, algorithm, false);
      assert.equal(answer.return_code, "0", JSON.stringify(answer));
      assert.equal(answer.msg_id, msg_id);
      console.log(`${algorithm.padEnd(6)} ${operation}: ${JSON.parse(answer.response_data).length} rows`);
      const refused = await ask(face, operation, body, algorithm, true);
      assert.equal(refused.answer.return_code, "40101", JSON.stringify(refused.answer));
      taken += 1;
    }
  }
  console.log(`${taken} calls taken, and as many refused with a wrong key`);
}
