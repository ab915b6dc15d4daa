#!/usr/bin/env python3
"""Asks a running hub what nobody should ask: /v1 from its own OpenAPI document (Schemathesis), the faces with fields
that are hostile and signatures that are right, and both with garbage. The goal is no server error and no answer that
the document does not describe.

    pip install -r crates/bench/fuzz/requirements.txt
    tongshi demo --data DIR &
    python3 crates/bench/fuzz/fuzz.py --demo DIR/demo.json [--seconds 120] [--seed 1] [--only v1|face]

`--bin PATH` instead of `--demo` starts `tongshi demo` in a directory of its own and stops it in the end. Routes that are
added later are found in the document, operations of a face in `/v1/connections/{id}/operations`.
"""

import argparse
import collections
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

CHECKS = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "unsupported_method", "allow_header_conformance",
]
# What is ours to answer with when there is a reason: the vendor behind a call is away.
FACE_SERVER_ERRORS_ALLOWED = {501}


def main():
    arguments = read_arguments()
    with demo(arguments) as found:
        told = []
        if arguments.only in (None, "v1"):
            told.append(without_key(found))
            told.append(fuzz_v1(found, arguments))
        if arguments.only in (None, "face"):
            told.append(fuzz_faces(found, arguments))
        alive = request(found["hub"]["url"], "GET", "/readyz")[0] == 200
    for line in told:
        print(json.dumps(line, ensure_ascii=False))
    bad = sum(line["server_errors"] + line["violations"] for line in told)
    if not alive:
        print("the hub is no longer ready")
    return 0 if alive and bad == 0 else 1


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", type=pathlib.Path, help="demo.json of a demo that is up")
    parser.add_argument("--bin", type=pathlib.Path, help="the program, to start a demo of its own")
    parser.add_argument("--seconds", type=int, default=120, help="how long each part goes on")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=["v1", "face"])
    arguments = parser.parse_args()
    if (arguments.demo is None) == (arguments.bin is None):
        parser.error("give --demo or --bin")
    return arguments


class demo:
    """The demo's addresses and keys; one that was started here is stopped."""

    def __init__(self, arguments):
        self.file, self.program, self.process, self.folder = arguments.demo, arguments.bin, None, None

    def __enter__(self):
        if self.program:
            self.folder = tempfile.mkdtemp(prefix="tongshi-fuzz-")
            self.file = pathlib.Path(self.folder) / "demo.json"
            command = [self.program, "demo", "--data", self.folder, "--listen", "127.0.0.1:0"]
            environment = dict(os.environ, TONGSHI_LOG="error", TONGSHI_SYNC_EVERY_SECONDS="0")
            self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
            deadline = time.monotonic() + 300
            while not self.file.exists():
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit("the demo did not come up")
                time.sleep(0.2)
        return json.loads(self.file.read_text())

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            self.process.wait(60)
        if self.folder:
            shutil.rmtree(self.folder)


def without_key(found):
    """Every operation without a key. Wrong keys are not guessed here: after a few the hub no longer listens, as it should."""
    url, counts = found["hub"]["url"], collections.Counter()
    document = json.loads(request(url, "GET", "/v1/openapi.json")[2])
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if not operation.get("security"):
                continue
            status = request(url, method.upper(), path.replace("{", "").replace("}", ""))[0]
            counts["requests"] += 1
            counts["server errors"] += status >= 500
            if status != 401:
                counts["violations"] += 1
                print("without a key", method.upper(), path, "answers", status)
    return {"part": "/v1 without a key", "requests": counts["requests"], "server_errors": counts["server errors"],
            "violations": counts["violations"]}


def app(found):
    """The key of an app that may do everything but administrate: one that may would switch itself off."""
    sent = {"name": "fuzz", "scopes": {"sensitivity": "restricted", "write": True}}
    headers = {"authorization": "Bearer " + found["hub"]["api_key"], "content-type": "application/json"}
    status, _, body = request(found["hub"]["url"], "POST", "/v1/apps", headers, json.dumps(sent).encode())
    if status != 201:
        raise SystemExit(f"the app for the fuzzer cannot be made, and there may be one from before: {body[:300]}")
    return json.loads(body)["api_key"]


def fuzz_v1(found, arguments):
    """Schemathesis over the document, with a key that sees what was synced and may change it."""
    url, key = found["hub"]["url"], app(found)
    document = json.loads(request(url, "GET", "/v1/openapi.json")[2])
    program = shutil.which("st", path=os.path.dirname(sys.executable)) or shutil.which("st")
    if not program:
        raise SystemExit("Schemathesis is missing: pip install -r crates/bench/fuzz/requirements.txt")
    folder = tempfile.mkdtemp(prefix="tongshi-schemathesis-")
    command = [
        program, "run", url + "/v1/openapi.json", "-H", "Authorization: Bearer " + key, "--checks", ",".join(CHECKS),
        "--seed", str(arguments.seed), "--max-time", str(arguments.seconds), "--continue-on-failure",
        "--request-timeout", "90", "--report", "ndjson", "--report-dir", folder, "--no-color",
    ]
    for path in endless(document):
        command += ["--exclude-path", path]
    process = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    # What failed and the sums; the advice between them is long.
    failures, _, rest = process.stdout.partition(" FAILURES =")[2].partition(" WARNINGS =")
    print(failures[:20000], (rest or process.stdout)[-1200:])
    counts = collections.Counter()
    for report in pathlib.Path(folder).rglob("*.ndjson"):
        for line in report.read_text().splitlines():
            count(json.loads(line), counts)
    shutil.rmtree(folder)
    violations = counts["failed checks"]
    if process.returncode not in (0, 1) or counts["requests"] == 0:
        print(process.stderr[-2000:])
        violations += 1
    return {"part": "/v1", "requests": counts["requests"], "server_errors": counts["server errors"],
            "violations": violations}


def endless(document):
    """Streams: they have no end that a client could wait for."""
    for path, item in document["paths"].items():
        for operation in item.values():
            if "text/event-stream" in operation.get("responses", {}).get("200", {}).get("content", {}):
                yield path


def count(event, counts):
    """Walks a report whatever its shape: every answer has a status code, every failed check a name and a status."""
    if isinstance(event, dict):
        if "status_code" in event:
            counts["requests"] += 1
            counts["server errors"] += event["status_code"] >= 500 and event["status_code"] != 503
        if event.get("status") == "failure" and "name" in event:
            counts["failed checks"] += 1
        for value in event.values():
            count(value, counts)
    elif isinstance(event, list):
        for value in event:
            count(value, counts)


def fuzz_faces(found, arguments):
    """Hostile fields with right signatures, and garbage without, at every operation of every face."""
    dice = random.Random(arguments.seed)
    url, key = found["hub"]["url"], found["hub"]["api_key"]
    counts = collections.Counter()
    tries = []
    for connection in found["connections"]:
        target = "/v1/connections/" + connection["id"] + "/operations"
        listed = json.loads(request(url, "GET", target, {"authorization": "Bearer " + key})[2])["data"]
        tries += [(connection["dialect"], operation) for operation in listed]
    until = time.monotonic() + arguments.seconds
    while time.monotonic() < until:
        dialect, operation = dice.choice(tries)
        face = found["faces"][dialect]
        signed = SIGNERS.get(dialect)
        if signed and dice.random() < 0.8:
            ask = signed(dice, face, operation)
        else:
            ask = garbage(dice, operation)
        status, _, body = request(face["base_url"], *ask)
        counts["requests"] += 1
        counts[status] += 1
        if status == 0 or (status >= 500 and status not in FACE_SERVER_ERRORS_ALLOWED):
            counts["server errors"] += 1
            print("server error", status, operation["name"], repr(ask)[:600], body[:300])
    statuses = {str(status): times for status, times in sorted(counts.items(), key=str) if isinstance(status, int)}
    return {"part": "faces", "requests": counts["requests"], "server_errors": counts["server errors"],
            "violations": 0, "statuses": statuses}


def zhiren(dice, face, operation):
    """A request that Zhiren's signature vouches for: HMAC-SHA256 over METHOD + path + access_key + tonce + payload."""
    fields = hostile_fields(dice, face)
    path = fill(dice, operation["path"])
    payload = dice.choice([lambda: json.dumps(fields, ensure_ascii=dice.random() < 0.5), lambda: hostile_json(dice)])()
    tonce = str(int(time.time()) + dice.choice([0, 0, 0, 0, 299, -299, 301, -301]))
    signed = operation["method"] + path + face["access_key"] + tonce
    message = signed.encode() + payload.encode("utf-8", "surrogatepass")
    signature = hmac.new(face["secret_key"].encode(), message, hashlib.sha256).hexdigest()
    query = {"access_key": face["access_key"], "tonce": tonce, "signature": signature}
    place = dice.choice(["query", "query", "form", "body"])
    body, headers = b"", {}
    encoded = payload.encode("utf-8", "surrogatepass")
    if place == "query" or operation["method"] == "GET":
        query["payload"] = encoded
    elif place == "form":
        body, headers = urllib.parse.urlencode({"payload": encoded}).encode(), {
            "content-type": "application/x-www-form-urlencoded"}
    else:
        body, headers = encoded, {"content-type": "application/json"}
    return operation["method"], path + "?" + urllib.parse.urlencode(query), headers, body


def waiqin(dice, face, operation):
    """Family B signs with a digest in the path over body, key and time; family A and the pages have a token."""
    path, fields, query = fill(dice, operation["path"]), shaped_fields(dice), {}
    body = dice.choice([lambda: json.dumps(fields, ensure_ascii=False), lambda: hostile_json(dice)])()
    body = body.encode("utf-8", "surrogatepass")
    headers = {"content-type": "application/json"}
    if operation["path"].endswith("/{openid}/{timestamp}/{digest}/{msg_id}"):
        shanghai = time.gmtime(time.time() + 8 * 3600 + dice.choice([0, 0, 0, 599, -601]))
        stamp = time.strftime("%Y%m%d%H%M%S", shanghai)
        digest = hashlib.md5(body + f"|{face['appkey']}|{stamp}".encode()).hexdigest()
        path = "/".join(path.split("/")[:-4] + [face["openid"], stamp, digest, str(dice.randrange(10**6))])
    else:
        asked = json.dumps({name: face[name] for name in ("app_id", "app_secret", "tenant_id")}).encode()
        found = token(face, "POST", "/service/oauth/token", headers, asked)
        query["access_token"] = (found.get("return_data") or {}).get("access_token", "")
        query.update({name: text(value) for name, value in fields.items() if dice.random() < 0.5})
    return operation["method"], path + "?" + encoded(query), headers, body


def dingtalk(dice, face, operation):
    """One token for both hosts: in the query of the old one, in a header of the new one."""
    found = token(face, "GET", "/gettoken?" + encoded({"appkey": face["app_key"], "appsecret": face["app_secret"]}))
    path, fields = fill(dice, operation["path"]), shaped_fields(dice)
    headers, query, body = {"content-type": "application/json"}, {}, b""
    if path.startswith("/v1.0/"):
        headers["x-acs-dingtalk-access-token"] = found.get("access_token", "")
    else:
        query["access_token"] = found.get("access_token", "")
    if operation["method"] == "GET":
        query.update({name: text(value) for name, value in fields.items()})
    elif dice.random() < 0.3:
        headers["content-type"] = "application/x-www-form-urlencoded"
        body = encoded({name: text(value) for name, value in fields.items()}).encode()
    else:
        body = dice.choice([lambda: json.dumps(fields), lambda: hostile_json(dice)])().encode("utf-8", "surrogatepass")
    return operation["method"], path + "?" + encoded(query), headers, body


def hesine(dice, face, operation):
    """The documented contract has a token in the query, the sample contract three headers."""
    path, fields = fill(dice, operation["path"]), shaped_fields(dice)
    headers, query = {"content-type": "application/json"}, {}
    query.update({name: text(value) for name, value in fields.items() if dice.random() < 0.5})
    body = dice.choice([lambda: json.dumps(fields), lambda: hostile_json(dice)])().encode("utf-8", "surrogatepass")
    if path.startswith("/api/openapi/"):
        asked = json.dumps({"appKey": face["app_key"], "appSecurity": face["app_secret"]}).encode()
        found = token(face, "POST", "/api/openapi/v1/auth/getAccessToken", headers, asked)
        query["accessToken"] = (found.get("value") or {}).get("accessToken", "")
        return operation["method"], path + "?" + encoded(query), headers, body
    at = str(int(time.time()) + dice.choice([0, 0, 0, 299, -301]))
    lines = [operation["method"], path, encoded(query), face["app_key"], at, hashlib.sha256(body).hexdigest()]
    signature = hmac.new(face["app_secret"].encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()
    headers.update({"App-Key": face["app_key"], "Timestamp": at, "Signature": signature})
    return operation["method"], path + "?" + encoded(query), headers, body


def workhuman(dice, face, operation):
    """A bearer token for client credentials."""
    asked = {"grant_type": "client_credentials", "client_id": face["client_id"], "client_secret": face["client_secret"]}
    form = {"content-type": "application/x-www-form-urlencoded"}
    found = token(face, "POST", "/oauth/token", form, encoded(asked).encode())
    path, fields = fill(dice, operation["path"]), shaped_fields(dice)
    headers = {"content-type": "application/json", "authorization": "Bearer " + found.get("access_token", "")}
    if dice.random() < 0.3:
        headers["idempotency-key"] = dice.choice(["a", "b", "x" * 300, "\u00e9"])
    query = {name: text(value) for name, value in fields.items() if dice.random() < 0.5}
    body = dice.choice([lambda: json.dumps(fields), lambda: hostile_json(dice)])().encode("utf-8", "surrogatepass")
    return operation["method"], path + "?" + encoded(query), headers, body


# What each dialect's signature is, a second time: a dialect without a line here gets garbage only.
SIGNERS = {"zhiren": zhiren, "waiqin": waiqin, "dingtalk": dingtalk, "hesine": hesine, "workhuman": workhuman}

TOKENS = {}


def token(face, *ask):
    """What a token's call answers. Asked again after a minute: a hostile call may have revoked it."""
    key, now = face["base_url"], time.monotonic()
    if key not in TOKENS or TOKENS[key][0] < now - 60:
        status, _, body = request(face["base_url"], *ask)
        if status != 200:
            raise SystemExit(f"no token at {ask[1]}: {status} {body[:200]}")
        TOKENS[key] = (now, json.loads(body))
    return TOKENS[key][1]


def shaped_fields(dice):
    """Fields with the names of any dialect, sometimes with values that are right, so that more than the first check is met."""
    fields = {name: hostile(dice) for name in dice.sample(NAMES + MORE_NAMES, dice.randrange(10))}
    fields.update({name: dice.choice(RIGHT[name]) for name in dice.sample(sorted(RIGHT), dice.randrange(8))})
    return fields


def text(value):
    """A value as queries and forms carry it."""
    return value if isinstance(value, str) else json.dumps(value)


def encoded(pairs):
    return urllib.parse.urlencode({name: value.encode("utf-8", "surrogatepass") for name, value in pairs.items()})


TEXTS = [
    "", " ", "0", "-1", "1e400", "NaN", "null", "%00", "../../etc/passwd", "1;drop table records", "'", "\"", "\\",
    "\u202e", "\ud800", "\x00", "\r\nX: y", "<script>alert(1)</script>", "a" * 4000, "é" * 300, "👩‍👩‍👧", "2026-02-30",
    "2026-13-01", "0000-00-00", "9999-12-31", "24:00", "25:61:61", "2026-03-16 08:00", "19900000001", "林一", "=1+1",
]
NUMBERS = [0, -1, 1, 2**31, -2**31, 2**53 + 1, 2**63 - 1, 2**63, -2**63, 10**30, 1e308, -0.0, 0.1, 1e-320]
NAMES = [
    "token", "name", "key", "uuid", "guid", "empno", "page", "pagination", "date", "start_date", "end_date", "begin_date",
    "from", "to", "month", "value", "subject_name", "status", "mobile", "phone", "email", "id", "operator", "punches",
    "employees", "title", "content", "number_series", "code", "client_id", "client_secret", "redirect_uri", "state",
    "response_type", "grant_type", "scope", "company_token", "educationInfo", "direction", "time", "punch_time",
]

MORE_NAMES = [
    "userid", "userids", "user_id", "userIds", "dept_id", "deptId", "parent_id", "size", "cursor", "offset", "limit", "language",
    "workDateFrom", "workDateTo", "checkDateFrom", "checkDateTo", "process_code", "processCode", "processInstanceId",
    "originatorUserId", "formComponentValues", "op_userid", "leave_codes", "url", "aes_key", "call_back_tag", "agentId", "unionid",
    "emp_id", "emp_code", "emp_name", "emp_mobile", "emp_org_id", "emp_status", "org_id", "date_start", "date_end", "rows",
    "start", "count", "form", "params", "staffList", "departmentList", "conditionIds", "flowId", "approveId", "action", "specificationId",
    "employee_id", "approver_id", "trip_detail", "legs", "budget", "amount", "external_no", "order_no", "lines", "document_id",
    "recipient_id", "award_level", "message", "points", "reward_id", "quantity", "category", "country", "sort", "visibility",
    "code_verifier", "code_challenge", "refresh_token", "client_secret", "users", "nextToken", "maxResults", "isCommit", "details",
]

# What a value may be, so that a request gets further than its first field.
RIGHT = {
    "dept_id": [1, "1"], "size": [10, "10"], "cursor": [0, "0"], "offset": [0], "limit": [10, 50], "type": ["requisition", "expense", "CODE", "flight"],
    "start": [0], "count": [10, 100], "userid": ["E0001"], "employee_id": ["E0001"], "emp_id": ["E0001"], "status": ["pending", "approved", "1"],
    "workDateFrom": ["2026-03-10 00:00:00"], "workDateTo": ["2026-03-12 00:00:00"], "sort": ["-created_at"], "conditionIds": [["E0001"]],
    "name": ["林一"], "emp_name": ["林一"], "amount": [1, "12.50"], "start_date": ["2026-04-01"], "end_date": ["2026-04-03"],
    "trip_detail": [{"start_date": "2026-04-01", "end_date": "2026-04-03", "legs": [{"type": "train", "to": "上海", "start_date": "2026-04-01"}]}],
    "lines": [[{"fee_type": "taxi", "date": "2026-04-01", "amount": "10"}]], "approver_id": ["E0002"], "message": ["谢谢"], "isCommit": ["true", True],
    "users": [[{"employee_number": "E0001", "displayName": "林一"}]], "form": [{"title": "出差", "submitterId": "E0001"}],
}


def hostile(dice, depth=0):
    """Any JSON value."""
    kind = dice.random()
    if kind < 0.45 or depth > 4:
        return dice.choice(TEXTS)
    if kind < 0.65:
        return dice.choice(NUMBERS)
    if kind < 0.72:
        return dice.choice([True, False, None])
    if kind < 0.86:
        return [hostile(dice, depth + 1) for _ in range(dice.randrange(4))]
    return {dice.choice(NAMES + TEXTS[:12]): hostile(dice, depth + 1) for _ in range(dice.randrange(5))}


def hostile_fields(dice, face):
    """An object whose names are often right and whose values seldom are."""
    fields = {name: hostile(dice) for name in dice.sample(NAMES, dice.randrange(8))}
    if dice.random() < 0.7:
        fields["token"] = face.get("company_token", "")
    if dice.random() < 0.4:
        fields["pagination"] = {"page": dice.choice(NUMBERS)}
    return fields


def hostile_json(dice):
    """Text that is no JSON, or JSON that can be read in two ways."""
    return dice.choice([
        "", "{", "[]", "null", "\ufeff{}", "{\"a\":1,\"a\":2}", "{\"a\":NaN}", "{\"a\":1e400}", "[" * 20000,
        "{\"a\":" * 3000 + "1" + "}" * 3000, "{\"a\":\"\\ud800\"}", "{\"a\":\"\\u0000\"}", "{\"a\":" + "9" * 5000 + "}",
        "{\"token\":" + json.dumps("x" * 5000) + "}", "{} {}", "{\"a\":01}", "{'a':1}",
    ])


def fill(dice, path):
    """A path whose fields are filled, often with what no path should hold."""
    parts = []
    for part in path.split("/"):
        if part.startswith("{"):
            text = dice.choice(TEXTS + ["7", "0" * 32, "E0001"]) or "x"
            part = urllib.parse.quote(text[:200].encode("utf-8", "surrogatepass"), safe="")
        parts.append(part)
    return "/".join(parts)


def garbage(dice, operation):
    """A request that nobody signed, or somebody badly."""
    method = dice.choice([operation["method"], "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW"])
    pairs = [(dice.choice(["access_key", "tonce", "signature", "payload", "a"]), dice.choice(TEXTS).encode("utf-8", "surrogatepass"))
             for _ in range(dice.randrange(6))]
    headers = {}
    if dice.random() < 0.5:
        headers["x-zhiren-signature"] = dice.choice(["", "0" * 64, "z" * 64, "A" * 6000])
    if dice.random() < 0.5:
        headers["content-type"] = dice.choice(["application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
    body = dice.randbytes(dice.randrange(200)) if dice.random() < 0.5 else b""
    path = fill(dice, operation["path"]) + dice.choice(["", "/", "//", "/.."])
    return method, path + "?" + urllib.parse.urlencode(pairs), headers, body


def request(base, method, target, headers=None, body=b""):
    """Status, headers and body; status 0 where no answer came."""
    base = urllib.parse.urlsplit(base)
    connection = http.client.HTTPConnection(base.hostname, base.port, timeout=60)
    try:
        connection.request(method, base.path.rstrip("/") + target, body=body or None, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    except (http.client.HTTPException, OSError) as error:
        return 0, {}, repr(error).encode()
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
