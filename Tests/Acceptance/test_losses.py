"""What of a request arrives: as the document of compatibility says, and nothing gets lost silently."""

import json

import pytest
from replay import compatibility, losses
from support.gateway import Gateway
from support.upstream import ANSWER, Upstream


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return losses.measure(tmp_path_factory.mktemp("losses"))


def test_nothing_is_lost_silently(found):
    silent = [f"{field} of {surface} to {kind}: {fate}" for surface, rows in found.items() for field, fates in rows.items()
              for kind, fate in fates.items() if fate not in ("kept", "said", "refused", "withheld")]
    assert not silent, "\n".join(silent)


def test_what_it_measures_is_what_is_written(found):
    assert found == json.loads(compatibility.LOSSES.read_text()), "run `python -m replay.losses` in Tests/Acceptance"


def asked(tmp_path, kind, model, path, body):
    """What a provider of the type `kind` is asked where a client asks so."""
    upstream = Upstream(lambda peer, request: peer.answer(ANSWER))
    gateway = Gateway(tmp_path, {
        "providers": {"one": {"type": kind, "base_url": f"http://127.0.0.1:{upstream.port}", "api_key": "k"}},
        "models": {"m": {"deployments": [{"provider": "one", "model": model}]}}, "router": {"num_retries": 0}})
    try:
        gateway.post(path, {"model": "m", **body})
    finally:
        gateway.end()
        upstream.close()
    return upstream.requests[-1].json


def test_openais_newer_words_are_said_as_the_provider_knows_them(tmp_path):
    """Mistral answers 422 to each of them; the rest of a request of its own dialect stays as the client wrote it."""
    call = {"id": "call_of_another_provider", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    body = asked(tmp_path, "mistral", "mistral-large-latest", "/v1/chat/completions", {
        "max_completion_tokens": 77, "seed": 5, "stream": True, "stream_options": {"include_usage": True}, "mark_unknown": [1.50],
        "tool_choice": "required", "messages": [
            {"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Go."},
            {"role": "assistant", "content": None, "tool_calls": [call], "reasoning_content": "hm"},
            {"role": "tool", "tool_call_id": call["id"], "content": "done"}]})
    id = body["messages"][3]["tool_call_id"]
    assert len(id) == 9 and id.isalnum()
    assert body == {"model": "mistral-large-latest", "max_tokens": 77, "random_seed": 5, "stream": True, "mark_unknown": [1.5],
                    "tool_choice": "any", "messages": [
                        {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Go."},
                        {"role": "assistant", "content": None, "tool_calls": [{**call, "id": id}]},
                        {"role": "tool", "tool_call_id": id, "content": "done"}]}


@pytest.mark.parametrize("model, tokens", [("claude-haiku-4-5", 64_000), ("a-model-nobody-knows", 4_096)])
def test_an_answer_may_be_as_long_as_the_model_can(tmp_path, model, tokens):
    """Anthropic demands a limit: where the client gives none it is the model's own."""
    body = asked(tmp_path, "anthropic", model, "/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi."}]})
    assert body["max_tokens"] == tokens


def test_the_list_of_what_is_lost_fits_into_a_head(tmp_path):
    """Many clients and proxies refuse heads of more than 8 KB, and a client names its members as it likes."""
    upstream = Upstream(lambda peer, request: peer.answer({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [{"type": "text", "text": "well"}],
        "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 3, "output_tokens": 2}}))
    gateway = Gateway(tmp_path, {
        "providers": {"one": {"type": "anthropic", "base_url": f"http://127.0.0.1:{upstream.port}", "api_key": "k"}},
        "models": {"m": {"deployments": [{"provider": "one", "model": "m"}]}}})
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi."}]}
    try:
        for name in ("short", "long" * 300, "\u00fc" * 500):
            for count in (1, 5, 60):
                status, headers, _ = gateway.post("/v1/chat/completions", {**body, **{f"own_{at}_{name}": at for at in range(count)}})
                loss = headers["x-swiftlet-loss"]
                assert status == 200 and 5 < len(loss) <= 1024
                parts = loss.split(", ")
                rest = int(parts.pop().split()[1]) if parts[-1].startswith("and ") else 0
                assert len(parts) + rest == count and all(part.startswith("own_") for part in parts)
                assert parts[0] == "own_0_short" or parts[0].endswith("...")
    finally:
        gateway.end()
        upstream.close()
