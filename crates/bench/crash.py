#!/usr/bin/env python3
"""Kills a sync with SIGKILL at random moments, syncs again, and compares with a sync that nobody killed.

    crash.py --bin TONGSHI --vendor VENDOR [--employees N] [--kills K] [--seed S] [--pg ADMIN_URL] [--demo N]

VENDOR is the benchmark's page server (employees only). With --demo N the vendor is our own face over an invented
company of N people instead, and every listing is read, punches too. Exits 1 when anything differs.
"""
import argparse, hashlib, json, os, random, re, signal, subprocess, sys, tempfile, time, uuid

def run(command, env, check=True):
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if check and done.returncode != 0:
        sys.exit(f"{command[1]} ended with {done.returncode}: {done.stderr[-600:]}")
    return done.stdout

class Hub:
    """A data directory, or a fresh PostgreSQL database, with one connection."""
    def __init__(self, args, address, keys):
        self.args, self.folder = args, tempfile.mkdtemp(prefix="tongshi-crash-")
        self.env = dict(os.environ, TONGSHI_DATA=self.folder, TONGSHI_LOG="error")
        self.database = None
        if args.pg:
            self.database = "tongshi_crash_" + uuid.uuid4().hex
            subprocess.run(["psql", "-q", args.pg, "-c", f"CREATE DATABASE {self.database}"], check=True)
            self.env["TONGSHI_DATABASE_URL"] = re.sub(r"/[^/?]*(\?|$)", f"/{self.database}\\1", args.pg)
        command = [args.bin, "connect", "zhiren", "--name", "vendor", "--base-url", address, "--no-check"]
        for name, value in keys.items():
            command += ["--set", f"{name}={value}"]
        run(command, self.env)
        self.sync_command = [args.bin, "sync", "vendor", "--full", "--json"]
        if not args.demo:
            self.sync_command += ["--only", "employee"]

    def sync(self):
        return json.loads(run(self.sync_command, self.env))

    def sync_killed_after(self, seconds):
        process = subprocess.Popen(self.sync_command, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=seconds)
            return False
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return True

    def state(self):
        """Digests of what the sync left: records, the journal in order of record, punches, counts."""
        digests = {}
        kinds = ["legal_entity", "org_unit", "employee", "shift_assignment", "timeline_entry", "approval"]
        for kind in kinds if self.args.demo else ["employee"]:
            rows = [json.loads(line) for line in run([self.args.bin, "records", kind, "--all", "--jsonl"], self.env).splitlines()]
            lines = sorted(json.dumps([row["id"], row["version"], row["data"]], sort_keys=True) for row in rows)
            digests[kind] = (len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16])
        status = json.loads(run([self.args.bin, "status", "--json"], self.env))
        digests["counts"] = json.dumps(status.get("counts"), sort_keys=True)
        after, changes, sequence = 0, [], []
        while True:
            page = json.loads(run([self.args.bin, "changes", "--after", str(after), "--limit", "1000", "--json"], self.env))
            data = page["data"] if isinstance(page, dict) else page
            if not data:
                break
            after = data[-1]["seq"]
            sequence += [row["seq"] for row in data]
            changes += [json.dumps([row["record"], row["op"], row["version"]]) for row in data]
        digests["changes"] = (len(changes), hashlib.sha256("\n".join(sorted(changes)).encode()).hexdigest()[:16])
        digests["no gap in the journal"] = sequence == list(range(1, len(sequence) + 1))
        return digests

    def remove(self):
        subprocess.run(["rm", "-rf", self.folder])
        if self.database:
            subprocess.run(["psql", "-q", self.args.pg, "-c", f"DROP DATABASE {self.database} WITH (FORCE)"])

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--vendor")
    parser.add_argument("--employees", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pg")
    parser.add_argument("--demo", type=int)
    parser.add_argument("--port", type=int, default=7391)
    args = parser.parse_args()
    random.seed(args.seed)
    if args.demo:
        folder = tempfile.mkdtemp(prefix="tongshi-crash-demo-")
        vendor = subprocess.Popen([args.bin, "demo", "--employees", str(args.demo), "--data", folder, "--listen", f"127.0.0.1:{args.port}"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(f"{folder}/demo.json"):
            time.sleep(0.2)
        face = json.load(open(f"{folder}/demo.json"))["faces"]["zhiren"]
        address, keys = face["base_url"], {name: face[name] for name in ("access_key", "secret_key")}
    else:
        vendor = subprocess.Popen([args.vendor, "--employees", str(args.employees), "--listen", f"127.0.0.1:{args.port}"],
                                  stdout=subprocess.PIPE, text=True)
        vendor.stdout.readline()
        address, keys = f"http://127.0.0.1:{args.port}", {"access_key": "ak", "secret_key": "sk"}
    try:
        reference = Hub(args, address, keys)
        began = time.time()
        outcome = reference.sync()
        took = time.time() - began
        expected = reference.state()
        print(f"uninterrupted: {took:.2f} s, complete={outcome['complete']}, {expected}", flush=True)
        victim, moments = Hub(args, address, keys), []
        while len(moments) < args.kills:
            # Each run resumes, so later ones are shorter; moments are drawn over what a whole run takes.
            moment = random.uniform(0.03, max(0.1, took * 1.5 / args.kills))
            if victim.sync_killed_after(moment):
                moments.append(round(moment, 2))
            else:
                print("a run ended before it was killed; starting over with a fresh record", flush=True)
                victim.remove()
                victim = Hub(args, address, keys)
        last = victim.sync()
        found = victim.state()
        print(f"killed after {moments} s, then resumed={last['resumed']} complete={last['complete']}", flush=True)
        differing = [name for name in expected if expected[name] != found[name]]
        for name in differing:
            print(f"DIFFERS {name}: {expected[name]} != {found[name]}")
        if not differing and last["complete"]:
            print(f"equal after {len(moments)} kills on {'PostgreSQL' if args.pg else 'SQLite'}")
        reference.remove(); victim.remove()
        return 1 if differing or not last["complete"] else 0
    finally:
        vendor.kill()

sys.exit(main())
