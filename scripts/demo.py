"""A real model behind Swiftlet. Started by scripts/demo, which installs what this needs.

Three model names are served: `chat` asks a provider that is not there first and the model after it, so every answer
has failed over; `smollm2` is the model alone; `mock` is Swiftlet's own made-up provider.
"""

import argparse
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
KEY = "sk-demo"

SETTINGS = """\
server:
  listen: 127.0.0.1:{listen}
  admin: 127.0.0.1:{admin}
store: sqlite:{folder}/swiftlet.db

providers:
  dead:  {{ type: openai_compatible, base_url: http://127.0.0.1:{dead}/v1 }}
  local: {{ type: openai_compatible, base_url: http://127.0.0.1:{model}/v1, kind: self_hosted }}
  mock:  {{ type: mock, text: "a made-up answer" }}

models:
  chat:
    strategy: fallback
    deployments:
      - {{ provider: dead, model: smollm2 }}
      - {{ provider: local, model: smollm2, input_price: 0, output_price: 0 }}
  smollm2: {{ deployments: [ {{ provider: local, model: smollm2, input_price: 0, output_price: 0 }} ] }}
  mock:    {{ deployments: [ {{ provider: mock, model: mock, input_price: 0, output_price: 0 }} ] }}

keys:
  demo: {{ key: {key} }}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url, process, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"{process.args[0]} ended with {process.returncode} before it was ready")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{url} did not answer within {seconds} s")


def snippets(port):
    return textwrap.dedent(f"""
        Swiftlet is at http://127.0.0.1:{port}. Its model `chat` asks a dead provider first, so each answer has failed over.

          curl http://127.0.0.1:{port}/v1/chat/completions \\
            -H 'authorization: Bearer {KEY}' -H 'content-type: application/json' \\
            -d '{{"model": "chat", "max_tokens": 40, "messages": [{{"role": "user", "content": "Name three birds."}}]}}'

        Python (.venv/bin/python has the SDK):

          from openai import OpenAI
          client = OpenAI(base_url="http://127.0.0.1:{port}/v1", api_key="{KEY}")
          for chunk in client.chat.completions.create(
                  model="chat", stream=True, max_tokens=40, messages=[{{"role": "user", "content": "Name three birds."}}]):
              print(chunk.choices[0].delta.content or "", end="", flush=True)
        """)


def ask_twice(port):
    from openai import OpenAI

    client = OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=KEY, timeout=120, max_retries=0)
    question = [{"role": "user", "content": "Name three birds."}]
    raw = client.chat.completions.with_raw_response.create(model="chat", max_tokens=16, temperature=0, messages=question)
    answer = raw.parse()
    print(f"answer:   {answer.choices[0].message.content!r}")
    print(f"          by {raw.headers['x-swiftlet-provider']} after {raw.headers['x-swiftlet-attempts']} attempts")
    pieces = []
    for chunk in client.chat.completions.create(model="chat", stream=True, max_tokens=16, temperature=0, messages=question):
        if chunk.choices and chunk.choices[0].delta.content:
            pieces.append(chunk.choices[0].delta.content)
    print(f"streamed: {''.join(pieces)!r} in {len(pieces)} pieces")
    if not answer.choices[0].message.content or not pieces:
        raise SystemExit("the model said nothing")


def stop(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", action="store_true", help="ask twice through the SDK and end")
    once = parser.parse_args().once
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    binary = os.environ.get("SWIFTLET_BINARY", str(ROOT / ".build/release/swiftlet"))
    started = []
    with tempfile.TemporaryDirectory(prefix="swiftlet-demo-") as folder:
        ports = {name: free_port() for name in ("listen", "admin", "dead", "model")}
        settings = pathlib.Path(folder) / "swiftlet.yaml"
        settings.write_text(SETTINGS.format(folder=folder, key=KEY, **ports))
        quiet = {} if not once else {"stderr": subprocess.DEVNULL}
        try:
            print("loading the model …", flush=True)
            # Out of the terminal's process group, so that Ctrl-C ends Swiftlet first and in order.
            started.append(subprocess.Popen(
                [sys.executable, str(ROOT / "scripts/model_server.py"), "--port", str(ports["model"]), "--embedding"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True))
            wait_for(f"http://127.0.0.1:{ports['model']}/health", started[-1], 120)
            started.append(subprocess.Popen([binary, "serve", "--config", str(settings)], start_new_session=True, **quiet))
            wait_for(f"http://127.0.0.1:{ports['listen']}/readyz", started[-1], 30)
            if once:
                ask_twice(ports["listen"])
            else:
                print(snippets(ports["listen"]), flush=True)
                started[-1].wait()
        except KeyboardInterrupt:
            print()
        finally:
            for process in reversed(started):
                stop(process)


main()
