"""Providers as operators look at them, and what vouches for requests to them."""

import base64
import json
import subprocess
import urllib.parse

import pytest
from support.gateway import free_port, question, swiftlet
from support.upstream import ANSWER
from test_admin import Admin

SECRET = "sk-canary-provider-test-1f7a"


def looked(gateway, name, body=None, status=200):
    found, _, answer = Admin(gateway)("POST", f"/api/v1/providers/{name}/test", body)
    assert found == status, answer
    return answer


def steps(answer):
    return [answer[step]["state"] for step in ("reachable", "key", "answers")]


def error(message, **more):
    return {"error": {"message": message, "type": "invalid_request_error", **more}}


def serve(peer, request):
    """By the model's name."""
    model = request.json["model"] if request.method == "POST" else "list"
    if model == "wrong-key":
        peer.answer(error(f"Incorrect API key provided: {SECRET}.", code="invalid_api_key"), 401)
    elif model == "unknown":
        peer.answer(error("The model `unknown` does not exist.", code="model_not_found"), 404)
    elif model == "busy":
        peer.answer(error("Rate limit reached."), 429)
    elif model == "spent":
        peer.answer(error("You exceeded your current quota.", code="insufficient_quota"), 429)
    elif model == "broken":
        peer.answer(error("oops"), 500)
    elif model == "page":
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>")
    elif model == "garbage":
        peer.send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        peer.close()
    elif model == "silent":
        peer.close()
    elif model == "chunked":
        peer.start_stream()
        peer.piece(json.dumps(ANSWER).encode()[:20])
        peer.piece(json.dumps(ANSWER).encode()[20:])
        peer.end_stream()
    else:
        peer.answer(ANSWER)


@pytest.mark.parametrize("model, expected, reason", [
    ("good", ["ok", "ok", "ok"], None), ("chunked", ["ok", "ok", "ok"], None),
    ("wrong-key", ["ok", "failed", "unknown"], "status 401"), ("unknown", ["ok", "unknown", "failed"], "does not know the model"),
    ("busy", ["ok", "ok", "failed"], "over its rate limit"), ("spent", ["ok", "ok", "failed"], "quota is used up"),
    ("broken", ["ok", "unknown", "failed"], "oops"), ("page", ["ok", "unknown", "failed"], "no JSON object"),
    ("garbage", ["failed", "unknown", "unknown"], "no HTTP reply"), ("silent", ["failed", "unknown", "unknown"], "closed before its end"),
])
def test_what_is_wrong_is_said(behind, monkeypatch, model, expected, reason):
    monkeypatch.setenv("PROVIDER_SECRET", SECRET)
    gateway, up = behind(serve, provider={"api_key": "env:PROVIDER_SECRET"})
    [name] = [entry["name"] for entry in Admin(gateway).get("/api/v1/providers")["data"]]
    answer = looked(gateway, name, {"model": model})
    assert steps(answer) == expected, answer
    assert answer["ok"] is ("failed" not in expected) and answer["model"] == model
    reasons = " ".join(answer[step]["reason"] or "" for step in ("reachable", "key", "answers"))
    assert (reason or "") in reasons, answer
    assert (answer["latency_ms"] is None) == (expected[0] == "failed")
    assert up.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert SECRET not in json.dumps(answer), "the credential is never shown"
    gateway.stop()
    assert SECRET not in "\n".join(gateway.lines + gateway.output)


def test_without_a_model_the_list_is_asked(gateway, upstream):
    up = upstream(lambda peer, request: peer.answer({"object": "list", "data": []}))
    started = gateway({
        "providers": {"one": up.provider(), "gone": {"type": "groq", "base_url": f"http://127.0.0.1:{free_port()}/v1"}, "mock": {"type": "mock"}},
        "models": {"m": {"deployments": [{"provider": "mock", "model": "m"}]}}})
    answer = looked(started, "one")
    assert steps(answer) == ["ok", "ok", "unknown"] and answer["ok"] and up.requests[0].path == "/v1/models"
    assert steps(looked(started, "mock")) == ["ok", "ok", "ok"]
    gone = looked(started, "gone", {})
    assert steps(gone) == ["failed", "unknown", "unknown"] and "cannot connect" in gone["reachable"]["reason"]
    assert "unknown_field" in json.dumps(looked(started, "one", {"modle": "m"}, status=400))
    assert "did you mean" in json.dumps(looked(started, "gome", {}, status=404))
    place = f"http://127.0.0.1:{started.admin_port}"
    good, bad = (swiftlet("providers", "test", name, "--url", place) for name in ("mock", "gone"))
    assert good.returncode == 0 and "answers: ok" in good.stdout, good.stdout + good.stderr
    assert bad.returncode != 0 and "reachable: failed" in bad.stdout, bad.stdout + bad.stderr


class TokenServer:
    """Google's token endpoint and Vertex's chat completions at one address."""

    def __init__(self, folder):
        self.key = folder / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(self.key)],
                       check=True, capture_output=True)
        self.folder, self.grants, self.refuses, self.lifetime = folder, [], False, 3600

    def handle(self, peer, request):
        if request.path == "/token":
            self.grants.append(urllib.parse.parse_qs(request.body.decode()))
            if self.refuses:
                peer.answer({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, 400)
            else:
                peer.answer({"access_token": f"ya29.token-{len(self.grants)}", "expires_in": self.lifetime, "token_type": "Bearer"})
        else:
            peer.answer(ANSWER)

    def account(self, url):
        return json.dumps({
            "type": "service_account", "client_email": "robot@p.iam.example", "private_key_id": "kid-1", "private_key": self.key.read_text(),
            "token_uri": url + "/token"})

    def claims(self, grant):
        """Of a grant whose signature holds."""
        head, claims, signature = grant["assertion"][0].split(".")
        public = self.folder / "public.pem"
        subprocess.run(["openssl", "pkey", "-in", str(self.key), "-pubout", "-out", str(public)], check=True, capture_output=True)
        (self.folder / "signature").write_bytes(base64.urlsafe_b64decode(signature + "=="))
        subprocess.run(["openssl", "dgst", "-sha256", "-verify", str(public), "-signature", str(self.folder / "signature")],
                       input=f"{head}.{claims}".encode(), check=True, capture_output=True)
        assert json.loads(base64.urlsafe_b64decode(head + "==")) == {"alg": "RS256", "typ": "JWT", "kid": "kid-1"}
        return json.loads(base64.urlsafe_b64decode(claims + "=="))


@pytest.fixture
def vertex(gateway, upstream, tmp_path, monkeypatch):
    def start(server):
        up = upstream(server.handle)
        address = f"http://127.0.0.1:{up.port}"
        monkeypatch.setenv("SERVICE_ACCOUNT", server.account(address))
        return gateway({
            "providers": {"google": {
                "type": "vertex", "project": "p", "location": "us-central1", "credentials": "env:SERVICE_ACCOUNT", "base_url": address}},
            "models": {"chat": {"deployments": [{"provider": "google", "model": "meta/llama-4"}]}}}), up
    return start


def test_a_service_account_is_exchanged_for_tokens(vertex, tmp_path):
    server = TokenServer(tmp_path)
    gateway, up = vertex(server)
    for _ in range(3):
        assert gateway.post("/v1/chat/completions", question())[0] == 200
    asked = [request for request in up.requests if request.path != "/token"]
    assert {request.path for request in asked} == {"/v1/projects/p/locations/us-central1/endpoints/openapi/chat/completions"}
    assert {request.headers["authorization"] for request in asked} == {"Bearer ya29.token-1"}, "one token serves many requests"
    claims = server.claims(server.grants[0])
    assert claims["iss"] == "robot@p.iam.example" and claims["aud"].endswith("/token") and claims["exp"] - claims["iat"] == 3600
    assert claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"
    assert server.grants[0]["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert steps(looked(gateway, "google")) == ["ok", "ok", "ok"]
    gateway.stop()
    written = "\n".join(gateway.lines + gateway.output)
    assert "ya29" not in written and "BEGIN" not in written


def test_a_refused_account_is_an_auth_fault_with_its_reason(vertex, tmp_path):
    server = TokenServer(tmp_path)
    server.refuses = True
    gateway, _ = vertex(server)
    status, _, body = gateway.post("/v1/chat/completions", question())[:3]
    assert status == 502 and b"provider_auth_failed" in body
    [row] = Admin(gateway).get("/api/v1/deployments")["data"]
    assert "no fresh access token" in row["credential_problem"] and "400" in row["credential_problem"], row
    answer = looked(gateway, "google")
    assert answer["key"]["state"] == "failed" and "no access token" in answer["key"]["reason"]


MESSAGE = {"model": "chat", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi."}]}


def test_betas_of_anthropics_clients_reach_anthropic_and_nobody_else(behind):
    claude = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": [{"type": "text", "text": "Hello."}],
        "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 3, "output_tokens": 2}}
    betas = {"anthropic-beta": "context-1m-2025-08-07", "x-unknown": "stays"}
    gateway, up = behind(lambda peer, _: peer.answer(claude), provider={"type": "anthropic"})
    assert gateway.post("/v1/messages", MESSAGE, headers=betas)[0] == 200
    assert up.requests[0].headers["anthropic-beta"] == "context-1m-2025-08-07" and "x-unknown" not in up.requests[0].headers
    assert gateway.post("/v1/messages", {**MESSAGE, "tags": ["any"]}, headers=betas)[0] == 200
    assert up.requests[1].headers["anthropic-beta"] == "context-1m-2025-08-07"
    gateway, up = behind()
    assert gateway.post("/v1/messages", MESSAGE, headers=betas)[0] == 200
    assert "anthropic-beta" not in up.requests[0].headers


# -- how the last look ended

def test_the_result_is_kept_and_shown_until_the_provider_is_another(gateway, upstream):
    up = upstream(serve)
    one = gateway({
        "providers": {"up": up.provider(api_key=SECRET), "other": up.provider()},
        "models": {"chat": {"deployments": [{"provider": "up", "model": "good"}, {"provider": "other", "model": "good"}]}},
    })
    admin = Admin(one)

    def last(name="up"):
        listed, = [row["last_test"] for row in admin.get("/api/v1/providers")["data"] if row["name"] == name]
        assert admin.get(f"/api/v1/providers/{name}")["last_test"] == listed
        return listed

    assert last() is None
    report = looked(one, "up")
    kept = last()
    assert kept["ok"] is True and steps(kept) == ["ok", "ok", "ok"] and kept["outdated"] is False
    assert kept["model"] == "good" and kept["latency_ms"] == report["latency_ms"] > 0 and kept["at"].endswith("Z")
    looked(one, "up", {"model": "wrong-key"})
    kept = last()
    assert kept["ok"] is False and steps(kept)[1] == "failed" and SECRET not in json.dumps(kept)
    assert last("other") is None
    # It outlives the process, on whose disk no secret stands.
    one.stop()
    assert SECRET.encode() not in (one.folder / "swiftlet.db").read_bytes()
    one.start()
    one.wait_ready()
    assert last() == kept
    # Other settings make it the result of something else; a change through the API takes it away.
    one.stop()
    settings = json.loads(one.file.read_text())
    settings["providers"]["up"]["timeout"] = "17s"
    one.file.write_text(json.dumps(settings))
    one.start()
    one.wait_ready()
    assert last()["outdated"] is True
    shown = admin.get("/api/v1/providers/up")
    assert admin("PATCH", "/api/v1/providers/up", {"timeout": "18s", "last_test": shown["last_test"]})[0] == 200
    assert last() is None
    looked(one, "up")
    assert last()["ok"] is True


def test_the_command_line_lists_how_providers_are(gateway, upstream):
    up = upstream(serve)
    one = gateway({"providers": {"up": up.provider(), "never": up.provider()},
                   "models": {"chat": {"deployments": [{"provider": "up", "model": "good"}]}}})
    looked(one, "up")
    listed = swiftlet("providers", "list", "--url", f"http://127.0.0.1:{one.admin_port}")
    assert listed.returncode == 0, listed.stderr
    rows = {line.split()[0]: line.split() for line in listed.stdout.splitlines()[1:]}
    assert rows["up"][2:6] == ["ok"] * 4 and rows["never"][2] == "never"
