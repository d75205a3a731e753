"""Swiftlet as a process: started with settings, watched, and always ended."""

import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = pathlib.Path(os.environ.get("SWIFTLET_BINARY", ROOT / ".build/release/swiftlet"))

# Every waiting in this suite is multiplied by it: sanitizers and busy machines are slow, not wrong.
PATIENCE = float(os.environ.get("SWIFTLET_PATIENCE", "1"))

# Anything of these on stderr means the process broke, whatever its answers looked like.
DISASTERS = ("Fatal error", "ThreadSanitizer", "AddressSanitizer", "UndefinedBehaviorSanitizer", "Precondition failed", "💣")

KEY = "sk-acceptance-0123456789abcdef"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds=10, every=0.02, what="the condition"):
    """Returns the first truthy answer of `condition`."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {seconds * PATIENCE:g} s")
        time.sleep(every)


def get(port, path, headers=None, timeout=5):
    """Status and body of a plain GET, or (None, reason) where nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout * PATIENCE)
    try:
        connection.request("GET", path, headers=headers or {})
        reply = connection.getresponse()
        return reply.status, reply.read()
    except (OSError, http.client.HTTPException) as error:
        return None, repr(error).encode()
    finally:
        connection.close()


class Gateway:
    """One running `swiftlet serve`. `settings` is a dictionary, or YAML text with {listen} and {admin} in it."""

    def __init__(self, folder, settings, environment=None, arguments=(), wait=True):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.expected = ()
        self.file = self.folder / "swiftlet.yaml"
        for trial in range(3):
            self.lines = []
            self.port, self.admin_port = free_port(), free_port()
            self.write(settings)
            self.process = self.launch(["serve", "--config", str(self.file), *arguments], environment)
            try:
                if wait:
                    self.wait_ready()
                return
            except AssertionError as problem:
                # Whoever is quicker may take a port that was free a moment ago.
                if trial == 2 or "Address already in use" not in str(problem):
                    raise

    def launch(self, arguments, environment):
        full = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")} | (environment or {})
        process = subprocess.Popen(
            [str(BINARY), *arguments], cwd=self.folder, env=full, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        self.output = []
        self.readers = [
            threading.Thread(target=self.collect, args=(process.stderr, self.lines), daemon=True),
            threading.Thread(target=self.collect, args=(process.stdout, self.output), daemon=True),
        ]
        for reader in self.readers:
            reader.start()
        return process

    def start(self, environment=None):
        """Begins anew with the same folder, settings and ports."""
        self.process = self.launch(["serve", "--config", str(self.file)], environment)
        self.wait_ready()

    @staticmethod
    def collect(stream, into):
        for line in stream:
            into.append(line.decode("utf-8", "replace").rstrip("\n"))

    def write(self, settings):
        if isinstance(settings, dict):
            whole = {"server": {"listen": f"127.0.0.1:{self.port}", "admin": f"127.0.0.1:{self.admin_port}"},
                     "store": "sqlite:swiftlet.db", "keys": {"acceptance": {"key": KEY}}}
            for name, value in settings.items():
                whole[name] = {**whole[name], **value} if name == "server" else value
            settings = json.dumps(whole, indent=1)
        else:
            settings = settings.replace("{listen}", f"127.0.0.1:{self.port}").replace("{admin}", f"127.0.0.1:{self.admin_port}")
        self.file.write_text(settings)

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                # Its last words may still be on their way.
                for reader in self.readers:
                    reader.join(5)
                raise AssertionError(f"swiftlet ended with {self.process.returncode}:\n" + "\n".join(self.lines[-20:]))
            return get(self.port, "/readyz")[0] == 200
        wait_until(ready, 30, what="/readyz")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def sdk(self, key=KEY, **options):
        import openai
        options = {"timeout": 60 * PATIENCE, "max_retries": 0} | options
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=key, **options)

    def post(self, path, body, key=KEY, headers=None, timeout=30):
        """Status, headers (lower-case names) and body. `body` is bytes, or something to be written as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout * PATIENCE)
        try:
            fields = {"content-type": "application/json", **({"authorization": f"Bearer {key}"} if key else {}), **(headers or {})}
            connection.request("POST", path, body=data, headers=fields)
            reply = connection.getresponse()
            return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
        finally:
            connection.close()

    def chat(self, model="chat", **more):
        return self.post("/v1/chat/completions", question(model, **more))

    def metrics(self):
        status, body = get(self.admin_port, "/metrics")
        assert status == 200, status
        return body.decode()

    def log(self):
        """The log lines; each has to be one JSON object."""
        def read(line):
            try:
                return json.loads(line)
            except ValueError:
                raise AssertionError(f"no JSON: {line[:500]!r}") from None
        return [read(line) for line in list(self.lines) if line.strip()]

    def resident_kib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS")

    def signal(self, number):
        self.process.send_signal(number)

    def wait_exit(self, seconds=20):
        code = self.process.wait(seconds * PATIENCE)
        for reader in self.readers:
            reader.join(5)
        if not any(reader.is_alive() for reader in self.readers):
            self.process.stdout.close()
            self.process.stderr.close()
        return code

    def kill(self):
        self.signal(signal.SIGKILL)
        self.wait_exit()

    def stop(self):
        """Ends it in order and says what went wrong meanwhile, if anything did."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
            try:
                self.wait_exit(15)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError("swiftlet did not end within 15 s of SIGTERM")
        else:
            self.wait_exit(5)
        broken = [line for line in self.lines if any(disaster in line for disaster in DISASTERS)]
        assert not broken, "\n".join(self.lines[-40:])
        assert self.process.returncode in (0, -signal.SIGKILL, *self.expected), f"ended with {self.process.returncode}"

    def end(self):
        """For clean-up: never leaves a process behind, whatever `stop` says."""
        try:
            self.stop()
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()


def question(model="chat", **more):
    return {"model": model, "messages": [{"role": "user", "content": "Say hello."}], **more}


def swiftlet(*arguments, folder=None, environment=None, timeout=30):
    """A command that ends by itself."""
    return subprocess.run(
        [str(BINARY), *arguments], cwd=folder, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=timeout * PATIENCE)
