#!/usr/bin/env python3
"""Walks a trip from request to voucher by curl, once for each contract of Hesine, and prints the state after each step.

    hesine_chain.py --bin TONGSHI [--contract sample|documented] [--kill]

With --kill the hub is killed with SIGKILL as soon as a step is answered, before anything can follow from it, and started
again. Exits 1 when a step does not have its effect, or has it twice.
"""
import argparse, json, sys, time

from hesine_common import Demo, signed_headers

TRIES = 400

class Walk:
    def __init__(self, demo, kill):
        self.demo, self.kill, self.step_no = demo, kill, 0
        people = demo.people()
        here = {row["id"]: row for row in people}
        # Somebody who has a chief: the documented contract asks that one.
        self.traveller = next(row for row in people if row["data"].get("manager") in here)
        self.chief = here[self.traveller["data"]["manager"]]
        self.begun = demo.hub("GET", "/v1/changes?after=0&limit=1")["last"]

    def record(self, kind, record):
        return self.demo.hub("GET", f"/v1/{kind}/{record}")["data"]

    def after(self, what, look):
        """Kills the hub if that is wanted, starts it again, and waits for what follows from the step."""
        self.step_no += 1
        if self.kill:
            self.demo.kill()
            self.demo.serve()
        for _ in range(TRIES):
            seen = look()
            if seen:
                print(f"  {self.step_no}. {what}: {json.dumps(seen, ensure_ascii=False)}")
                return seen
            time.sleep(0.02)
        raise SystemExit(f"step {self.step_no}: {what} never happens")

    def decide_here(self, kind, record):
        """Whoever is asked agrees over /v1."""
        approval = self.after(f"the {kind[:-1]} asks for an approval", lambda: self.record(kind, record).get("approval"))
        self.demo.hub("POST", f"/v1/approvals/{approval}/approve", {"comment": "同意"})
        self.after("the approval's result is back", lambda: (
            lambda state: state if state in ("approved", "processing") else None)(self.record(kind, record)["status"]["value"]))

    def booked(self, booking, request):
        self.after("the booking lies on its leg", lambda: (
            lambda doc: {"request": doc["request"], "leg": doc["leg"]}
            if doc.get("request") == request and doc.get("leg") else None)(self.record("bookings", booking)))

    def claimed(self, claim, booking):
        self.after("the claim names its booking", lambda: (
            lambda doc: doc.get("bookings") if booking in doc.get("bookings", []) else None)(self.record("expense_claims", claim)))

    def in_the_books(self, claim):
        def look():
            rows = self.demo.hub("GET", f"/v1/accounting_entries?claim={claim}")["data"]
            if len(rows) > 1:
                raise SystemExit("the claim stands in the books twice")
            numbers = self.record("expense_claims", claim).get("vouchers")
            if not rows or not numbers:
                return None
            entry = rows[0]["data"]
            sides = [sum(line.get(side, {}).get("minor", 0) for line in entry["lines"]) for side in ("debit", "credit")]
            if sides[0] != sides[1]:
                raise SystemExit("the two sides differ")
            return {"entry": entry["number"], "claim": numbers, "fen": sides[0], "status": entry["status"]["value"]}
        return self.after("the paid claim is in the books", look)

    def journal(self):
        rows = self.demo.hub("GET", f"/v1/changes?after={self.begun}&limit=200")["data"]
        ours = [f"{row['kind']} {row['op']}" for row in rows if row["actor"] == "flow"]
        print("  the flow's entries in /v1/changes:", ", ".join(ours))
        made = [row["record"] for row in rows if row["op"] == "created"]
        if len(made) != len(set(made)):
            raise SystemExit("something was made twice")

def sample(walk):
    demo = walk.demo
    key, secret = demo.face["app_key"], demo.face["app_secret"]
    def call(path, body):
        data = json.dumps(body, ensure_ascii=False)
        headers = signed_headers("POST", path, "", data.encode(), key, secret)
        answer = demo.curl("POST", demo.base + path, headers, data, show=True)
        if answer["code"] != 200:
            raise SystemExit(f"{path}: {answer}")
        return answer["data"]
    person, chief = walk.traveller["data"]["employee_no"], walk.chief["data"]["employee_no"]
    trip = call("/api/travel/create", {"employee_id": person, "approver_id": chief, "external_no": "OA-1", "trip_detail": {
        "title": "华东客户拜访", "start_date": "2026-04-01", "end_date": "2026-04-03", "budget": "3200", "legs": [
            {"leg_id": "out", "type": "train", "from": "北京", "to": "上海", "start_date": "2026-04-01"}]}})
    walk.decide_here("travel_requests", trip["request_id"])
    order = {"order_no": "T-1", "employee_id": person, "type": "train", "from": "北京南", "to": "上海虹桥",
             "start_time": "2026-04-01 09:00:00", "amount": "553.00"}
    booking = call("/api/booking/push", order)["booking_id"]
    walk.booked(booking, trip["request_id"])
    claim = call("/api/expense/create", {"employee_id": person, "external_no": "OA-2", "approver_id": chief, "lines": [
        {"fee_type": "train", "date": "2026-04-01", "amount": "553.00"}]})["expense_id"]
    walk.claimed(claim, booking)
    walk.after("the claim waits for its approval", lambda: walk.record("expense_claims", claim).get("approval"))
    call("/api/approval/result", {"document_id": claim, "status": "approved", "approver_id": chief})
    walk.after("the result is in the claim", lambda: walk.record("expense_claims", claim)["status"]["value"])
    call("/api/expense/pay", {"expense_id": claim, "status": "paid", "reference": "PAY-1"})
    walk.in_the_books(claim)
    call("/api/accounting/push", {"expense_id": claim, "voucher_no": "记-88", "period": "2026-04"})
    walk.after("the finance system's number counts", lambda: (
        lambda numbers: numbers if numbers == ["记-88"] else None)(walk.record("expense_claims", claim).get("vouchers")))

def documented(walk):
    demo = walk.demo
    corporation = demo.face.get("corporation_id", "tongshi")
    token = demo.curl("POST", demo.base + "/api/openapi/v1/auth/getAccessToken", {},
                      {"appKey": demo.face["app_key"], "appSecurity": demo.face["app_secret"]}, show=True)["value"]["accessToken"]
    def call(method, path, body):
        mark = "&" if "?" in path else "?"
        answer = demo.curl(method, f"{demo.base}/api/openapi{path}{mark}accessToken={token}", {}, body, show=True)
        if "errorCode" in answer:
            raise SystemExit(f"{path}: {answer}")
        return answer
    def staff(row):
        return f"{corporation}:{row['id']}"
    def decided(flow, state):
        """The document asks whoever heads the traveller; the face answers before it is done."""
        approval = walk.record("travel_requests" if state == "approved" else "expense_claims", flow)["approval"]
        tasks = walk.record("approvals", approval)["tasks"]
        approver = next(task["approvers"][0] for task in tasks if task["status"]["value"] == "running")
        call("POST", f"/v1/backlog/data/[{flow}]?messageCode=debug&powerCode=TICKET_AUDIT_switch",
             {"approveId": f"{corporation}:{approver}", "action": {"name": "freeflow.agree", "comment": "同意"}})
    city = lambda code, name: json.dumps([{"key": code, "label": name}], ensure_ascii=False)
    day = 1775007600000  # 2026-04-01 09:40 in China, in milliseconds
    trip = call("POST", "/v2.2/flow/data?isCommit=true", {"form": {
        "title": "华东客户拜访", "submitterId": staff(walk.traveller), "specificationId": "tongshi0requisition:1",
        "u_行程规划": [{"dataLinkId": None, "dataLinkTemplateId": "tongshi0trip:train", "dataLinkForm": {
            "E_tongshi0trip_name": "北京-上海", "E_tongshi0trip_出发地": city("1", "北京市"),
            "E_tongshi0trip_目的地": city("2", "上海市"), "E_tongshi0trip_行程日期": day}}]}})["flow"]["id"]
    walk.decide_here("travel_requests", trip)
    number = "TSO-1"
    call("POST", "/v1/travel/costCenter/synTravelOrder", {"data": [{
        "initialOriginalOrderNo": None, "initialParentOrderNo": None, "initialOrderNo": number, "originalOrderNo": number,
        "parentOrderNo": number, "orderNo": number, "orderSummary": "北京-上海", "orderDate": str(day), "orderStatus": "出票",
        "orderCategory": "主订单", "travelType": "因公", "realAmount": "553.00", "bookingPlatform": "样例商旅",
        "orderType": "train", "trainNumber": "G7001", "departureStation": "北京南", "arrivalStation": "上海虹桥",
        "departureTime": str(day), "travelPeople": [staff(walk.traveller)]}]})
    rows = demo.hub("GET", f"/v1/bookings?order_no={number}")["data"]
    booking = rows[0]["id"]
    walk.booked(booking, trip)
    claim = call("POST", "/v2.2/flow/data?isCommit=true", {"form": {
        "title": "报销", "submitterId": staff(walk.traveller), "specificationId": "tongshi0expense:1", "expenseLink": trip,
        "details": [{"feeTypeId": "train", "feeTypeForm": {"amount": {"standard": "553.00", "standardStrCode": "CNY"},
                                                           "feeDate": day}}]}})["flow"]["id"]
    walk.claimed(claim, booking)
    decided(claim, "processing")
    walk.after("the claim is with the bank", lambda: (
        lambda state: state if state in ("paying", "processing") else None)(walk.record("expense_claims", claim)["status"]["value"]))
    paid = call("POST", "/v1/paymentResults", {"items": [{"id": claim, "code": "P00001"}]})
    print("  the bank's result:", paid["items"][0]["code"])
    walk.in_the_books(claim)
    call("PUT", "/v2.1/flow/data/erpVoucher", {"voucher": [
        {"flowId": claim, "voucherNo": "记-89", "voucherCreateTime": str(day), "fiscalPeriod": "2026-04"}]})
    walk.after("the finance system's number counts", lambda: (
        lambda rows: [row["data"]["number"] for row in rows] if [row["data"]["number"] for row in rows] == ["记-89"] else None)(
            demo.hub("GET", f"/v1/accounting_entries?claim={claim}")["data"]))

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--contract", choices=["sample", "documented"], action="append")
    parser.add_argument("--kill", action="store_true")
    args = parser.parse_args()
    for contract in args.contract or ["sample", "documented"]:
        demo = Demo(args.bin)
        try:
            demo.serve()
            walk = Walk(demo, args.kill)
            print(f"{contract} contract:")
            {"sample": sample, "documented": documented}[contract](walk)
            walk.journal()
            report = json.loads(demo.run("report", "travel", "--json", "--workspace", "sandbox", "--from", "2026-04-01",
                                         "--to", "2026-04-30", "--svg", f"{demo.folder}/travel.svg"))
            print("  the report of that month:", json.dumps(report, ensure_ascii=False))
            print(f"  from request to voucher in {walk.step_no} steps, {demo.kills} kills, nothing lost, nothing twice")
        finally:
            demo.remove()

if __name__ == "__main__":
    main()
