"""What an answer says of its own routing: headers, and `routing` where the request asks for it."""

import json

import pytest
from support.gateway import KEY, Gateway, question
from support.routing import Farm, ask, failing, hung, on

RECORD = {"policy", "route", "rule", "strategy", "candidates", "chosen", "reason", "attempts", "seed", "table_version"}
ATTEMPT = {"deployment", "started", "first_byte_ms", "ended_ms", "outcome", "fault", "status", "cost_usd"}
CANDIDATE = {"deployment", "eligible", "excluded_because", "score"}


@pytest.fixture(scope="module")
def farm():
    one = Farm()
    one.manners["dead"] = failing(503)
    yield one
    one.close()


@pytest.fixture(scope="module")
def shared(farm, tmp_path_factory):
    one = Gateway(tmp_path_factory.mktemp("metadata"), {
        "providers": {"p": farm.provider(), "q": farm.provider(), "still": {"type": "mock", "text": "made up", "tokens": 3}},
        "models": {
            "chat": {"strategy": "fallback", "deployments": [
                on("p", "paused", paused=True), on("p", "small", context_window=1), on("p", "dead"),
                on("q", "well", input_price=1, output_price=2)]},
            "plain": {"deployments": [on("q", "well", input_price=1, output_price=2)]},
            "made-up": {"deployments": [on("still", "m", input_price=1, output_price=2)]},
            "cheapest": {"strategy": "cost",
                         "deployments": [on("p", "dear", input_price=9, output_price=9), on("q", "cheap", input_price=1, output_price=1)]},
            "failing": {"deployments": [on("p", "dead")], "fallbacks": ["plain"]},
        },
        "router": {"cooldowns": False, "num_retries": 0},
    })
    one.farm = farm
    yield one
    one.end()


def test_headers_of_an_answer(shared):
    headers = ask(shared).headers
    assert headers["x-swiftlet-provider"] == "q"
    assert headers["x-swiftlet-model"] == "well"
    assert headers["x-swiftlet-deployment"] == "q/well"
    assert headers["x-swiftlet-attempts"] == "2"
    assert headers["x-swiftlet-route"] == "chat"
    assert headers["x-swiftlet-cost-usd"] == "0.000025"
    assert headers["x-swiftlet-request-id"]


def test_headers_of_a_stream(shared):
    status, headers, _ = shared.chat(stream=True)
    assert status == 200
    assert [headers[f"x-swiftlet-{name}"] for name in ("provider", "model", "deployment", "attempts", "route")] == ["q", "well", "q/well", "2",
                                                                                                                    "chat"]
    assert headers["x-swiftlet-request-id"] and "x-swiftlet-cost-usd" not in headers


def test_nothing_is_added_unasked(shared):
    assert "routing" not in ask(shared).json
    assert "routing" not in ask(shared, include_routing_metadata=False).json


def test_a_whole_answer_carries_the_record(shared):
    answer = ask(shared, include_routing_metadata=True)
    plain = ask(shared).json
    with_it = answer.json
    routing = with_it.pop("routing")
    assert with_it == plain, "all else is as it came"
    assert RECORD <= set(routing), RECORD - set(routing)
    assert routing["route"] == "chat" and routing["strategy"] == "fallback" and routing["rule"] is None
    assert routing["chosen"] in ("p/dead", "q/well")
    assert len(routing["reason"]) > 20
    assert isinstance(routing["table_version"], int)


def test_candidates_and_why_they_were_left_out(shared):
    routing = ask(shared, include_routing_metadata=True).routing
    candidates = {one["deployment"]: one for one in routing["candidates"]}
    assert set(candidates) == {"p/paused", "p/small", "p/dead", "q/well"}
    assert all(CANDIDATE <= set(one) for one in candidates.values())
    assert (candidates["p/paused"]["eligible"], candidates["p/paused"]["excluded_because"]) == (False, "paused")
    assert candidates["p/small"]["eligible"] is False and "context" in candidates["p/small"]["excluded_because"]
    assert candidates["q/well"]["eligible"] is True and candidates["q/well"]["excluded_because"] is None


def test_attempts_of_an_answer(shared):
    first, second = ask(shared, include_routing_metadata=True).routing["attempts"]
    assert ATTEMPT <= set(first) and ATTEMPT <= set(second)
    assert (first["deployment"], first["fault"], first["status"]) == ("p/dead", "server_error", 503)
    assert (second["deployment"], second["fault"], second["status"]) == ("q/well", None, 200)
    assert second["cost_usd"] == 0.000025
    assert 0 <= first["started"] <= first["ended_ms"] <= second["started"] <= second["first_byte_ms"] <= second["ended_ms"]
    assert first["outcome"] != second["outcome"]


def test_scores_say_why_one_was_chosen(shared):
    routing = ask(shared, "cheapest", include_routing_metadata=True).routing
    scores = {one["deployment"]: one["score"] for one in routing["candidates"]}
    assert routing["chosen"] == "q/cheap" and routing["strategy"] == "cost"
    assert all(isinstance(score, (int, float)) for score in scores.values()) and scores["q/cheap"] != scores["p/dear"]
    assert "q/cheap" in routing["reason"]


def test_a_fallback_is_in_the_record(shared):
    routing = ask(shared, "failing", include_routing_metadata=True).routing
    assert routing["route"] in ("plain", "failing")
    assert [one["deployment"] for one in routing["attempts"]] == ["p/dead", "q/well"]


def test_seeds_differ_and_the_version_does_not(shared):
    records = [ask(shared, "plain", include_routing_metadata=True).routing for _ in range(3)]
    assert len({record["seed"] for record in records}) == 3
    assert len({record["table_version"] for record in records}) == 1


@pytest.mark.parametrize("model", ["plain", "made-up", "chat"])
def test_a_stream_begins_with_the_record(shared, model):
    status, _, body = shared.chat(model, stream=True, include_routing_metadata=True)
    assert status == 200
    events = [line[6:] for line in body.decode().split("\n\n") if line.startswith("data: ")]
    first = json.loads(events[0])
    assert RECORD <= set(first["routing"])
    assert first["choices"] == [] and first["object"] == "chat.completion.chunk"
    assert all("routing" not in json.loads(event) for event in events[1:] if event != "[DONE]")
    assert events[-1] == "[DONE]"
    if model == "chat":
        assert [one["deployment"] for one in first["routing"]["attempts"]][:1] == ["p/dead"]


OTHERS = {
    "responses": ("/v1/responses", {"model": "plain", "input": "Hi.", "stream": True}, lambda first: first["response"]),
    "messages": ("/v1/messages", {"model": "plain", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi."}], "stream": True},
                 lambda first: first["message"]),
    "gemini": ("/v1beta/models/plain:streamGenerateContent?alt=sse", {"contents": [{"role": "user", "parts": [{"text": "Hi."}]}]},
               lambda first: first),
    "gemini, array": ("/v1beta/models/plain:streamGenerateContent", {"contents": [{"role": "user", "parts": [{"text": "Hi."}]}]},
                      lambda first: first),
}


@pytest.mark.parametrize("dialect", OTHERS)
def test_a_stream_of_another_dialect_has_the_record_in_its_first_object(shared, dialect):
    path, body, place = OTHERS[dialect]
    status, _, plain = shared.post(path, body)
    assert status == 200 and b"routing" not in plain
    status, _, reply = shared.post(path, {**body, "include_routing_metadata": True})
    assert status == 200
    if "array" in dialect:
        events = json.loads(reply)
    else:
        lines = reply.decode().splitlines()
        events = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    record = place(events[0])["routing"]
    assert RECORD <= set(record) and record["chosen"] == "q/well"
    assert all("routing" not in json.dumps(event) for event in events[1:])
    assert "include_routing_metadata" not in json.dumps(shared_last(shared))


def shared_last(shared):
    """The last request that the provider of `plain` got."""
    return shared.farm.bodies("well")[-1]


def test_a_stream_without_a_place_for_it_stays_whole(shared):
    body = {"messages": [{"role": "user", "content": [{"text": "Hi."}]}], "include_routing_metadata": True}
    status, headers, reply = shared.post("/model/plain/converse-stream", body)
    assert status == 200 and headers["content-type"] == "application/vnd.amazon.eventstream"
    assert b'"text":"well"' in reply and b'"routing"' not in reply


def test_sdks_take_the_record(shared):
    """Of OpenAI's Responses and of Anthropic: the record stands in the object that the stream begins with."""
    import anthropic
    events = list(shared.sdk().responses.create(model="plain", input="Hi.", stream=True, extra_body={"include_routing_metadata": True}))
    assert events[0].response.model_extra["routing"]["route"] == "plain" and events[-1].response.output_text == "well"
    client = anthropic.Anthropic(base_url=shared.url, api_key=KEY, max_retries=0)
    with client.messages.stream(model="plain", max_tokens=9, messages=[{"role": "user", "content": "Hi."}],
                                extra_body={"include_routing_metadata": True}) as stream:
        message = stream.get_final_message()
    assert message.content[0].text == "well" and message.model_extra["routing"]["route"] == "plain"


def test_through_the_sdk(shared):
    client = shared.sdk()
    whole = client.chat.completions.create(**question(), extra_body={"include_routing_metadata": True})
    assert whole.choices[0].message.content == "well"
    assert whole.model_extra["routing"]["route"] == "chat"
    parts = list(client.chat.completions.create(**question(stream=True), extra_body={"include_routing_metadata": True}))
    assert parts[0].model_extra["routing"]["route"] == "chat"
    assert "".join(choice.delta.content or "" for part in parts for choice in part.choices) == "well"


def test_it_is_valid_json_whatever_was_in_the_request(shared):
    answer = ask(shared, "plain", include_routing_metadata=True, tags=["\"}\n\\", "ü", {"key": "k\"", "value": "\\"}], user="\u2028\"")
    assert answer.status == 200 and answer.routing["chosen"] == "q/well"


def test_explain_is_the_same_code(shared):
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", shared.admin_port, timeout=20)
    connection.request("POST", "/api/v1/explain", body=json.dumps({"api": "chat", "body": question("cheapest")}),
                       headers={"content-type": "application/json"})
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    assert reply.status == 200, body
    said = json.loads(body)
    said = said.get("decision", said)
    live = ask(shared, "cheapest", include_routing_metadata=True).routing
    assert said["chosen"] == live["chosen"] and said["strategy"] == live["strategy"]
    assert {one["deployment"]: one["score"] for one in said["candidates"]} == {one["deployment"]: one["score"] for one in live["candidates"]}
    assert said["attempts"] == [], "nothing was sent"


def test_a_provider_that_never_answers_is_in_the_record(gateway, farm):
    farm.manners["hung"] = hung
    one = gateway({"providers": {"p": farm.provider(timeout="300ms"), "q": farm.provider()}, "router": {"num_retries": 0},
                   "models": {"chat": {"strategy": "fallback", "deployments": [on("p", "hung"), on("q", "well")]}}})
    first = ask(one, include_routing_metadata=True).routing["attempts"][0]
    assert (first["fault"], first["first_byte_ms"]) == ("timeout", None)
