"""What the scripts about webhooks share: a company behind a face in a fresh directory, a hub that serves it, and changes
made through the face."""
import hashlib, hmac, json, os, signal, socket, subprocess, tempfile, time, urllib.parse, urllib.request

def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]

class Company:
    """A data directory with an invented company; `serve` starts a hub over it."""
    def __init__(self, binary, employees=30):
        self.bin, self.folder = binary, tempfile.mkdtemp(prefix="tongshi-webhooks-")
        self.env = dict(os.environ, TONGSHI_DATA=self.folder, TONGSHI_LOG="warn", TONGSHI_WORKSPACE="main",
                        TONGSHI_WEBHOOK_PRIVATE_RANGES="127.0.0.0/8", TONGSHI_SYNC_EVERY_SECONDS="0")
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.run("demo", "--exit", "--quiet", "--employees", str(employees), "--listen", self.address)
        demo = json.load(open(f"{self.folder}/demo.json"))
        self.keys = demo["faces"]["zhiren"]
        rows = self.run("records", "employee", "--jsonl", "--workspace", "sandbox").splitlines()
        self.people = [json.loads(row)["data"] for row in rows]
        self.process = None

    def run(self, *arguments):
        done = subprocess.run([self.bin, *arguments], env=self.env, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{arguments[:2]} ended with {done.returncode}: {done.stderr[-600:]}")
        return done.stdout

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "--json", "--workspace", "sandbox"))

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

    def ask(self, method, path, key, body=None):
        """Asks /v1."""
        request = urllib.request.Request(f"http://{self.address}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode())
        request.add_header("authorization", f"Bearer {key}")
        if body is not None:
            request.add_header("content-type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def set_salary(self, person, value):
        """Changes one record through the face; whether the hub has said that it is done."""
        path = "/api/v2/salary/subject_values"
        payload = json.dumps({"empno": person["employee_no"], "subject_name": "绩效工资", "month": "2026-02",
                              "value": value}, ensure_ascii=False)
        tonce = str(int(time.time()))
        text = "POST" + path + self.keys["access_key"] + tonce + payload
        signature = hmac.new(self.keys["secret_key"].encode(), text.encode(), hashlib.sha256).hexdigest()
        query = urllib.parse.urlencode({"access_key": self.keys["access_key"], "tonce": tonce, "signature": signature})
        form = urllib.parse.urlencode({"payload": payload})
        url = f"http://{self.address}/d/zhiren{path}?{query}"
        try:
            with urllib.request.urlopen(url, data=form.encode(), timeout=5) as answer:
                return answer.status == 200
        except urllib.error.HTTPError as error:
            raise SystemExit(f"the face refused a change: {error.code} {error.read()[:300]}")
        except OSError:
            return False

    def remove(self):
        if self.process and self.process.poll() is None:
            self.kill()
        subprocess.run(["rm", "-rf", self.folder])
