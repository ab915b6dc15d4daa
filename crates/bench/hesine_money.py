#!/usr/bin/env python3
"""Accounts, the mall's bills and suppliers' bills of Hesine's documented contract, called by curl as its pages show.

    hesine_money.py --bin TONGSHI

Prints each answer's decisive part. Exits 1 when one is not as documented.
"""
import argparse, io, json, re, time, urllib.request, zipfile

from hesine_common import Demo

failures = 0

def show(what, seen, wanted):
    global failures
    good = wanted(seen) if callable(wanted) else seen == wanted
    failures += not good
    print(f"{'ok ' if good else 'BAD'} {what}: {json.dumps(seen, ensure_ascii=False)[:300]}")
    return seen

class Caller:
    def __init__(self, demo):
        self.demo = demo
        keys = {"appKey": demo.face["app_key"], "appSecurity": demo.face["app_secret"]}
        self.token = self.open("getAccessToken", keys)
        self.app_token = self.open("getAppAccessToken", {"appKey": keys["appKey"], "appSecret": keys["appSecurity"]})

    def open(self, call, keys):
        return self.demo.curl("POST", f"{self.demo.base}/api/openapi/v1/auth/{call}", {}, keys)["value"]["accessToken"]

    def call(self, method, path, body=None):
        mark = "&" if "?" in path else "?"
        return self.demo.curl(method, f"{self.demo.base}/api/openapi{path}{mark}accessToken={self.token}", {}, body, show=True)

    def mall(self, path, body):
        headers = {"Authorization": f"Bearer {self.app_token}"}
        return self.demo.curl("POST", f"{self.demo.base}/api/mall-openapi/open-api/{path}", headers, body, show=True)

def accounts(caller, staff):
    card = {"sort": "BANK", "type": "PERSONAL", "owner": "INDIVIDUAL", "staffId": staff, "name": "样例户名", "cardNo": "0001",
            "branch": "样例银行杭州分行", "bank": "样例银行", "bankLinkNo": "000331000001", "province": "浙江省", "city": "杭州市"}
    account = show("an account", caller.call("POST", "/v2.1/payeeInfos", card), lambda made: list(made) == ["id"])["id"]
    show("the same again", caller.call("POST", "/v2.1/payeeInfos", card)["errorMessage"], "该账户已存在，无法创建")
    by_number = {**card, "cardNo": "0002", "branch": "1"}
    for field in ("bank", "province", "city"):
        by_number.pop(field)
    many = caller.call("POST", "/v2.1/payeeInfos/batch/create", {"payeeInfoList": [by_number]})
    show("many, by the branch's number", [row["cardNo"] for row in many["items"]], ["0002"])
    found = caller.call("GET", "/v2.1/payeeInfos?ids=&names=&cardNos=0001,0002&start=0&count=100")
    show("the list", [(row["cardNo"], row["branch"], row["city"]) for row in found["items"]],
         [("0001", "样例银行杭州分行", "杭州市"), ("0002", "样例银行杭州分行", "杭州市")])
    changed = caller.call("PUT", f"/v2.1/payeeInfos/${account}", {**card, "cardNo": "0003"})["value"]
    show("said anew", (changed["cardNo"], changed["type"], [log["action"] for log in changed["logs"]]),
         ("0003", "PERSONAL", ["CREATE", "EDIT"]))
    off = caller.call("PUT", f"/v2/payeeInfos/${account}/disableOrEnableAccount?active=false")["value"]
    show("out of use", off["active"], False)
    payer = {"sort": "BANK", "type": "PUBLIC", "name": "样例公司", "cardNo": "9001", "branch": "样例银行北京分行",
             "bankLinkNo": "000331000009", "channels": ["OFFLINE"]}
    made = caller.call("POST", "/v4/payerInfos", payer)["value"]
    show("an account to pay from", (made["accountNo"], made["asPayer"], made["owner"]), ("9001", True, "CORPORATION"))
    found = caller.call("GET", "/v4/payerInfos/search?ids=&names=&cardNos=9001&start=0&count=10&active=true")
    show("found", found["count"], 1)
    show("the older list", [row["detail"]["number"] for row in caller.call("GET", "/v1/paymentAccounts")["items"]], ["9001"])
    file = show("branches", caller.call("POST", "/v1/banks/getAllBranch"), lambda file: file["code"] == "A200" and file["url"])
    with urllib.request.urlopen(file["url"], timeout=30) as answer:
        book = zipfile.ZipFile(io.BytesIO(answer.read()))
    texts = re.findall(r"<t[^>]*>([^<]*)</t>", book.read("xl/sharedStrings.xml").decode())
    show("the file, read by another program", texts,
         lambda texts: texts[:5] == ["网点名称", "银联号", "银行名称", "省", "市"] and "000331000001" in texts and "样例银行北京分行" in texts)

def bills(caller, staff):
    now = int(time.time() * 1000)
    order = {"initialOriginalOrderNo": None, "initialParentOrderNo": None, "initialOrderNo": "TSF-9", "originalOrderNo": "TSF-9",
             "parentOrderNo": "TSF-9", "orderNo": "TSF-9", "orderSummary": "北京-杭州", "orderDate": str(now), "orderStatus": "出票",
             "orderCategory": "主订单", "travelType": "因公", "realAmount": "538.50", "bookingPlatform": "样例商旅二号",
             "orderType": "flight", "flightNumber": "XX1001", "ticketNumber": "000-9", "travelPeople": [staff],
             "departureAirport": "样例机场", "arrivalAirport": "杭州机场", "paymentMethod": "企业支付", "departureTime": str(now)}
    show("an order", caller.call("POST", "/v1/travel/costCenter/synTravelOrder", {"data": [order]}), {"value": "ok"})
    numbers, page = [], 1
    while True:
        ask = {"productTypeId": 2, "startTime": now - 86_400_000, "endTime": now + 86_400_000, "page": page, "size": 50, "requestId": "r"}
        answer = caller.mall("finance/bill/findPageDataBillId", ask)
        numbers += answer["data"]["items"]
        if len(numbers) >= answer["data"]["totalCount"] or not answer["data"]["items"]:
            break
        page += 1
        time.sleep(0.25)
    show("numbers of bills, page by page", len(numbers), answer["data"]["totalCount"])
    time.sleep(1)
    got = [bill for at in range(0, len(numbers), 50)
           for bill in caller.mall("finance/bill/findBillDetailById", {"data": numbers[at:at + 50], "requestId": "r"})["data"]]
    ours = [bill for bill in got if bill["orderNo"] == "TSF-9"]
    show("the bill", [(bill["productTypeName"], bill["totalPrice"], bill["travelNum"], bill["ticketStatusName"]) for bill in ours],
         [("机票", 538.5, "XX1001", "出票")])
    ticket = caller.mall("flight/ticket/journey/query", {"queryCode": f"TSF-9-000-9-{staff}", "requestId": "r"})
    show("the ticket", (ticket["code"], ticket["data"][0]["ticketStatusDesc"]), (200, "已出票"))
    suppliers = caller.call("GET", "/v1/checking/supplier/account/list")["items"]
    supplier = next(row for row in suppliers if row["name"] == "样例商旅二号")
    period = {"supplierAccountId": supplier["id"], "startTime": str(now - 86_400_000), "endTime": str(now + 86_400_000)}
    bill = show("a supplier's bill", caller.call("POST", "/v1/checking/createCheckingBill", period)["value"], lambda told: told["success"])
    rows = {"checkingBillId": bill["id"], "categoryId": supplier["categoryIds"][0]["id"],
            "checkingBillDetails": [{"对账单ID": "B-1", "订单号": "TSF-9", "合计": "538.50", "订单执行状态": "已执行"}]}
    for _ in range(2):
        show("its rows", caller.call("POST", "/v1/checking/importCheckingBill", rows)["value"], {"success": True, "msg": ""})
    kept = caller.demo.hub("GET", f"/v1/supplier_bills/{bill['id']}")["data"]["lines"]
    show("kept once, with its booking", [(line["reference"], bool(line.get("booking"))) for line in kept], [("B-1", True)])

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    demo = Demo(parser.parse_args().bin)
    try:
        demo.serve()
        staff = f"{demo.face.get('corporation_id', 'tongshi')}:{demo.people()[0]['id']}"
        caller = Caller(demo)
        accounts(caller, staff)
        bills(caller, staff)
    finally:
        demo.remove()
    raise SystemExit(1 if failures else 0)

if __name__ == "__main__":
    main()
