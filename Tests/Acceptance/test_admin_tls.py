"""The operators' listener over TLS, commands that ask it, and certificates that are renewed while the gateway runs."""

import json
import os
import ssl

import pytest
from cryptography import x509
from support.gateway import KEY, free_port, get, swiftlet, wait_until
from support.raw import Wire, post
from test_doctor import doctor, of
from test_tls import certificate

TOKEN = "operators-token-0123456789"
REST = {"providers": {"m": {"type": "mock"}}, "models": {"chat": {"deployments": [{"provider": "m", "model": "mock"}]}}}


def pair(folder, days=60, **options):
    """Settings of a fresh certificate, and its file."""
    folder.mkdir(exist_ok=True)
    crt, key = certificate(folder, days=days, **options)
    return {"certificate": str(crt), "private_key": str(key)}, crt


@pytest.fixture
def secure(gateway, tmp_path):
    """A gateway whose operators come over TLS, and what commands need to ask it."""
    files, crt = pair(tmp_path / "tls")
    one = gateway({"server": {"admin_tls": files}, **REST}, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    return one, crt, {"SWIFTLET_ADMIN_TOKEN": TOKEN, "SWIFTLET_ADMIN_CA": str(crt)}


def asked(one, crt, path, **fields):
    with Wire(one.admin_port, tls=ssl.create_default_context(cafile=str(crt))) as wire:
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
        wire.send(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n{lines}\r\n".encode())
        return wire.reply()


def shown(port):
    """The serial number of the certificate that a new connection gets, whoever signed it."""
    text = ssl.get_server_certificate(("127.0.0.1", port), timeout=10)
    return x509.load_pem_x509_certificate(text.encode()).serial_number


def serial(crt):
    return x509.load_pem_x509_certificate(crt.read_bytes()).serial_number


def test_operators_over_tls(secure):
    one, crt, _ = secure
    assert one.chat()[0] == 200, "clients are not concerned"
    assert asked(one, crt, "/readyz").status == 200
    assert b"<html" in asked(one, crt, "/console/").body.lower()
    assert asked(one, crt, "/api/v1/live").status == 401
    assert json.loads(asked(one, crt, "/api/v1/live", authorization=f"Bearer {TOKEN}").body)["requests"]
    end = x509.load_pem_x509_certificate(crt.read_bytes()).not_valid_after_utc.timestamp()
    page = asked(one, crt, "/metrics", authorization=f"Bearer {TOKEN}").body.decode()
    assert f'swiftlet_certificate_expiry_timestamp_seconds{{setting="server.admin_tls"}} {int(end)}' in page


def test_the_console_s_cookie_goes_over_tls_only(secure):
    one, crt, _ = secure
    with Wire(one.admin_port, tls=ssl.create_default_context(cafile=str(crt))) as wire:
        body = json.dumps({"token": TOKEN}).encode()
        wire.send(post("/console/session", body, TOKEN, host="localhost"))
        reply = wire.reply()
    assert reply.status == 200 and "Secure" in reply.headers["set-cookie"], (reply.status, reply.headers, reply.body)


def test_nothing_is_told_in_the_clear(secure):
    one, _, _ = secure
    assert get(one.admin_port, "/readyz")[0] != 200


def test_commands_ask_over_tls(secure, tmp_path):
    one, _, environment = secure
    url = ["--url", f"https://127.0.0.1:{one.admin_port}"]
    made = swiftlet("keys", "create", "app", *url, environment=environment)
    assert made.returncode == 0 and "sk-" in made.stdout, made
    for words in (["keys", "list"], ["deployments"], ["usage"], ["events"], ["api", "GET", "live"], ["budgets"]):
        done = swiftlet(*words, *url, environment=environment)
        assert done.returncode == 0, done
    named = swiftlet("api", "GET", "live", "--url", f"https://localhost:{one.admin_port}/", environment=environment)
    assert named.returncode == 0, named
    # More than any buffer in one answer.
    settings = json.loads(swiftlet("api", "GET", "openapi.json", *url, environment=environment).stdout)
    assert len(json.dumps(settings)) > 100_000


def test_commands_trust_nobody_unknown(secure, tmp_path):
    one, _, environment = secure
    url = ["--url", f"https://127.0.0.1:{one.admin_port}"]
    alone = {"SWIFTLET_ADMIN_TOKEN": TOKEN}
    done = swiftlet("keys", "list", *url, environment=alone)
    assert done.returncode == 1 and "certificate cannot be verified" in done.stderr and "SWIFTLET_ADMIN_CA=FILE" in done.stderr, done
    _, other = pair(tmp_path / "other")
    done = swiftlet("keys", "list", *url, environment={**alone, "SWIFTLET_ADMIN_CA": str(other)})
    assert done.returncode == 1 and "certificate cannot be verified" in done.stderr, done
    done = swiftlet("keys", "list", *url, environment={**alone, "SWIFTLET_ADMIN_CA": "/nowhere.pem"})
    assert done.returncode == 1 and "SWIFTLET_ADMIN_CA: /nowhere.pem: it cannot be read" in done.stderr, done


def test_a_certificate_for_another_name(gateway, tmp_path):
    files, crt = pair(tmp_path / "tls", name="gateway.example.com", address="127.0.0.9")
    one = gateway({"server": {"admin_tls": files}, **REST})
    done = swiftlet("keys", "list", "--url", f"https://127.0.0.1:{one.admin_port}", environment={"SWIFTLET_ADMIN_CA": str(crt)})
    assert done.returncode == 1 and "its certificate is for another name" in done.stderr, done


def test_the_wrong_scheme_is_told(secure, gateway):
    one, _, environment = secure
    done = swiftlet("keys", "list", "--url", f"http://127.0.0.1:{one.admin_port}", environment=environment)
    assert done.returncode == 1 and "https://" in done.stderr, done
    plain = gateway(REST)
    done = swiftlet("keys", "list", "--url", f"https://127.0.0.1:{plain.admin_port}", environment=environment)
    assert done.returncode == 1 and "speaks no TLS" in done.stderr, done
    done = swiftlet("keys", "list", "--url", f"https://127.0.0.1:{free_port()}", environment=environment)
    assert done.returncode == 1 and "cannot be asked: Connection refused" in done.stderr, done


def test_renewed_certificates_are_taken_up(gateway, tmp_path):
    folder = tmp_path / "tls"
    files, crt = pair(folder)
    one = gateway({"server": {"tls": files, "admin_tls": files}, **REST}, wait=False)
    wait_until(lambda: listens(one.port) and listens(one.admin_port), 30, what="both listeners")
    first = serial(crt)
    assert shown(one.port) == shown(one.admin_port) == first
    with Wire(one.port, tls=ssl.create_default_context(cafile=str(crt))) as old:
        pair(folder, days=90)
        second = serial(crt)
        assert second != first
        wait_until(lambda: shown(one.port) == shown(one.admin_port) == second, 30, every=0.5, what="the new certificate")
        # A connection that is there stays.
        old.send(post("/v1/chat/completions", b'{"model": "chat", "messages": [{"role": "user", "content": "hi"}]}', KEY))
        assert old.reply().status == 200
    renewed = [line for line in one.log() if line.get("message") == "certificate renewed"]
    assert {line["setting"] for line in renewed} == {"server.tls", "server.admin_tls"}


def listens(port):
    try:
        return shown(port)
    except OSError:
        return False


def test_half_a_pair_changes_nothing(gateway, tmp_path):
    folder = tmp_path / "tls"
    files, crt = pair(folder)
    one = gateway({"server": {"admin_tls": files}, **REST})
    first = serial(crt)
    _, other = pair(tmp_path / "other")
    os.replace(other, crt)

    def told():
        return [line for line in one.log() if line.get("message") == "certificate not renewed, the old one stays"]
    wait_until(told, 40, every=0.5, what="a word about it")
    assert "it is not the key of the certificate in" in told()[0]["problem"]
    assert shown(one.admin_port) == first
    os.replace(tmp_path / "other" / "localhost.key", files["private_key"])
    wait_until(lambda: shown(one.admin_port) == serial(crt), 30, every=0.5, what="the whole pair")
    assert len(told()) == 1, "said once"


def broken(folder, what):
    files, crt = pair(folder / "tls")
    match what:
        case "no file":
            files["certificate"] = "/nowhere/tls.crt"
        case "no certificate":
            crt.write_text("-----BEGIN NOTHING-----\n")
        case "no key":
            files["private_key"] = str(crt)
        case "another's key":
            files["private_key"] = pair(folder / "other")[0]["private_key"]
    return files


PROBLEMS = {
    "no file": (".certificate", "/nowhere/tls.crt: it cannot be read"),
    "no certificate": (".certificate", "expected a certificate in PEM form"),
    "no key": (".private_key", "expected a private key in PEM form"),
    "another's key": (".private_key", "it is not the key of the certificate in"),
}


@pytest.mark.parametrize("what", PROBLEMS)
@pytest.mark.parametrize("setting", ["tls", "admin_tls"])
def test_files_that_cannot_be_used_are_named_at_the_start(tmp_path, what, setting):
    file = tmp_path / "s.yaml"
    settings = {"server": {"listen": f"127.0.0.1:{free_port()}", "admin": f"127.0.0.1:{free_port()}", setting: broken(tmp_path, what)},
                "store": f"sqlite:{tmp_path}/s.db", **REST}
    file.write_text(json.dumps(settings))
    done = swiftlet("serve", "--config", str(file))
    place, reason = PROBLEMS[what]
    assert done.returncode == 1 and f"server.{setting}{place}" in done.stderr and reason in done.stderr, done


def server(**tls):
    return {"server": {"listen": f"127.0.0.1:{free_port()}", "admin": f"127.0.0.1:{free_port()}", **tls}}


def test_doctor_looks_at_certificates(tmp_path):
    sound, ending, ended = (pair(tmp_path / name, days=days)[0] for name, days in (("sound", 60), ("ending", 5), ("ended", -1)))
    code, findings = doctor(tmp_path, **server(tls=sound, admin_tls=ending))
    assert code == 0 and of(findings, "server.tls")[0]["state"] == "ok"
    [found] = of(findings, "server.admin_tls")
    assert found["state"] == "warning" and found["text"] in ("the certificate expires in 4 d", "the certificate expires in 5 d")
    code, findings = doctor(tmp_path, **server(tls=ended, admin_tls=broken(tmp_path, "another's key")))
    assert code == 1 and "has expired" in of(findings, "server.tls")[0]["text"]
    assert "it is not the key" in of(findings, "server.admin_tls")[0]["text"]


def test_doctor_finds_a_gateway_behind_tls(secure, tmp_path):
    one, crt, _ = secure
    files = {"certificate": str(crt), "private_key": str(crt.with_suffix(".key"))}
    settings = {"server": {"listen": f"127.0.0.1:{one.port}", "admin": f"127.0.0.1:{one.admin_port}", "admin_tls": files}}
    _, findings = doctor(tmp_path, **settings)
    assert of(findings, "gateway")[0]["text"].startswith("one is running")


def test_a_certificate_that_ends_soon_is_said_at_the_start(gateway, tmp_path):
    files, _ = pair(tmp_path / "tls", days=3)
    one = gateway({"server": {"admin_tls": files}, **REST})
    wait_until(lambda: [line for line in one.log() if line.get("message", "").startswith("the certificate expires in ")], 10, what="a warning")
