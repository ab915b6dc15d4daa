#!/usr/bin/env python3
"""Clicks through a sign-in with a Waiqin account in a real browser without scripts: out from the hub, sign in and agree at
Waiqin's face, back into a session, and out again; and through what must be refused.

    npm install (in this directory); a Chromium
    signin_browser.py --bin TONGSHI --chromium CHROMIUM --screens FOLDER

Screenshots of every page go into the folder, in Chinese and English. Exits 1 when a page is not what it should be.
"""
import argparse, json, os, subprocess, sys

from demo_common import Demo

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--chromium", required=True)
    parser.add_argument("--screens", required=True)
    args = parser.parse_args()
    os.makedirs(args.screens, exist_ok=True)
    demo = Demo(args.bin)
    try:
        asked = {"hub": demo.json["hub"]["url"], "face": demo.json["faces"]["waiqin"], "people": demo.people()[:3],
                 "screens": os.path.abspath(args.screens), "chromium": args.chromium}
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "signin_browser.mjs")
        done = subprocess.run(["node", script], input=json.dumps(asked), text=True)
        print("In the audit trail: " + ", ".join(
            f"{entry['action']} {entry['outcome']}" for entry in
            json.loads(demo.run("audit", "list", "--action", "sign_*", "--json"))["data"]))
        return done.returncode
    finally:
        demo.remove()

sys.exit(main())
