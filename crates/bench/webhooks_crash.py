#!/usr/bin/env python3
"""Kills the hub with SIGKILL at random moments while it tells an unreliable receiver of changes, and checks what arrived.

    webhooks_crash.py --bin TONGSHI [--kills K] [--seed S]

The receiver refuses, hangs up, is slow, or takes a message and loses the answer. In the end every entry of the journal
must have arrived, each record's in order of first arrival, and nothing else. Exits 1 when anything differs.
"""
import argparse, json, random, socketserver, sys, threading, time

from webhooks_common import Company

class Receiver(socketserver.ThreadingTCPServer):
    """Stands at the app's address and keeps what it takes."""
    allow_reuse_address, daemon_threads = True, True

    def __init__(self, seed):
        super().__init__(("127.0.0.1", 0), Handler)
        self.random, self.lock, self.reliable = random.Random(seed), threading.Lock(), False
        self.taken, self.ids, self.counts = [], [], {"taken": 0, "refused": 0, "hung up": 0, "slow": 0, "answer lost": 0}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def fate(self):
        with self.lock:
            draw = 1.0 if self.reliable else self.random.random()
        for fate, share in (("refused", 0.07), ("hung up", 0.12), ("answer lost", 0.17), ("slow", 0.25)):
            if draw < share:
                return fate
        return "taken"

class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            while self.one():
                pass
        except OSError:
            pass

    def one(self):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline()
            if not line:
                return False
            head += line
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if ": " in line)
        body = self.rfile.read(int(headers["content-length"]))
        fate = self.server.fate()
        with self.server.lock:
            self.server.counts[fate] += 1
        if fate == "hung up":
            return False
        if fate == "slow":
            time.sleep(0.2)
        if fate != "refused":
            with self.server.lock:
                self.server.taken.append(json.loads(body))
                self.server.ids.append(headers["webhook-id"])
        if fate == "answer lost":
            return False
        status = "500 Oh" if fate == "refused" else "200 OK"
        self.wfile.write(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n".encode())
        return True

def journal(company):
    after, entries = 0, []
    while True:
        page = company.json("changes", "--after", str(after), "--limit", "1000")["data"]
        if not page:
            return entries
        entries += page
        after = page[-1]["seq"]

def check(company, receiver, begin):
    expected = {}
    for entry in journal(company):
        if entry["seq"] > begin:
            expected.setdefault(entry["record"], []).append(entry["seq"])
    arrived = {}
    for message in receiver.taken:
        seqs = arrived.setdefault(message["data"]["id"], [])
        if message["data"]["seq"] not in seqs:
            seqs.append(message["data"]["seq"])
    total = sum(map(len, expected.values()))
    missing = sum(len(set(seqs) - set(arrived.get(record, []))) for record, seqs in expected.items())
    invented = sum(len(set(seqs) - set(expected.get(record, []))) for record, seqs in arrived.items())
    disordered = sum(seqs != sorted(seqs) for seqs in arrived.values())
    different_ids = len(set(receiver.ids))
    return total, missing, invented, disordered, different_ids

def oldest_waiting(company, webhook):
    """The last page of what waits, newest first: what comes first of each record is among it, the rest stands behind it."""
    ask = ["webhooks", "log", webhook, "--state", "waiting", "--limit", "1000"]
    page = company.json(*ask)
    while page.get("next"):
        further = company.json(*ask, "--after", page["next"])
        if not further["data"]:
            break
        page = further
    return page["data"]

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    draws = random.Random(args.seed)
    company, receiver = Company(args.bin), Receiver(args.seed + 1)
    try:
        apps = company.json("app", "list")
        url = f"http://127.0.0.1:{receiver.server_address[1]}/hooks"
        made = company.json("webhooks", "add", apps[0]["name"], url)["webhook"]
        begin, changes, unknown = made["position"], 0, 0
        people = company.people[:8]
        for round in range(args.kills):
            company.serve()
            end = time.time() + draws.uniform(0.2, 2.5)
            killer = threading.Timer(end - time.time(), company.kill)
            killer.start()
            while killer.is_alive():
                changes += 1
                unknown += not company.set_salary(draws.choice(people), round * 1000 + changes)
                time.sleep(draws.uniform(0, 0.01))
            killer.join()
            print(f"kill {round + 1}: {changes} changes asked for, {len(receiver.taken)} messages taken", flush=True)
        receiver.reliable = True
        company.serve()
        began = time.time()
        while time.time() - began < 120:
            waiting = oldest_waiting(company, made["id"])
            view = company.json("webhooks", "show", made["id"])
            last = journal(company)[-1]["seq"]
            if not waiting and view["position"] >= last:
                break
            if waiting:
                # The schedule waits for minutes and hours; sent by hand they go at once, under the same ids.
                messages = [word for row in waiting for word in ("--message", row["id"])]
                company.json("webhooks", "replay", made["id"], *messages)
            time.sleep(1)
        total, missing, invented, disordered, ids = check(company, receiver, begin)
        counts = ", ".join(f"{count} {name}" for name, count in receiver.counts.items())
        print(f"{args.kills} kills; {changes} changes asked for, {unknown} without an answer; {total} entries in the journal")
        print(f"the receiver: {counts}; {len(receiver.taken) - ids} arrived again under the same id")
        print(f"missing {missing}, invented {invented}, records out of order {disordered}, ids {ids}")
        failed = missing or invented or disordered or ids != total or total == 0
        print("FAILED" if failed else "every change arrived at least once and each record's in order")
        return 1 if failed else 0
    finally:
        company.remove()

sys.exit(main())
