"""Clients with the real SDK, in a process of their own: ask until told to end, and say line by line what became of each request.

Run with one argument, a JSON object: ports, key, name, threads, and `most` requests at most. Ends when its standard input is closed.
"""

import concurrent.futures
import json
import pathlib
import subprocess
import sys
import threading
import time


class Crowd:
    """The process, seen from a test."""

    def __init__(self, ports, key, name, threads=4, most=1_000_000, model="chat"):
        plan = {"ports": ports, "key": key, "name": name, "threads": threads, "most": most, "model": model}
        self.process = subprocess.Popen(
            [sys.executable, str(pathlib.Path(__file__)), json.dumps(plan)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(json.loads(line))

    @property
    def answered(self):
        return [line for line in list(self.lines) if line["status"] == 200]

    def wait(self, seconds):
        """Until all of its requests have had their end."""
        self.process.wait(seconds)
        self.reader.join(30)
        assert self.process.returncode == 0
        return self.lines

    def stop(self, seconds=90):
        try:
            self.process.stdin.close()
        except OSError:
            pass
        return self.wait(seconds)

    def end(self):
        """For clean-up."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def main(plan):
    import httpx2
    import openai

    ended = threading.Event()
    numbers = iter(range(plan["most"]))
    lock = threading.Lock()
    clients = [openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=plan["key"], max_retries=0, timeout=60) for port in plan["ports"]]

    def listen():
        sys.stdin.read()
        ended.set()

    def ask(client, mark, stream):
        """Status, id and code of an error. 200 only for an answer that came whole."""
        request = None
        try:
            raw = client.chat.completions.with_raw_response.create(
                model=plan["model"], messages=[{"role": "user", "content": mark}], max_tokens=7, stream=stream)
            request = raw.headers.get("x-swiftlet-request-id")
            reply = raw.parse()
            if stream:
                whole = any([bool(part.choices and part.choices[0].finish_reason) for part in reply])
            else:
                whole = reply.choices[0].finish_reason is not None
            return 200 if whole else 0, request, None
        except openai.APIStatusError as error:
            return error.status_code, error.response.headers.get("x-swiftlet-request-id"), error.code
        except (openai.APIError, httpx2.HTTPError) as error:
            return 0, request, type(error).__name__

    def member(thread):
        while not ended.is_set():
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            at = number % len(clients)
            mark, began = f"{plan['name']}.{thread}.{number}", time.time()
            status, request, code = ask(clients[at], mark, number % 3 == 0)
            line = {"mark": mark, "gateway": at, "status": status, "id": request, "code": code, "began": began, "ended": time.time()}
            with lock:
                print(json.dumps(line), flush=True)
            if status != 200:
                ended.wait(0.05)

    threading.Thread(target=listen, daemon=True).start()
    with concurrent.futures.ThreadPoolExecutor(plan["threads"]) as pool:
        list(pool.map(member, range(plan["threads"])))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
