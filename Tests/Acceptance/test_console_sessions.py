"""What stands between the web console and everybody else, over HTTP."""

import gzip
import http.client
import json
import zlib

import pytest

from support.gateway import PATIENCE, wait_until
from test_admin import TOKEN, Admin, chat
from test_console import SETTINGS


@pytest.fixture
def served(gateway):
    return gateway(SETTINGS, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})


class Visitor:
    """HTTP with a jar of one cookie."""

    def __init__(self, gateway):
        self.port, self.cookie, self.csrf = gateway.admin_port, None, None

    def __call__(self, method, path, body=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie:
            headers["cookie"] = f"other=1; {self.cookie}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10 * PATIENCE)
        try:
            connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
            reply = connection.getresponse()
            text = reply.read()
            names = {name.lower(): value for name, value in reply.getheaders()}
            return reply.status, names, json.loads(text) if names.get("content-type") == "application/json" and text else text
        finally:
            connection.close()

    def sign_in(self, token=TOKEN):
        status, headers, body = self("POST", "/console/session", {"token": token})
        assert status == 200, body
        self.set_cookie = headers["set-cookie"]
        self.cookie, self.csrf = self.set_cookie.split(";")[0], body["csrf"]
        return self


def test_files_are_sent_compressed_where_the_browser_takes_it(served):
    visitor = Visitor(served)
    sizes = []
    for name in ("app.js", "style.css", "dom.js", ""):
        _, headers, plain = visitor("GET", "/console/" + name)
        assert "content-encoding" not in headers and headers["vary"] == "accept-encoding"
        _, packed, body = visitor("GET", "/console/" + name, accept_encoding="gzip, deflate, br")
        assert packed["content-encoding"] == "gzip" and packed["vary"] == "accept-encoding" and packed["etag"] != headers["etag"]
        assert gzip.decompress(body) == plain and int(packed["content-length"]) == len(body)
        again = visitor("GET", "/console/" + name, accept_encoding="gzip", if_none_match=packed["etag"])
        assert (again[0], again[2]) == (304, b"")
        assert visitor("GET", "/console/" + name, accept_encoding="gzip;q=0", if_none_match=packed["etag"])[0] == 200
        sizes.append((len(body), len(zlib.compress(plain, 9))))
    # Within a tenth of what zlib makes of it at its best.
    assert sum(ours for ours, _ in sizes) < 1.1 * sum(its for _, its in sizes), sizes


def test_files_have_a_strict_policy_and_are_asked_for_once(served):
    visitor = Visitor(served)
    status, headers, _ = visitor("GET", "/")
    assert (status, headers["location"]) == (308, "/console/")
    status, headers, page = visitor("GET", "/console/")
    assert status == 200 and headers["content-type"].startswith("text/html") and b"<swiftlet-console>" in page
    policy = headers["content-security-policy"]
    for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"):
        assert part in policy
    assert "unsafe" not in policy and "http" not in policy
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY" and headers["referrer-policy"] == "no-referrer"
    status, unchanged, body = visitor("GET", "/console/", if_none_match=headers["etag"])
    assert (status, body, unchanged["etag"]) == (304, b"", headers["etag"])
    assert visitor("GET", "/console/app.js")[1]["content-type"].startswith("text/javascript")
    assert visitor("GET", "/console/nothing.js")[0] == visitor("GET", "/console/../swiftlet.yaml")[0] == 404


def test_sessions_are_hard_to_misuse(served):
    visitor = Visitor(served)
    assert visitor("GET", "/console/session")[2]["name"] is None
    for token in ("", TOKEN + "x", 7):
        assert visitor("POST", "/console/session", {"token": token})[0] in (400, 401)
    assert visitor("POST", "/console/session", {"token": TOKEN}, origin="https://elsewhere.example")[0] == 403
    visitor.sign_in()
    for flag in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"):
        assert flag in visitor.set_cookie
    assert "Secure" not in visitor.set_cookie and TOKEN not in visitor.set_cookie
    assert "Secure" in visitor("POST", "/console/session", {"token": TOKEN}, x_forwarded_proto="https")[1]["set-cookie"]
    assert visitor("GET", "/api/v1/me")[2]["name"] == "admin"
    # A page of another site has the browser send the cookie at best.
    change = ("POST", "/api/v1/signals", {"name": "s", "value": 1})
    for proof in ({}, {"x_swiftlet_csrf": ""}, {"x_swiftlet_csrf": visitor.csrf[:-1]}):
        status, _, body = visitor(*change, **proof)
        assert status == 403 and body["error"]["code"] == "csrf_token_invalid"
    assert visitor(*change, x_swiftlet_csrf=visitor.csrf)[0] == 201
    # One that is wrong with the header is not let in by the cookie.
    assert visitor("GET", "/api/v1/me", authorization="Bearer nonsense")[0] == 401
    other = Visitor(served).sign_in()
    assert other.cookie != visitor.cookie
    assert visitor("DELETE", "/console/session")[0] == 403
    assert visitor("DELETE", "/console/session", x_swiftlet_csrf=visitor.csrf)[0] == 204
    assert visitor("GET", "/api/v1/me")[0] == 401
    third = Visitor(served).sign_in()
    assert other("DELETE", "/console/sessions", x_swiftlet_csrf=other.csrf)[0] == 204
    assert third("GET", "/api/v1/me")[0] == 401
    actions = [line["action"] for line in Admin(served, TOKEN).get("/api/v1/audit")["data"]]
    assert "console.sign_in" in actions and "console.sign_out_everywhere" in actions


def test_a_session_ends_with_its_token_and_keeps_to_its_role(gateway):
    started = gateway(SETTINGS | {"admin": {"tokens": {"eva": {"token": "eva-token-0123456789", "role": "auditor"}}}},
                      environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    eva = Visitor(started).sign_in("eva-token-0123456789")
    assert eva("GET", "/api/v1/requests")[0] == 200
    assert eva("POST", "/api/v1/signals", {"name": "s", "value": 1}, x_swiftlet_csrf=eva.csrf)[0] == 403
    assert Admin(started, TOKEN)("PUT", "/api/v1/settings/admin.tokens", {})[0] in (200, 204)
    assert eva("GET", "/api/v1/requests")[0] == 401
    assert eva("GET", "/console/session")[2]["name"] is None


def test_figures_come_each_second_and_end_with_the_session(served):
    visitor = Visitor(served)
    assert visitor("GET", "/console/live")[0] == 401
    visitor.sign_in()
    connection = http.client.HTTPConnection("127.0.0.1", served.admin_port, timeout=10 * PATIENCE)
    connection.request("GET", "/console/live", headers={"cookie": visitor.cookie})
    reply = connection.getresponse()
    assert reply.status == 200 and reply.getheader("content-type") == "text/event-stream"

    def event():
        line = reply.readline()
        while not line.startswith(b"data: "):
            assert line, "the stream ended"
            line = reply.readline()
        return json.loads(line[6:])
    before = event()
    chat(served)
    wait_until(lambda: event()["requests"]["ok"] == before["requests"]["ok"] + 1, 10, 0, what="the request in the figures")
    assert [one["name"] for one in event()["deployments"]] == ["good/m", "bad/m"]
    assert Admin(served, TOKEN).get("/api/v1/live")["requests"]["ok"] == before["requests"]["ok"] + 1
    visitor("DELETE", "/console/session", x_swiftlet_csrf=visitor.csrf)
    rest = reply.read()
    assert b"event: end" in rest
    connection.close()
