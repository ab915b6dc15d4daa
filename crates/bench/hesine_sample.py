#!/usr/bin/env python3
"""The given document's sample, as a program of its own: a trip is asked for with `requests`, and what must be refused is.

    pip install requests
    hesine_sample.py --bin TONGSHI

Prints each answer. Exits 1 when one is not as the contract says.
"""
import argparse, json, sys, time

import requests

from hesine_common import Demo, signed_headers

class Caller:
    def __init__(self, base, prefix, key, secret):
        self.base, self.prefix, self.key, self.secret = base, prefix, key, secret

    def post(self, path, body, **changed):
        data = json.dumps(body, ensure_ascii=False).encode()
        key, secret = changed.get("key", self.key), changed.get("secret", self.secret)
        headers = signed_headers("POST", path, "", data, key, secret, changed.get("at"))
        sent = changed.get("sent", data)
        return requests.post(self.base + path, headers=headers, data=sent, timeout=30)

failures = 0

def show(what, answer, status, field=None):
    global failures
    body = answer.json()
    good = answer.status_code == status and (field is None or (body.get("data") or {}).get("field") == field)
    failures += not good
    print(f"{'ok ' if good else 'BAD'} {what}: HTTP {answer.status_code} {json.dumps(body, ensure_ascii=False)}")
    return body

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    args = parser.parse_args()
    demo = Demo(args.bin)
    try:
        fenced = json.loads(demo.run("app", "create", "fenced", "--face", "hesine", "--write", "--sensitivity", "restricted",
                                     "--allow-ip", "203.0.113.0/24", "--json", "--workspace", "sandbox"))
        demo.serve()
        people = demo.people()
        person, chief = (row["data"]["employee_no"] for row in people[:2])
        caller = Caller(demo.base, "", demo.face["app_key"], demo.face["app_secret"])
        trip = {"employee_id": person, "approver_id": chief, "trip_detail": {
            "start_date": "2026-04-01", "end_date": "2026-04-03", "budget": "3200",
            "legs": [{"type": "train", "from": "北京", "to": "上海", "start_date": "2026-04-01"}]}}
        path = "/api/travel/create"
        made = show("a trip", caller.post(path, trip), 200)["data"]
        show("a wrong secret", caller.post(path, trip, secret="not-the-secret"), 401, "Signature")
        show("an unknown key", caller.post(path, trip, key="hs_nobody"), 401)
        show("a time six minutes old", caller.post(path, trip, at=time.time() - 360), 401, "Timestamp")
        altered = json.dumps(dict(trip, employee_id=chief), ensure_ascii=False).encode()
        show("an altered body", caller.post(path, trip, sent=altered), 401, "Signature")
        keys = fenced["faces"]["hesine"]
        stranger = Caller(demo.base, "", keys["app_key"], keys["app_secret"])
        show("an address that is not on the list", stranger.post(path, trip), 403)
        result = {"document_id": made["request_id"], "status": "done"}
        show("a status outside the three", caller.post("/api/approval/result", result), 400, "status")
        wrong = dict(trip, trip_detail=dict(trip["trip_detail"], start_date="2026/04/01"))
        show("a date in the wrong form", caller.post(path, wrong), 400, "trip_detail.start_date")
        ask = {"grant_type": "client_credentials", "client_id": caller.key, "client_secret": caller.secret}
        token = requests.post(demo.base + "/api/oauth/token", data=ask, timeout=30).json()["access_token"]
        bearer = requests.get(demo.base + "/api/travel/query", params={"status": "pending", "employee_id": person},
                              headers={"Authorization": f"Bearer {token}"}, timeout=30)
        show("the same by an OAuth token", bearer, 200)
        approved = {"request_id": made["request_id"], "approver_id": chief, "comment": "同意"}
        show("the approver agrees", caller.post("/api/travel/approve", approved), 200)
        rejected = dict(approved, comment="太贵")
        show("and refuses afterwards", caller.post("/api/travel/reject", rejected), 409)
    finally:
        demo.remove()
    sys.exit(1 if failures else 0)

if __name__ == "__main__":
    main()
