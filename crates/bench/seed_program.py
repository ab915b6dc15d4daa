"""The same program as seed_program.ts in Python with requests, as the given document shows it: a client that fetches its
token when it is made and asks with it from then on. Prints what it found as JSON for seed_programs.py."""
import json, os

import requests

class Workhuman:
    def __init__(self):
        self.url = os.environ["WORKHUMAN_BASE_URL"]
        self.account = {"client_id": os.environ["WORKHUMAN_CLIENT_ID"],
                        "client_secret": os.environ["WORKHUMAN_CLIENT_SECRET"]}
        answer = self.token(grant_type="client_credentials", **self.account)
        answer.raise_for_status()
        self.bearer = answer.json()["access_token"]

    def token(self, **fields):
        return requests.post(f"{self.url}/oauth/token", data=fields, timeout=30)

    def get(self, path, **params):
        headers = {"Authorization": f"Bearer {self.bearer}"}
        answer = requests.get(self.url + path, headers=headers, params=params, timeout=30)
        answer.raise_for_status()
        return answer.json()

def refusal(answer):
    return [answer.status_code, answer.json()["error"]]

client = Workhuman()
me = client.get("/api/v1/users/me")["displayName"]
wrong_secret = client.token(grant_type="client_credentials", **dict(client.account, client_secret="wrong"))
wrong_grant = client.token(grant_type="password", **client.account)
made_up = requests.get(client.url + "/api/v1/users/me", headers={"Authorization": "Bearer made-up"}, timeout=30)
print(json.dumps({"me": me, "wrong_secret": refusal(wrong_secret), "wrong_grant": refusal(wrong_grant),
                  "made_up_token": made_up.status_code}))
