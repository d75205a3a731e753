"""Play recorded exchanges behind Swiftlet.

    python -m replay EXCHANGE --surface openai-chat     one exchange by its id, a beginning of it or its last 8 characters
    python -m replay                                    the committed sample
    python -m replay --all [--provider P] [--api A] [--surface S] [--cut N]
    python -m replay EXCHANGE --serve                   only the provider and the gateway; prints addresses, waits for Enter
"""

import argparse
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.gateway import KEY, Gateway  # noqa: E402

from replay import compatibility, corpus, matrix  # noqa: E402
from replay.server import Replay, name_of  # noqa: E402
from replay.settings import settings  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(prog="replay", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("exchange", nargs="*")
    parser.add_argument("--surface", action="append", help="openai-chat, openai-responses, anthropic-messages, gemini-content, bedrock-converse")
    parser.add_argument("--all", action="store_true", help="all recordings there are, not only those named")
    parser.add_argument("--provider")
    parser.add_argument("--api")
    parser.add_argument("--cut", type=int, default=0, help="bodies in pieces of so many bytes")
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--out", help="write each outcome as a line of JSON")
    parser.add_argument("--record", action="store_true", help="keep the counts and write the document of compatibility")
    parser.add_argument("--show", type=int, default=40, help="so many kinds of reasons")
    return parser.parse_args()


def chosen(options):
    exchanges = [corpus.find(name) for name in options.exchange] or corpus.load(all_of_them=options.all)
    return [one for one in exchanges if options.provider in (None, one.provider) and options.api in (None, one.api)]


def show(exchange, surface, replay):
    """Everything about one exchange through one surface."""
    answer = surface.ask(name_of(exchange), matrix.question(exchange), exchange.is_streamed)
    print(f"-- {exchange.id} x {surface.name}\n-- the client sent:\n{pretty(answer.sent_as_json)}")
    for asked in replay.take(exchange.key):
        print(f"-- the provider was asked: {asked.method} {asked.path}\n{pretty(asked.json)}")
    print("-- the recording: " + b"".join(exchange.parts)[:6000].decode("utf-8", "replace"))
    print(f"-- the SDK read ({answer.status}, loss {answer.headers.get('x-swiftlet-loss')}):\n{pretty(answer.raw)}")
    print(f"-- expected {exchange.said}\n-- got      {answer.reply}")


def pretty(value):
    return json.dumps(value, indent=1, ensure_ascii=False, default=str)[:12000]


def main():
    options = arguments()
    exchanges = chosen(options)
    from replay import surfaces
    replay = Replay(exchanges)
    replay.cut = options.cut
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(folder, settings(exchanges, replay.origin))
        try:
            if options.serve:
                input(f"gateway {gateway.url}, key {KEY}, models {' '.join(map(name_of, exchanges[:9]))}; Enter ends\n")
                return
            asking = [surfaces.ALL[name](gateway.url, KEY) for name in options.surface or surfaces.ALL]
            if len(exchanges) == 1 and options.exchange:
                for surface in asking:
                    show(exchanges[0], surface, replay)
            outcomes = matrix.every(exchanges, asking, replay, options.workers)
        finally:
            gateway.end()
    if options.record:
        compatibility.record(outcomes)
        compatibility.DOCUMENT.write_text(compatibility.document())
    if options.out:
        matrix.save(outcomes, options.out)
    if len(exchanges) == 1:
        print("\n".join(one.line for one in outcomes))
    else:
        print("\n".join(matrix.reasons(outcomes, options.show)) + "\n\n" + matrix.table(outcomes))


if __name__ == "__main__":
    main()
