"""What the scripts about the demo share: `tongshi demo` in a fresh directory, up and synced, with its demo.json."""
import json, os, signal, subprocess, tempfile, time, urllib.request

from webhooks_common import free_port

class Demo:
    """A running demo. `json` is its demo.json."""
    def __init__(self, binary, *arguments, employees=60):
        self.bin, self.folder = binary, tempfile.mkdtemp(prefix="tongshi-demo-")
        self.env = dict(os.environ, TONGSHI_DATA=self.folder, TONGSHI_LOG="warn", TONGSHI_SYNC_EVERY_SECONDS="0")
        command = [binary, "demo", "--quiet", "--employees", str(employees),
                   "--listen", f"127.0.0.1:{free_port()}", *arguments]
        self.process = subprocess.Popen(command, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        file = f"{self.folder}/demo.json"
        while not os.path.exists(file):
            if self.process.poll() is not None:
                raise SystemExit(f"the demo ended by itself with {self.process.returncode}")
            time.sleep(0.05)
        self.json = json.load(open(file))

    def ask(self, path, key):
        """Asks /v1."""
        request = urllib.request.Request(self.json["hub"]["url"] + path, headers={"authorization": f"Bearer {key}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def people(self):
        """Everybody behind the faces who works there and can sign in: number, mobile, name."""
        page = self.ask("/v1/employees?limit=1000", self.json["hub"]["sandbox_api_key"])
        people = [row["data"] for row in page["data"]]
        return [{"login": person["employee_no"], "password": person["mobile"], "name": person["name"]}
                for person in people if person.get("status") == "active" and person.get("employee_no") and person.get("mobile")]

    def run(self, *arguments):
        done = subprocess.run([self.bin, *arguments], env=self.env, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{arguments[:2]} ended with {done.returncode}: {done.stderr[-600:]}")
        return done.stdout

    def remove(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        subprocess.run(["rm", "-rf", self.folder])
