"""An unmodified public SDK (PyPI `dingtalk-sdk`) against the DingTalk face of a running demo, its host overridden only.

    tongshi demo --face dingtalk=127.0.0.1:7072
    pip install dingtalk-sdk==1.3.8 pycryptodome
    python3 crates/bench/dingtalk_sdk.py tongshi-demo/demo.json http://127.0.0.1:7072/

Prints one line for each call and ends with 1 if one fails.
"""

import json
import sys

from dingtalk import AppKeyClient
from dingtalk.client.base import BaseClient
from dingtalk.core.exceptions import DingTalkClientException


def main(demo, host):
    face = json.load(open(demo, encoding="utf-8"))["faces"]["dingtalk"]
    BaseClient.API_BASE_URL = host
    client = AppKeyClient(face["corp_id"], face["app_key"], face["app_secret"])
    failed = 0

    def shows(name, call, expected=lambda answer: True):
        nonlocal failed
        try:
            answer = call()
            good = expected(answer)
        except DingTalkClientException as error:
            answer, good = error, False
        print("ok  " if good else "FAIL", name, "" if good else answer)
        failed += not good
        return answer if good else {}

    def post(path, **fields):
        return lambda: client.post(path, fields)

    token = shows("access_token", lambda: client.access_token, lambda text: len(text) > 20)
    shows("access_token, kept", lambda: client.access_token, lambda text: text == token)

    numbers, people = [1], {}
    for number in numbers:
        below = shows(f"department/listsub {number}", post("/topapi/v2/department/listsub", dept_id=number))
        numbers += [one["dept_id"] for one in below.get("result", [])]
        cursor = 0
        while cursor is not None:
            page = shows(f"user/list {number} from {cursor}",
                         post("/topapi/v2/user/list", dept_id=number, cursor=cursor, size=50)).get("result", {})
            people.update((user["userid"], user) for user in page.get("list", []))
            cursor = page.get("next_cursor") if page.get("has_more") else None
    count = shows("user/count", post("/topapi/user/count", only_active=False))
    shows("everybody is there", lambda: len(people), lambda known: known == count["result"]["count"] > 0)
    somebody = face["operator_userid"]
    shows("user/get", post("/topapi/v2/user/get", userid=somebody),
          lambda answer: answer["result"]["name"] == people[somebody]["name"])
    shows("department/get", post("/topapi/v2/department/get", dept_id=1), lambda answer: answer["result"]["dept_id"] == 1)

    made = shows("department/create", post("/topapi/v2/department/create", name="SDK", parent_id=1))["result"]["dept_id"]
    joined = shows("user/create", post("/topapi/v2/user/create", userid="sdk-1", name="样本", mobile="19900009999",
                                      dept_id_list=str(made)))
    shows("user/update", post("/topapi/v2/user/update", userid="sdk-1", title="工程师"))
    shows("user/get, changed", post("/topapi/v2/user/get", userid="sdk-1"),
          lambda answer: (answer["result"]["title"], answer["result"]["unionid"]) == ("工程师", joined["result"]["unionId"]))
    shows("user/delete", post("/topapi/v2/user/delete", userid="sdk-1"))
    shows("department/delete", post("/topapi/v2/department/delete", dept_id=made))

    try:
        post("/topapi/v2/user/get", userid="nobody")()
        shows("a refusal is an exception", lambda: None, lambda _: False)
    except DingTalkClientException as error:
        shows("a refusal is an exception", lambda: error.errcode, lambda code: code == 33012)
    try:
        client.callback.get_call_back()
        shows("callback.get_call_back", lambda: None, lambda _: False)
    except DingTalkClientException as error:
        shows("callback.get_call_back, none yet", lambda: error.errcode, lambda code: code == 71007)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
