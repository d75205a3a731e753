"""The Responses API from Swiftlet's own store, before providers that only speak Chat."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest
from support.gateway import KEY, get, wait_until
from support.upstream import ANSWER, USAGE_CHUNK, chunk, event

OTHER = "sk-other-0123456789abcdef0123"


def keys(**more):
    return {"keys": {"acceptance": {"key": KEY}, "other": {"key": OTHER}}, **more}


def said(request):
    """Role and text of what the provider was asked."""
    return [(message["role"], message["content"]) for message in request.json["messages"]]


def chats(peer, request):
    """A provider that speaks Chat, streamed or whole."""
    if not request.json.get("stream"):
        return peer.answer()
    peer.start_stream()
    for text in ("hello ", "from ", "upstream"):
        peer.piece(event(chunk(text)))
    peer.piece(event({**chunk(""), "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
    peer.piece(event(USAGE_CHUNK))
    peer.piece(event(b"[DONE]"))
    peer.end_stream()


def ask(gateway, text, **more):
    return gateway.sdk().responses.create(model="chat", input=text, **more)


def test_whole_answer(behind):
    gateway, upstream = behind(chats, **keys())
    answer = ask(gateway, "hi", instructions="be brief", metadata={"a": "b"})
    assert answer.output_text == "hello from upstream"
    assert answer.status == "completed"
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (11, 7)
    assert answer.instructions == "be brief" and answer.metadata == {"a": "b"}
    assert said(upstream.requests[-1]) == [("system", "be brief"), ("user", "hi")]


def test_stream_is_complete_and_numbered(behind):
    gateway, _ = behind(chats, **keys())
    events = list(ask(gateway, "hi", stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [event.type for event in events][:2] == ["response.created", "response.in_progress"]
    assert events[-1].type == "response.completed"
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert events[-1].response.output_text == text


def test_previous_response(behind):
    gateway, upstream = behind(chats, **keys())
    first = ask(gateway, "one")
    second = ask(gateway, "two", previous_response_id=first.id)
    assert list(ask(gateway, "three", previous_response_id=second.id, stream=True))
    assert said(upstream.requests[-1]) == [
        ("user", "one"), ("assistant", "hello from upstream"), ("user", "two"), ("assistant", "hello from upstream"), ("user", "three")]
    assert gateway.sdk().responses.retrieve(second.id).previous_response_id == first.id


def test_kept_and_deleted(behind):
    gateway, _ = behind(chats, **keys())
    first = ask(gateway, "one")
    kept = wait_until(lambda: gateway.sdk().responses.retrieve(first.id), what="the stored answer")
    assert kept.output_text == first.output_text
    items = gateway.sdk().responses.input_items.list(first.id).data
    assert [(item.role, item.content[0].text) for item in items] == [("user", "one")]
    gateway.sdk().responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        gateway.sdk().responses.retrieve(first.id)


def test_nobody_elses(behind):
    gateway, _ = behind(chats, **keys())
    first = ask(gateway, "secret")
    other = gateway.sdk(key=OTHER)
    messages = set()
    for id in (first.id, "resp_unknown"):
        for call in (lambda: other.responses.retrieve(id), lambda: other.responses.input_items.list(id),
                     lambda: other.responses.create(model="chat", input="x", previous_response_id=id), lambda: other.responses.delete(id)):
            with pytest.raises(openai.NotFoundError) as raised:
                call()
            messages.add(raised.value.body["message"].replace(id, "ID"))
    assert messages == {"there is no response with id `ID`"}
    assert gateway.sdk().responses.retrieve(first.id).id == first.id


def test_not_stored(behind):
    gateway, _ = behind(chats, **keys())
    first = ask(gateway, "one", store=False)
    with pytest.raises(openai.NotFoundError):
        gateway.sdk().responses.retrieve(first.id)


def test_chain_has_a_limit(behind):
    gateway, _ = behind(chats, **keys(responses={"max_chain": 2}))
    last = None
    with pytest.raises(openai.BadRequestError, match="more than 2 responses"):
        for _ in range(5):
            last = ask(gateway, "x", previous_response_id=last.id if last else openai.NOT_GIVEN)


def test_conversation(behind):
    gateway, upstream = behind(chats, **keys())
    conversation = gateway.sdk().conversations.create(items=[{"type": "message", "role": "developer", "content": "rules"}])
    ask(gateway, "one", conversation=conversation.id)
    ask(gateway, "two", conversation=conversation.id)
    assert [text for _, text in said(upstream.requests[-1])] == ["rules", "one", "hello from upstream", "two"]
    assert gateway.sdk().conversations.retrieve(conversation.id).id == conversation.id
    gateway.sdk().conversations.delete(conversation.id)
    with pytest.raises(openai.NotFoundError):
        ask(gateway, "three", conversation=conversation.id)


def test_replay(behind):
    gateway, upstream = behind(chats, **keys())
    first = ask(gateway, "one")
    asked = len(upstream.requests)
    status, _, body = gateway.post(f"/v1/responses/{first.id}", b"")
    assert status == 200 and json.loads(body)["id"] == first.id
    status, headers, body = gateway.post(f"/v1/responses/{first.id}", {"stream": True})
    assert status == 200 and headers["content-type"] == "text/event-stream"
    assert b"response.completed" in body and first.id.encode() in body
    assert len(upstream.requests) == asked


def test_background(behind):
    gateway, _ = behind(chats, **keys())
    queued = ask(gateway, "one", background=True)
    assert queued.status == "queued" and queued.background
    done = wait_until(lambda: (answer := gateway.sdk().responses.retrieve(queued.id)).status == "completed" and answer, what="the response")
    assert done.output_text == "hello from upstream" and done.background


def test_background_cancelled(behind):
    def hang(peer, request):
        time.sleep(5)

    gateway, _ = behind(hang, **keys())
    queued = ask(gateway, "one", background=True)
    assert gateway.sdk().responses.cancel(queued.id).status == "cancelled"
    assert gateway.sdk().responses.retrieve(queued.id).status == "cancelled"


def test_background_failed(behind):
    def refuse(peer, request):
        peer.answer({"error": {"message": "no such thing", "type": "invalid_request_error", "code": "bad"}}, status=400)

    gateway, _ = behind(refuse, **keys())
    queued = ask(gateway, "one", background=True)
    done = wait_until(lambda: (answer := gateway.sdk().responses.retrieve(queued.id)).status == "failed" and answer, what="the response")
    assert "no such thing" in done.error.message


ROUTED = ["metadata", "message.start", "content.delta", "content.delta", "content.delta", "usage", "message.end", "done"]
ITEM = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": "hello from upstream", "annotations": []}]}


def responds(peer, request):
    """A provider that speaks Responses."""
    done = {"id": "resp_up", "object": "response", "created_at": 1, "model": "upstream-model", "status": "completed", "output": [ITEM],
            "usage": {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18}}
    if not request.json.get("stream"):
        return peer.answer(done)
    begun = {**done, "status": "in_progress", "output": [], "usage": None}
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    events = [{"type": "response.created", "response": begun},
              {"type": "response.output_item.added", "output_index": 0, "item": {**ITEM, "content": [], "status": "in_progress"}},
              {"type": "response.content_part.added", **place, "part": {"type": "output_text", "text": "", "annotations": []}},
              *({"type": "response.output_text.delta", **place, "delta": text} for text in ("hello ", "from ", "upstream")),
              {"type": "response.output_text.done", **place, "text": "hello from upstream"},
              {"type": "response.content_part.done", **place, "part": ITEM["content"][0]},
              {"type": "response.output_item.done", "output_index": 0, "item": ITEM}, {"type": "response.completed", "response": done}]
    peer.start_stream()
    for number, one in enumerate(events):
        peer.piece(b"event: " + one["type"].encode() + b"\n" + event({**one, "sequence_number": number}))
    peer.end_stream()


UPSTREAMS = {"before Chat": (chats, {}), "before Responses": (responds, {"api": "responses"})}


@pytest.mark.parametrize("how", ["header", "query"])
@pytest.mark.parametrize("upstream_speaks", UPSTREAMS)
def test_names_of_events_that_tokenrouter_has(behind, upstream_speaks, how):
    handle, provider = UPSTREAMS[upstream_speaks]
    gateway, upstream = behind(handle, provider=provider, **keys())
    path, headers = ("/v1/responses", {"x-swiftlet-events": "tokenrouter"}) if how == "header" else ("/v1/responses?events=tokenrouter", {})
    body = {"model": "chat", "input": "hi", "stream": True}
    status, _, reply = gateway.post(path, body, headers=headers)
    assert status == 200
    names = [line[7:] for line in reply.decode().splitlines() if line.startswith("event: ")]
    assert names == ROUTED
    assert b"hello " in reply and b"sequence_number" not in reply
    assert upstream.requests[-1].path.endswith("/responses" if provider else "/chat/completions")
    usual = gateway.post("/v1/responses", body)[2]
    assert b"event: response.completed" in usual and b"content.delta" not in usual
    assert gateway.post(path, {**body, "stream": False}, headers=headers)[2].startswith(b"{")


def test_sealed_thoughts_go_back_to_whom_they_belong(behind):
    """In a request that otherwise passes as it came: others' are left out, its own go bare."""
    gateway, upstream = behind(responds, provider={"type": "openai", "api": "responses"}, **keys())
    thought = {"type": "reasoning", "id": "rs_1", "summary": []}
    own, foreign = ({**thought, "encrypted_content": f"swl1:{origin}:r:c2VhbGVk"} for origin in ("openai", "anthropic"))
    bare = {**thought, "encrypted_content": "as-it-came"}
    question = {"role": "user", "content": "what of \"swl1: this?"}
    body = {"model": "chat", "input": [bare, own, foreign, question], "unknown_member": {"a": 1.50}}
    status, headers, reply = gateway.post("/v1/responses", body)
    assert status == 200, reply
    assert "x-swiftlet-loss" not in headers
    sent = upstream.requests[-1].json
    assert sent == {**body, "model": "upstream-model", "input": [bare, {**own, "encrypted_content": "c2VhbGVk"}, question]}
    assert b"1.5" in upstream.requests[-1].body


def test_what_was_just_answered_can_be_built_on_at_once(behind):
    gateway, _ = behind(chats, **keys(server={"threads": 2}))

    def chain(at):
        previous = None
        for turn in range(12):
            body = {"model": "chat", "input": f"{at} {turn}", "stream": turn % 2 == 1, **({"previous_response_id": previous} if previous else {})}
            status, _, answer = gateway.post("/v1/responses", body)
            assert status == 200, (turn, answer)
            last = answer if turn % 2 == 0 else answer.decode().strip().split("data: ")[-1]
            previous = (json.loads(last).get("response") or json.loads(last))["id"]

    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(chain, range(8)))


def test_an_answer_too_large_to_be_kept_is_counted(behind):
    large = {**ANSWER, "choices": [{**ANSWER["choices"][0], "message": {"role": "assistant", "content": "x" * (9 << 20)}}]}
    gateway, _ = behind(lambda peer, _: peer.answer(large), **keys())
    status, _, answer = gateway.post("/v1/responses", {"model": "chat", "input": "hi"})
    assert status == 200
    wait_until(lambda: "swiftlet_responses_dropped_total 1\n" in gateway.metrics(), what="the count")
    assert get(gateway.port, f"/v1/responses/{json.loads(answer)['id']}", {"authorization": f"Bearer {KEY}"})[0] == 404
