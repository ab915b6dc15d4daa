#!/usr/bin/env python3
"""Shows that the official libraries of Standard Webhooks take our messages, and refuse altered and old ones.

    pip install -r webhooks_requirements.txt; npm install (in this directory)
    webhooks_verify.py --bin TONGSHI [--node]

A real hub sends to a receiver here; the Python library verifies each message, and with --node the JavaScript library does
the same in webhooks_verify.mjs. Exits 1 when anything is taken that must not be, or refused.
"""
import argparse, http.server, json, os, subprocess, sys, tempfile, threading, time

from standardwebhooks import Webhook, WebhookVerificationError

from webhooks_common import Company

class Receiver(http.server.BaseHTTPRequestHandler):
    messages = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name: self.headers[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
        Receiver.messages.append({"headers": headers, "body": body.decode()})
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass

def refused(webhook, body, headers):
    try:
        webhook.verify(body, headers)
        return False
    except WebhookVerificationError:
        return True

def verify(messages, secrets):
    """How many were taken as they are, refused altered, refused old, refused by a wrong secret."""
    taken = altered = old = wrong = 0
    for message in messages:
        headers, body = message["headers"], message["body"]
        assert all(Webhook(secret).verify(body, headers) for secret in message["secrets"])
        taken += 1
        altered += refused(Webhook(message["secrets"][0]), body.replace("salary", "celery", 1) + " ", headers)
        then = str(int(headers["webhook-timestamp"]) - 301)
        old += refused(Webhook(message["secrets"][0]), body, dict(headers, **{"webhook-timestamp": then}))
        wrong += refused(Webhook("whsec_" + "A" * 43 + "="), body, headers)
    return taken, altered, old, wrong

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--node", action="store_true")
    args = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    company = Company(args.bin)
    try:
        key = company.json("app", "create", "listener", "--write", "--sensitivity", "restricted")["api_key"]
        company.serve()
        url = f"http://127.0.0.1:{server.server_address[1]}/hooks"
        made = company.ask("POST", "/v1/webhooks", key, {"url": url, "events": ["*"], "payload": "full"})
        company.ask("POST", f"/v1/webhooks/{made['id']}/test", key)
        began = time.time()
        company.set_salary(company.people[0], 1)
        while len(Receiver.messages) < 2 and time.time() - began < 20:
            time.sleep(0.001)
        delay_ms = (time.time() - began) * 1000
        for message in Receiver.messages:
            message["secrets"] = [made["secret"]]
        first = len(Receiver.messages)
        rotated = company.ask("POST", f"/v1/webhooks/{made['id']}/rotate", key)
        for value in range(2, 12):
            company.set_salary(company.people[value % 3], value)
        while len(Receiver.messages) < first + 10 and time.time() - began < 40:
            time.sleep(0.01)
        for message in Receiver.messages[first:]:
            message["secrets"] = [rotated["secret"], made["secret"]]
        messages = list(Receiver.messages)
        results = {"Python": verify(messages, made)}
        if args.node:
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                json.dump(messages, file)
                file.flush()
                script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "webhooks_verify.mjs")
                done = subprocess.run(["node", script, file.name], capture_output=True, text=True)
                if done.returncode != 0:
                    sys.exit(done.stderr)
                results["JavaScript"] = tuple(json.loads(done.stdout))
        print(f"{len(messages)} messages, {len(messages) - first} of them with two signatures; "
              f"the first change arrived {delay_ms:.0f} ms after it was asked for")
        for name, (taken, altered, old, wrong) in results.items():
            print(f"{name}: {taken} taken, {altered} altered refused, {old} old refused, {wrong} by a wrong secret refused")
        whole = len(messages) == first + 10 and first >= 2
        return 0 if whole and all(set(result) == {len(messages)} for result in results.values()) else 1
    finally:
        company.remove()

sys.exit(main())
