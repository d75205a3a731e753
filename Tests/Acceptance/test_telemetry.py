"""OpenTelemetry: what a collector gets, decoded; that it slows nobody down, and what happens where there is none."""

import http.server
import json
import socket
import threading
import time

import pytest
from support.gateway import KEY, wait_until

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector:
    """Takes OTLP over HTTP as JSON, as far as one has to understand it to be one."""

    def __init__(self, status=200, pause=0):
        self.spans, self.metrics, self.resources, self.requests = [], {}, [], []
        self.status, self.pause = status, pause
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.take(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                self.send_response(outer.status)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, path, headers, body):
        time.sleep(self.pause)
        self.requests.append((path, headers))
        assert headers["content-type"] == "application/json"
        if self.status != 200:
            return
        if path == "/v1/traces":
            for group in body["resourceSpans"]:
                self.resources.append(values(group["resource"]))
                for scope in group["scopeSpans"]:
                    self.spans += scope["spans"]
        else:
            assert path == "/v1/metrics"
            self.metrics = {metric["name"]: metric for group in body["resourceMetrics"] for scope in group["scopeMetrics"]
                            for metric in scope["metrics"]}

    def close(self):
        self.server.shutdown()


def value(one):
    (kind, value), = one.items()
    if kind == "arrayValue":
        return [item["stringValue"] for item in value["values"]]
    assert kind in ("stringValue", "intValue", "doubleValue", "boolValue")
    assert kind != "intValue" or isinstance(value, str), "64 bits are text"
    return int(value) if kind == "intValue" else value


def values(holder):
    found = {pair["key"]: value(pair["value"]) for pair in holder["attributes"]}
    assert len(found) == len(holder["attributes"]), "no attribute twice"
    return found


@pytest.fixture
def collector():
    started = []

    def start(**options):
        started.append(Collector(**options))
        return started[-1]

    yield start
    for one in started:
        one.close()


def settings(collector, *ups, **telemetry):
    return {
        "providers": {f"up{n}": up.provider() for n, up in enumerate(ups)},
        "models": {"chat": {"route": {"fallback": [f"up{n}/m{n}" for n, _ in enumerate(ups)]}}},
        "router": {"num_retries": 0}, "keys": {"app": {"key": KEY}},
        "telemetry": {"endpoint": f"http://127.0.0.1:{collector.port}", "metrics_interval": "1s", **telemetry},
    }


def busy(peer, request):
    peer.answer({"error": {"message": "busy"}}, status=503)


def test_one_span_for_the_request_and_one_below_it_for_each_attempt(gateway, upstream, collector):
    to, first, second = collector(), upstream(busy), upstream()
    one = gateway(settings(to, first, second, service_name="edge", headers={"x-tenant": "t 1"}))
    asked = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=a:b,other=1"}
    body = {"model": "chat", "max_tokens": 50, "messages": [{"role": "user", "content": "secret words"}]}
    status, headers, _ = one.post("/v1/chat/completions", body, headers=asked)
    assert status == 200
    wait_until(lambda: len(to.spans) == 3, what="three spans")
    assert to.resources[0]["service.name"] == "edge" and to.requests[0][1]["x-tenant"] == "t 1"
    server, = [span for span in to.spans if span["kind"] == 2]
    failed, served = [span for span in to.spans if span["kind"] == 3]
    assert {span["traceId"] for span in to.spans} == {TRACE} and server["parentSpanId"] == PARENT
    assert failed["parentSpanId"] == served["parentSpanId"] == server["spanId"] and len({span["spanId"] for span in to.spans}) == 3
    for up, span in ((first, failed), (second, served)):
        assert up.requests[0].headers["traceparent"] == f"00-{TRACE}-{span['spanId']}-01", "the attempt is the parent of what the provider does"
        assert up.requests[0].headers["tracestate"] == asked["tracestate"] and span["traceState"] == asked["tracestate"]
    assert int(server["startTimeUnixNano"]) <= int(failed["startTimeUnixNano"]) <= int(failed["endTimeUnixNano"])
    assert int(failed["endTimeUnixNano"]) <= int(served["startTimeUnixNano"]) <= int(served["endTimeUnixNano"]) <= int(server["endTimeUnixNano"])
    about, bad, good = values(server), values(failed), values(served)
    assert server["name"] == "chat chat" and about["gen_ai.operation.name"] == "chat" and about["http.response.status_code"] == 200
    assert about["swiftlet.request.id"] == headers["x-swiftlet-request-id"] and about["swiftlet.key"] == "app"
    assert about["swiftlet.decision.chosen"] == "up0/m0" and about["swiftlet.deployment"] == "up1/m1" and about["swiftlet.attempts"] == 2
    assert about["swiftlet.decision.strategy"] == "fallback" and "up1/m1: eligible" in about["swiftlet.decision.candidates"]
    assert about["swiftlet.decision.reason"] and about["gen_ai.request.max_tokens"] == 50
    assert (about["gen_ai.usage.input_tokens"], about["gen_ai.usage.output_tokens"]) == (11, 7)
    assert failed["name"] == "chat m0" and bad["error.type"] == "server_error" and failed["status"]["code"] == 2
    assert bad["http.response.status_code"] == 503
    assert "gen_ai.usage.input_tokens" not in bad and good["gen_ai.usage.output_tokens"] == 7 and "status" not in served
    assert good["gen_ai.provider.name"] == "openai_compatible" and good["server.port"] == second.port
    assert "secret words" not in json.dumps(to.spans)


def test_metrics_by_the_conventions_that_are_chosen(gateway, upstream, collector):
    to, first, second = collector(), upstream(busy), upstream()
    one = gateway(settings(to, first, second, conventions="both"))
    for _ in range(3):
        assert one.chat()[0] == 200
    duration = wait_until(lambda: total(to, "gen_ai.server.request.duration") == 3 and to.metrics, 20)["gen_ai.client.operation.duration"]
    points = {values(point).get("error.type"): point for point in duration["histogram"]["dataPoints"]}
    assert {name: int(point["count"]) for name, point in points.items()} == {"server_error": 3, None: 3} or sum(
        int(point["count"]) for point in points.values()) >= 4, "a breaker may have opened meanwhile"
    assert len(points[None]["bucketCounts"]) == len(points[None]["explicitBounds"]) + 1 and duration["histogram"]["aggregationTemporality"] == 2
    usage = {values(point)["gen_ai.token.type"]: point for point in to.metrics["gen_ai.client.token.usage"]["histogram"]["dataPoints"]}
    assert (usage["input"]["sum"], usage["output"]["sum"]) == (33, 21)
    latest = to.metrics["gen_ai.client.inference.usage.output_tokens"]["sum"]
    assert latest["isMonotonic"] is True
    assert {values(point)["gen_ai.token.modality"]: int(point["asInt"]) for point in latest["dataPoints"]} == {"unknown": 0, "text": 21}
    (released,), (newer,) = (released_only(gateway, upstream, collector, name) for name in ("released", "latest"))
    assert released == "gen_ai.client.token.usage" and newer == "gen_ai.client.inference.usage.input_tokens"


def total(to, name):
    metric = to.metrics.get(name, {"histogram": {"dataPoints": []}})
    return sum(int(point["count"]) for point in metric["histogram"]["dataPoints"])


def released_only(gateway, upstream, collector, conventions):
    to = collector()
    one = gateway(settings(to, upstream(), conventions=conventions))
    one.chat()
    wait_until(lambda: total(to, "gen_ai.server.request.duration"), 20)
    return {"gen_ai.client.token.usage", "gen_ai.client.inference.usage.input_tokens"} & set(to.metrics)


def test_a_stream_has_its_first_chunk_and_its_usage(gateway, upstream, collector):
    to = collector()
    up = upstream(lambda peer, request: peer.stream(["one ", "two "]))
    one = gateway(settings(to, up, conventions="latest"))
    assert len(list(one.sdk().chat.completions.create(model="chat", messages=[{"role": "user", "content": "x"}], stream=True))) > 1
    wait_until(lambda: len(to.spans) == 2)
    about, attempt = (values(next(span for span in to.spans if span["kind"] == kind)) for kind in (2, 3))
    assert about["gen_ai.request.stream"] is True and 0 < about["gen_ai.response.time_to_first_chunk"] < 60
    assert attempt["gen_ai.usage.output_tokens"] == 7 and 0 <= attempt["gen_ai.response.time_to_first_chunk"]


@pytest.mark.parametrize("flags, share, spans", [("00", 1, 0), ("01", 0, 2), (None, 0, 0), (None, 1, 2)])
def test_sampling(gateway, upstream, collector, flags, share, spans):
    """A caller that has decided is followed; else the share decides."""
    to, up = collector(), upstream()
    one = gateway(settings(to, up, sampling=share))
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-{flags}"} if flags else {}
    assert one.post("/v1/chat/completions", {"model": "chat", "messages": []}, headers=headers)[0] == 200
    wait_until(lambda: total(to, "gen_ai.server.request.duration") == 1, 20, what="metrics count what is not traced, too")
    assert len(to.spans) == spans
    sent = up.requests[0].headers["traceparent"].split("-")
    assert sent[3] == ("01" if spans else "00") and (sent[1] == TRACE) == bool(flags)


@pytest.mark.parametrize("header", ["", "00", f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE.upper()}-{PARENT}-01",
                                    f"ff-{TRACE}-{PARENT}-01", f"00-{TRACE}-{PARENT}-01-x", f"00-{TRACE}-{PARENT}", "x" * 500])
def test_a_malformed_parent_begins_a_trace_anew(gateway, upstream, collector, header):
    to, up = collector(), upstream()
    one = gateway(settings(to, up))
    assert one.post("/v1/chat/completions", {"model": "chat", "messages": []}, headers={"traceparent": header, "tracestate": "a=b"})[0] == 200
    sent = up.requests[0].headers
    assert sent["traceparent"].split("-")[1] != TRACE and "tracestate" not in sent


def test_a_collector_that_is_slow_or_gone_costs_nobody_anything(gateway, upstream, collector):
    to, up = collector(pause=30), upstream()
    one = gateway(settings(to, up, queue=16, timeout="1s"))
    for _ in range(40):
        assert one.chat()[0] == 200
    wait_until(lambda: "swiftlet_telemetry_dropped_total 0" not in one.metrics(), 20, what="what does not fit is counted")
    assert one.chat()[0] == 200


def test_a_collector_that_accepts_and_never_answers_holds_nobody_up(gateway, upstream):
    """The connection is taken by the system and read by nobody."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        up = upstream()
        one = gateway({"providers": {"up": up.provider()}, "models": {"chat": {"route": "up/m"}},
                       "telemetry": {"endpoint": f"http://127.0.0.1:{silent.getsockname()[1]}", "timeout": "1s", "queue": 16}})
        for _ in range(30):
            assert one.chat()[0] == 200
        wait_until(lambda: "swiftlet_telemetry_failures_total 0" not in one.metrics(), 40, what="it is given up and counted")
        assert one.chat()[0] == 200
        one.stop()


def test_requests_that_are_refused_have_a_span_of_their_own(gateway, upstream, collector):
    to = collector()
    one = gateway(settings(to, upstream()) | {"keys": {"app": {"key": KEY, "models": ["chat"]}}})
    asked = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    assert one.post("/v1/chat/completions", {"model": "nonsuch", "messages": []}, headers=asked)[0] == 404
    assert one.post("/v1/messages", {"model": "chat", "messages": []}, key="wrong", headers=asked)[0] == 401
    assert one.post("/v1/chat/completions", b"{", headers=asked)[0] == 400
    wait_until(lambda: len(to.spans) == 3, what="three spans")
    said = {values(span)["error.type"]: (span, values(span)) for span in to.spans}
    assert set(said) == {"model_not_found", "invalid_api_key", "invalid_json"}
    for span, about in said.values():
        assert (span["kind"], span["traceId"], span["parentSpanId"], span["name"]) == (2, TRACE, PARENT, "chat")
        assert span["status"]["code"] == 2 and about["http.response.status_code"] in (400, 401, 404) and about["swiftlet.attempts"] == 0
    assert said["model_not_found"][1]["swiftlet.key"] == "app" and "swiftlet.key" not in said["invalid_api_key"][1]
    refused = wait_until(lambda: total(to, "gen_ai.server.request.duration") == 3 and to.metrics, 20)["gen_ai.server.request.duration"]
    assert {values(point)["error.type"] for point in refused["histogram"]["dataPoints"]} == set(said)


def test_passages_have_spans(gateway, upstream, collector):
    to = collector()
    up = upstream(lambda peer, request: peer.answer({"ok": True}, status=500 if "fail" in request.path else 200))
    endpoint = {"path": "/raw", "include_subpath": True, "target": f"http://127.0.0.1:{up.port}/v9", "auth": True}
    one = gateway(settings(to, upstream()) | {"general": {"pass_through_endpoints": [endpoint]}})
    asked = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    assert one.post("/raw/things", {"prompt": "secret words"}, headers=asked)[0] == 200
    wait_until(lambda: len(to.spans) == 2, what="two spans")
    server, client = sorted(to.spans, key=lambda span: span["kind"])
    about = values(server)
    assert server["name"].startswith("pass_through /raw") and (server["traceId"], server["parentSpanId"]) == (TRACE, PARENT)
    assert about["swiftlet.api"] == "pass_through" and about["swiftlet.request.bytes"] > 10 and about["http.response.status_code"] == 200
    assert not [name for name in about if name.startswith("gen_ai.request")]
    assert client["parentSpanId"] == server["spanId"] and str(up.port) in values(client)["server.address"]
    assert one.post("/raw/none", {}, key="wrong", headers=asked)[0] == 401
    assert "secret words" not in json.dumps(to.spans)


def test_without_an_endpoint_nothing_is_sent_and_nothing_added(gateway, upstream):
    up = upstream()
    one = gateway({"providers": {"up": up.provider()}, "models": {"chat": {"deployments": [{"provider": "up", "model": "m"}]}}})
    assert one.post("/v1/chat/completions", {"model": "chat", "messages": []}, headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})[0] == 200
    assert "traceparent" not in up.requests[0].headers
