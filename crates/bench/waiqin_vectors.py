#!/usr/bin/env python3
"""Checks the digests of Waiqin by a hand of its own, and with --demo a running face by them. Standard library only.

    waiqin_vectors.py [--demo DIR/demo.json]

Exits 1 when a vector differs, when the face refuses a right digest, or takes a wrong one.
"""
import argparse, datetime, hashlib, json, pathlib, sys, urllib.request, uuid

VECTORS = pathlib.Path(__file__).parent.parent / "dialects/src/waiqin/fixtures/vectors.json"

def digest(algorithm, body, appkey, timestamp, msg_id):
    if algorithm == "md5":
        return hashlib.md5(f"{body}|{appkey}|{timestamp}".encode()).hexdigest()
    text = f"data={body}&appkey={appkey}&nonce={msg_id}&timestamp={timestamp}"
    return hashlib.sha256(text.encode()).hexdigest()

def push_digest(data, pushsecret, timestamp):
    return hashlib.md5(f"{data}|{pushsecret}|{timestamp}".encode()).hexdigest()

def msg_signature(access_token, timestamp, nonce, body):
    parts = sorted(part.encode() for part in (access_token, timestamp, nonce, body))
    return hashlib.sha1(b"".join(parts)).hexdigest()

def vectors():
    known = json.loads(VECTORS.read_text(encoding="utf-8"))
    for kind, field, compute in (
        ("digests", "digest", digest), ("pushes", "digest", push_digest), ("signatures", "msg_signature", msg_signature),
    ):
        for vector in known[kind]:
            expected = vector.pop(field)
            assert compute(**vector) == expected, f"{kind}: {vector}"
            yield kind

def ask(base, keys, operation, body, algorithm, wrong=False):
    """What the face answers to a call that is signed here."""
    now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8)))
    timestamp, msg_id = now.strftime("%Y%m%d%H%M%S"), str(uuid.uuid4())
    proof = digest(algorithm, body, keys["appkey"] + ("x" if wrong else ""), timestamp, msg_id)
    url = f"{base}/api/{operation}/{keys['openid']}/{timestamp}/{proof}/{msg_id}"
    request = urllib.request.Request(url, body.encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as reply:
        answer = json.load(reply)
    assert answer["msg_id"] == msg_id or wrong, answer
    return answer

def demo(path):
    face = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["faces"]["waiqin"]
    base, taken = face["base_url"], 0
    for algorithm in ("md5", "sha256"):
        for operation, body in (
            ("employee/v2/queryEmployee", '{"emp_status":"1"}'),
            ("organization/v1/queryOrganization", "{}"),
            ("employee/v2/queryEmployee", '{"emp_code":"研发部"}'),
        ):
            answer = ask(base, face, operation, body, algorithm)
            assert answer["return_code"] == "0", answer
            rows = json.loads(answer["response_data"])
            print(f"{algorithm:6} {operation}: {len(rows)} rows")
            refused = ask(base, face, operation, body, algorithm, wrong=True)
            assert refused["return_code"] == "40101", refused
            taken += 1
    return taken

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo")
    args = parser.parse_args()
    count = sum(1 for _ in vectors())
    print(f"{count} vectors agree")
    if args.demo:
        print(f"{demo(args.demo)} calls taken, and as many refused with a wrong key")

if __name__ == "__main__":
    try:
        main()
    except AssertionError as error:
        sys.exit(f"differs: {error}")
