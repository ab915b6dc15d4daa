#!/usr/bin/env python3
"""Runs the two programs of the given Workhuman document, in our own words, against the demo with only the base URL set.

    pip install -r seed_requirements.txt; npm install (in this directory)
    seed_programs.py --bin TONGSHI

TypeScript with axios (seed_program.ts) and Python with requests (seed_program.py) get a token, ask who they are, and are
refused with a wrong secret, a wrong grant and a made-up token. Exits 1 when the two are told different things, or not what
the document says.
"""
import argparse, json, os, subprocess, sys

from demo_common import Demo

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = {
    "TypeScript with axios": [os.path.join(HERE, "node_modules", ".bin", "tsx"), os.path.join(HERE, "seed_program.ts")],
    "Python with requests": [sys.executable, os.path.join(HERE, "seed_program.py")],
}
REFUSALS = {"wrong_secret": [401, "invalid_client"], "wrong_grant": [400, "invalid_grant"], "made_up_token": 401}

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    args = parser.parse_args()
    demo = Demo(args.bin)
    try:
        face = demo.json["faces"]["workhuman"]
        env = dict(os.environ, WORKHUMAN_BASE_URL=face["base_url"], WORKHUMAN_CLIENT_ID=face["client_id"],
                   WORKHUMAN_CLIENT_SECRET=face["client_secret"])
        told = {}
        for name, command in PROGRAMS.items():
            done = subprocess.run(command, env=env, capture_output=True, text=True)
            if done.returncode != 0:
                print(f"{name} failed: {done.stderr[-1500:]}")
                return 1
            told[name] = json.loads(done.stdout)
            print(f"{name}: {done.stdout.strip()}")
        first, second = told.values()
        wrong = [name for name, expected in REFUSALS.items() if first[name] != expected]
        if wrong:
            print(f"not as the document says: {', '.join(wrong)}")
        return 0 if first == second and first["me"] and not wrong else 1
    finally:
        demo.remove()

sys.exit(main())
