#!/usr/bin/env python3
"""Counts how often a vendor is asked for an application token: 10,000 concurrent calls through two processes over one
database on a token that has expired, and again with the process that fetches killed (SIGKILL) in the middle of it.

    tokens_crash.py --bin TONGSHI [--callers N] [--pg ADMIN_URL]

The vendor is a stub that speaks Waiqin's family A. Exits 1 when more than one token is fetched, or a call of the process
that lives comes to nothing.
"""
import argparse, asyncio, json, os, re, signal, subprocess, sys, tempfile, time, urllib.request, uuid

from webhooks_common import free_port

# What the hub believes at least, and when it renews (crates/dialect/src/token_cache.rs).
LIFE_SECONDS, RENEWED_AFTER_SECONDS = 60, 31

class Vendor:
    """Gives tokens and answers calls; asked for a token it may be told to say nothing."""
    def __init__(self):
        self.tokens = self.calls = self.aborted = 0
        self.answers = asyncio.Event()
        self.answers.set()
        self.asked = asyncio.Event()
        self.port = free_port()

    async def serve(self):
        return await asyncio.start_server(self.connection, "127.0.0.1", self.port, backlog=4096)

    async def connection(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: *(\d+)", head)
                await reader.readexactly(int(length[1]) if length else 0)
                if head.startswith(b"POST /service/oauth/token"):
                    self.asked.set()
                    if not self.answers.is_set() and await self.broken_off(reader):
                        self.aborted += 1
                        return
                    self.tokens += 1
                    data = {"access_token": f"token-{self.tokens}", "expires_in": LIFE_SECONDS}
                else:
                    self.calls += 1
                    data = {"id": "1", "name": "n"} if f"token-{self.tokens}&".encode() in head.replace(b" ", b"&") else None
                body = json.dumps({"return_code": 0 if data else 40014, "return_msg": "", "return_data": data}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body))
                writer.write(body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def broken_off(self, reader):
        """Says nothing until it may answer; whether the caller was gone before."""
        gone, answer = asyncio.create_task(reader.read(1)), asyncio.create_task(self.answers.wait())
        await asyncio.wait([gone, answer], return_when=asyncio.FIRST_COMPLETED)
        over = gone.done()
        for task in (gone, answer):
            task.cancel()
        await asyncio.gather(gone, answer, return_exceptions=True)
        return over

class Hubs:
    """Two processes over one database."""
    def __init__(self, args, vendor_port):
        self.bin, self.folder = args.bin, tempfile.mkdtemp(prefix="tongshi-tokens-")
        self.env = dict(os.environ, TONGSHI_DATA=self.folder, TONGSHI_LOG="error", TONGSHI_SYNC_EVERY_SECONDS="0",
                        TONGSHI_CALLS_PER_SECOND_MAX="100000", TONGSHI_CALLS_IN_FLIGHT_MAX="64", TONGSHI_CALL_TIMEOUT_MS="50000")
        self.pg, self.database = args.pg, None
        if args.pg:
            self.database = "tongshi_tokens_" + uuid.uuid4().hex
            subprocess.run(["psql", "-q", args.pg, "-c", f"CREATE DATABASE {self.database}"], check=True)
            self.env["TONGSHI_DATABASE_URL"] = re.sub(r"/[^/?]*(\?|$)", f"/{self.database}\\1", args.pg)
        self.run("connect", "waiqin", "--name", "field", "--base-url", f"http://127.0.0.1:{vendor_port}", "--no-check",
                 "--set", "app_id=a", "--set", "app_secret=s", "--set", "tenant_id=t")
        made = json.loads(self.run("app", "create", "caller", "--write", "--sensitivity", "restricted", "--json"))
        self.key, self.processes, self.ports = made["api_key"], [], []
        self.opening, self.asking = asyncio.Semaphore(100), 0
        self.connection = json.loads(self.run("connections", "--json"))[0]["id"]
        for _ in range(2):
            self.start()

    def run(self, *arguments):
        done = subprocess.run([self.bin, *arguments], env=self.env, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{arguments[:2]} ended with {done.returncode}: {done.stderr[-600:]}")
        return done.stdout

    def start(self):
        port = free_port()
        self.processes.append(subprocess.Popen([self.bin, "serve", "--listen", f"127.0.0.1:{port}"], env=self.env,
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        self.ports.append(port)
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
                return
            except OSError:
                if self.processes[-1].poll() is not None:
                    raise SystemExit("a hub ended by itself")
                time.sleep(0.02)

    def kill(self, at):
        self.processes[at].send_signal(signal.SIGKILL)
        self.processes[at].wait()

    async def all_ask(self, count):
        """Waits until so many calls are on their way: every one of them finds the token expired."""
        while self.asking < count:
            await asyncio.sleep(0.02)

    async def call(self, at):
        """One call on a connection of its own; whether the vendor's answer came back. A connection that says nothing
        for long is closed, so only some are opened at a time; all of them wait for their answer together."""
        body = b'{"code":"c"}'
        try:
            async with self.opening:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.ports[at])
                writer.write(f"POST /v1/connections/{self.connection}/call/oauth.userinfo HTTP/1.1\r\nhost: hub\r\n"
                             f"authorization: Bearer {self.key}\r\ncontent-type: application/json\r\n"
                             f"content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body)
                await writer.drain()
            self.asking += 1
            answer = await reader.read()
            writer.close()
            return b'"return_code": 0' in answer
        except (OSError, asyncio.IncompleteReadError):
            return False

    def remove(self):
        for at, process in enumerate(self.processes):
            if process.poll() is None:
                self.kill(at)
        if self.database:
            subprocess.run(["psql", "-q", self.pg, "-c", f"DROP DATABASE {self.database} WITH (FORCE)"], check=True)
        subprocess.run(["rm", "-rf", self.folder])

async def measure(args):
    vendor = Vendor()
    server = await vendor.serve()
    hubs = await asyncio.to_thread(Hubs, args, vendor.port)
    try:
        assert await hubs.call(0) and await hubs.call(1)
        hubs.asking = 0
        assert vendor.tokens == 1, "two processes share the first token"
        await asyncio.sleep(RENEWED_AFTER_SECONDS)
        before, began = vendor.tokens, time.time()
        vendor.answers.clear()
        calls = [asyncio.create_task(hubs.call(at % 2)) for at in range(args.callers)]
        await hubs.all_ask(args.callers)
        asked = time.time() - began
        vendor.answers.set()
        done = await asyncio.gather(*calls)
        calm = vendor.tokens - before
        print(f"{args.callers} calls through two processes on an expired token: {sum(done)} answered, "
              f"{calm} token fetched; all of them waited for it after {asked:.1f} s, all were answered after "
              f"{time.time() - began:.1f} s")
        await asyncio.sleep(RENEWED_AFTER_SECONDS)
        before, began = vendor.tokens, time.time()
        vendor.answers.clear()
        vendor.asked.clear()
        hubs.asking = 0
        # The first process asks for the token; then both are full of callers, and it dies.
        doomed = [asyncio.create_task(hubs.call(0)) for _ in range(args.callers // 2)]
        await vendor.asked.wait()
        living = [asyncio.create_task(hubs.call(1)) for _ in range(args.callers // 2)]
        await hubs.all_ask(len(doomed) + len(living))
        await asyncio.to_thread(hubs.kill, 0)
        killed = time.time()
        await asyncio.sleep(0.2)
        vendor.answers.set()
        lived, died = await asyncio.gather(*living), await asyncio.gather(*doomed)
        crashed = vendor.tokens - before
        print(f"the same with the fetching process killed: {sum(lived)} of {len(lived)} calls of the other answered, "
              f"{sum(died)} of its own; {vendor.aborted} fetch broken off, {crashed} token fetched, "
              f"{time.time() - killed:.1f} s after the kill")
        return 0 if all(done) and all(lived) and calm == 1 and crashed == 1 and vendor.aborted == 1 else 1
    finally:
        await asyncio.to_thread(hubs.remove)
        server.close()

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--callers", type=int, default=10_000)
    parser.add_argument("--pg")
    sys.exit(asyncio.run(measure(parser.parse_args())))

main()
