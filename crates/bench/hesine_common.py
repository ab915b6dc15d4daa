"""What the scripts about Hesine's contracts share: a demo hub in a fresh directory, and its keys."""
import hashlib, hmac, json, os, re, signal, socket, subprocess, tempfile, time, urllib.request

def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]

def signed_headers(method, path, query, body, key, secret, at=None):
    """The three headers of the sample contract; docs/HESINE.md says how they come about."""
    timestamp = str(int(time.time() if at is None else at))
    text = "\n".join([method, path, query, key, timestamp, hashlib.sha256(body).hexdigest()])
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return {"App-Key": key, "Timestamp": timestamp, "Signature": signature, "Content-Type": "application/json"}

class Demo:
    """A company behind faces; `serve` starts a hub over it, `kill` ends that as a power cut would."""
    def __init__(self, binary, employees=30):
        self.bin, self.folder = binary, tempfile.mkdtemp(prefix="tongshi-hesine-")
        self.env = dict(os.environ, TONGSHI_DATA=self.folder, TONGSHI_LOG="warn", TONGSHI_SYNC_EVERY_SECONDS="0")
        self.address = f"127.0.0.1:{free_port()}"
        self.run("demo", "--exit", "--quiet", "--employees", str(employees), "--listen", self.address)
        demo = json.load(open(f"{self.folder}/demo.json"))
        self.face, self.key = demo["faces"]["hesine"], demo["hub"]["sandbox_api_key"]
        self.base = f"http://{self.address}/d/hesine"
        self.process, self.kills = None, 0

    def run(self, *arguments):
        done = subprocess.run([self.bin, *arguments], env=self.env, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{arguments[:2]} ended with {done.returncode}: {done.stderr[-600:]}")
        return done.stdout

    def serve(self):
        self.process = subprocess.Popen([self.bin, "serve", "--listen", self.address], env=self.env,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            try:
                with urllib.request.urlopen(f"http://{self.address}/readyz", timeout=5):
                    return
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit("the hub ended by itself")
                time.sleep(0.02)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1

    def hub(self, method, path, body=None):
        """Asks /v1, by curl."""
        return self.curl(method, f"http://{self.address}{path}", {"Authorization": f"Bearer {self.key}"}, body)

    def curl(self, method, url, headers, body=None, show=False):
        command = ["curl", "-sS", "--globoff", "-X", method, url]
        for name, value in headers.items():
            command += ["-H", f"{name}: {value}"]
        if body is not None:
            data = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
            command += ["-H", "Content-Type: application/json"] if "Content-Type" not in headers else []
            command += ["--data-raw", data]
        if show:
            print("$ curl -X", method, re.sub(r"[?&]accessToken=.*", "", url))
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"curl ended with {done.returncode}: {done.stderr}")
        return json.loads(done.stdout) if done.stdout else None

    def people(self):
        """Two people with numbers who work: one travels, the other decides."""
        rows = [json.loads(row) for row in self.run("records", "employee", "--jsonl", "--workspace", "sandbox").splitlines()]
        here = [row for row in rows if row["data"].get("status") == "active" or row["data"].get("phase", {}).get("value") == "regular"]
        here = [row for row in here if row["data"].get("employee_no")]
        return here

    def remove(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        subprocess.run(["rm", "-rf", self.folder])
