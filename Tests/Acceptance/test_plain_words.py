"""What goes wrong is told in words that say what to do, and never in those of a library."""

import json
import os
import stat
import threading

import openai
import pytest
from support.gateway import KEY, PATIENCE, free_port, question, swiftlet, wait_until
from support.upstream import chunk, event
from test_admin import TOKEN, Admin

# Functions of the network library, its mode of closing parentheses, and files of the machine that it was built on.
FOREIGN = ("descriptor", "errno", "SingleConnectionFailure", "BoringSSL", "checkouts", "SocketAddressError", "error set")


def test_a_stream_that_is_reset(behind):
    read = threading.Event()

    def handle(peer, request):
        peer.start_stream()
        peer.piece(event(chunk("first ")))
        read.wait(30 * PATIENCE)
        peer.reset()
        return "end"

    gateway, _ = behind(handle)
    stream = iter(gateway.sdk().chat.completions.create(**question(stream=True)))
    assert next(stream).choices[0].delta.content == "first "
    read.set()
    with pytest.raises(openai.APIError) as told:
        next(stream)
    assert "the stream broke off" in told.value.message and not any(word in told.value.message for word in FOREIGN)


@pytest.mark.parametrize("scheme, words", [("http", "Connection refused"), ("https", "speaks no TLS")])
def test_a_provider_that_cannot_be_spoken_to(gateway, scheme, words):
    port = free_port() if scheme == "http" else gateway({"providers": {"lab": {"type": "mock"}}}).port
    one = gateway({"providers": {"away": {"type": "openai_compatible", "base_url": f"{scheme}://127.0.0.1:{port}/v1"}},
                   "models": {"chat": {"route": "away/m"}}, "router": {"num_retries": 0}})
    assert one.chat()[0] == 502
    line = wait_until(lambda: next((line for line in one.log() if line["message"] == "request"), None), what="the line of the request")
    test = swiftlet("providers", "test", "away", "--url", f"http://127.0.0.1:{one.admin_port}")
    for text in (line["detail"], test.stdout):
        assert words in text and not any(word in text for word in FOREIGN), text


@pytest.mark.parametrize("taken", ["listen", "admin"])
def test_a_port_that_is_taken(gateway, tmp_path, taken):
    first = gateway({"providers": {"lab": {"type": "mock"}}})
    ports = {"listen": free_port(), "admin": free_port(), taken: first.port}
    file = tmp_path / "second.yaml"
    file.write_text(json.dumps({"server": {name: f"127.0.0.1:{port}" for name, port in ports.items()}, "store": "memory:"}))
    done = swiftlet("serve", "--config", str(file))
    assert done.returncode == 1
    assert f"server.{taken}: cannot listen on 127.0.0.1:{first.port}: Address already in use\n" in done.stderr


def test_a_refused_request_has_its_key_in_the_log(gateway):
    one = gateway({"providers": {"lab": {"type": "mock"}},
                   "models": {"chat": {"deployments": [{"provider": "lab", "model": "m", "input_price": 1, "output_price": 1}]}},
                   "keys": {"poor": {"key": KEY, "budget": {"month": 0}}, "away": {"key": "sk-away-0123456789", "paused": True}}})
    assert [one.post("/v1/chat/completions", question(), key=key)[0] for key in (KEY, "sk-away-0123456789", "sk-unknown")] == [402, 403, 401]

    def told():
        return {line["status"]: line for line in one.log() if line["message"] == "request"}
    wait_until(lambda: len(told()) == 3, what="three lines")
    assert {status: (line["key"], line["detail"]) for status, line in told().items()} == {
        402: ("poor", "key_budget_exceeded"), 403: ("away", "key_paused"), 401: ("", "invalid_api_key")}
    assert told()[402]["api"] == "chat_completions" and told()[402]["outcome"] == "refused"


def test_what_the_gateway_writes_is_for_its_own_user(gateway):
    before = os.umask(0o022)
    try:
        one = gateway({"providers": {"lab": {"type": "mock"}}, "models": {"chat": {"route": "lab/m", "cache": {"ttl": "1h"}}},
                       "cache": {"store_bytes": 1 << 20}})
    finally:
        os.umask(before)
    assert one.chat()[0] == 200 and one.sdk().responses.create(model="chat", input="Hello").status == "completed"
    wait_until(lambda: (one.folder / "swiftlet-cache.db").exists(), what="the file of kept answers")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in one.folder.iterdir() if file != one.file}
    assert {"swiftlet.db", "swiftlet-ledger.db", "swiftlet-responses.db", "swiftlet-cache.db"} <= set(modes)
    assert not {name: oct(mode) for name, mode in modes.items() if mode & 0o077}


def test_a_folder_that_is_not_there(tmp_path):
    file = tmp_path / "swiftlet.yaml"
    file.write_text(json.dumps({"store": f"sqlite:{tmp_path}/nowhere/swiftlet.db", "providers": {"lab": {"type": "mock"}}}))
    done = swiftlet("serve", "--config", str(file), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    assert done.returncode == 1 and f"{tmp_path}/nowhere cannot be reached" in done.stderr and "make it, or change `store`" in done.stderr


def test_an_export_whose_secrets_are_covered_is_no_settings_file(gateway, tmp_path):
    """A key `****` would let in whoever has seen an export."""
    one = gateway({"providers": {"lab": {"type": "mock"}}, "models": {"chat": {"route": "lab/m"}}})
    file = tmp_path / "export.yaml"
    exported = swiftlet("export", "settings", "--output", str(file), "--url", f"http://127.0.0.1:{one.admin_port}")
    assert exported.returncode == 0 and KEY not in file.read_text()
    done = swiftlet("check", str(file))
    assert done.returncode == 1
    assert "keys.acceptance.key: `****` stands where a secret is not shown: write env:NAME, file:PATH or the text itself" in done.stdout


def test_a_configuration_of_another_router(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("model_list:\n  - { model_name: a, litellm_params: { model: openai/a } }\nrouter_settings: { num_retries: 2 }\n")
    done = swiftlet("check", str(file))
    assert done.returncode == 1 and "`swiftlet import litellm FILE --output swiftlet.yaml` makes settings of it" in done.stdout
    assert len(done.stdout.splitlines()) == 1


def test_an_open_door_that_nobody_has_a_key_for(tmp_path):
    file = tmp_path / "swiftlet.yaml"
    text = "providers: { lab: { type: mock } }\nserver:\n  listen: %s:8080\n%s"
    file.write_text(text % ("0.0.0.0", ""))
    done = swiftlet("check", str(file))
    assert done.returncode == 0 and f"{file}:3: server.listen: warning: is not loopback and there is no key" in done.stdout
    for address, keys in (("127.0.0.1", ""), ("0.0.0.0", "keys: { app: { key: sk-0123456789abcdef } }\n")):
        file.write_text(text % (address, keys))
        assert "there is no key" not in swiftlet("check", str(file)).stdout


def test_keys_that_have_expired_are_listed_as_such(gateway):
    one = gateway({"providers": {"lab": {"type": "mock"}}, "keys": {"old": {"key": "sk-old-0123456789", "expires": "2020-01-01"},
                                                                    "young": {"key": "sk-young-0123456789", "expires": "2999-01-01"}}})
    rows = [line.split() for line in swiftlet("keys", "list", "--url", f"http://127.0.0.1:{one.admin_port}").stdout.splitlines()]
    assert {row[0]: row[2] for row in rows} == {"NAME": "STATE", "old": "expired", "young": "active"}


def test_a_refusal_that_is_explained_is_not_blamed_on_the_token(gateway):
    one = gateway({"providers": {"lab": {"type": "mock"}}, "models": {name: {"route": "lab/m"} for name in ("chat", "other")},
                   "keys": {"narrow": {"key": KEY, "models": ["other"]}},
                   "admin": {"tokens": {"eva": {"token": "eva-token-0123456789", "role": "auditor"}}}}, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    url = f"http://127.0.0.1:{one.admin_port}"
    done = swiftlet("explain", "--url", url, "--model", "chat", "--message", "Hello", "--key", "narrow", environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    assert done.returncode == 1 and "key `narrow` may not use model `chat`; this key may use `other`" in done.stderr
    assert "SWIFTLET_ADMIN_TOKEN" not in done.stderr
    done = swiftlet("keys", "pause", "narrow", "--url", url, environment={"SWIFTLET_ADMIN_TOKEN": "eva-token-0123456789"})
    assert done.returncode == 1 and "The token of this command is in SWIFTLET_ADMIN_TOKEN" in done.stderr
    assert Admin(one, TOKEN).get("/api/v1/keys/narrow")["name"] == "narrow"


def test_a_flag_is_not_called_a_variable_alone():
    done = swiftlet("serve", "--listen", "99999")
    assert done.returncode == 1 and "(set by a flag, or the environment variable SWIFTLET_SERVER_LISTEN)" in done.stderr


def test_a_command_that_there_is_not():
    done = swiftlet("serv")
    assert done.returncode == 64 and "there is no command `serv`; did you mean `serve`?" in done.stderr
    assert swiftlet("help", "serve").returncode == 0 and "Unexpected argument" in swiftlet("zzzzzzzz").stderr


def test_events_without_a_route_say_what_happened(gateway):
    one = gateway({"providers": {"lab": {"type": "mock"}}, "models": {"chat": {"route": "lab/m"}}, "keys": {"away": {"key": KEY, "paused": True}}})
    assert one.chat()[0] == 403

    def told():
        return swiftlet("events", "--kind", "breach", "--url", f"http://127.0.0.1:{one.admin_port}").stdout
    wait_until(lambda: "breach 1 has begun: key_status:key_paused by key `away`" in told(), every=0.2, what="the event")
