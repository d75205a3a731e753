"""TLS on both sides; a provider's certificate that cannot be verified is never talked to."""

import datetime
import ipaddress
import ssl

import httpx2 as httpx
import openai
import pytest
from conftest import error_of
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from support.gateway import KEY, question
from support.raw import Wire, post


def certificate(folder, name="localhost", days=10, address="127.0.0.1"):
    """A self-signed certificate and its key as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    begin = now - datetime.timedelta(days=30)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256()))
    (folder / f"{name}.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return folder / f"{name}.crt", folder / f"{name}.key"


def server_context(folder, **options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(folder, **options))
    return context


@pytest.mark.parametrize("days", [10, -1], ids=["self-signed", "expired"])
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_an_unverified_provider_gets_nothing(gateway, upstream, tmp_path, days, stream):
    up = upstream(tls=server_context(tmp_path, days=days))
    one = gateway({"providers": {"up": up.provider()}, "models": {"chat": {"deployments": [{"provider": "up", "model": "m"}]}}})
    status, _, body = one.chat(stream=stream)
    assert status == 502
    error_of(body)
    assert up.requests == []


def test_failover_from_an_unverified_provider(gateway, upstream, tmp_path):
    bad, good = upstream(tls=server_context(tmp_path)), upstream()
    one = gateway({
        "providers": {"bad": bad.provider(), "good": good.provider()},
        "models": {"chat": {"strategy": "fallback", "deployments": [{"provider": "bad", "model": "m"}, {"provider": "good", "model": "m"}]}}})
    assert one.chat()[1]["x-swiftlet-provider"] == "good"
    assert bad.requests == []


def test_a_provider_that_speaks_no_tls(gateway, upstream):
    up = upstream()
    one = gateway({"providers": {"up": up.provider(base_url=up.url.replace("http:", "https:"))},
                   "models": {"chat": {"deployments": [{"provider": "up", "model": "m"}]}}})
    assert one.chat()[0] == 502
    assert up.requests == []


@pytest.fixture
def secure(gateway, upstream, tmp_path):
    """A gateway with TLS on its listener, the certificate, and a provider behind it."""
    crt, key = certificate(tmp_path)
    up = upstream(lambda peer, request: peer.stream(["a", "b"]) if request.json.get("stream") else peer.answer())
    one = gateway({
        "server": {"tls": {"certificate": str(crt), "private_key": str(key)}},
        "providers": {"up": up.provider()}, "models": {"chat": {"deployments": [{"provider": "up", "model": "m"}]}},
    }, wait=False)
    from support.gateway import get, wait_until
    wait_until(lambda: get(one.admin_port, "/readyz")[0] == 200, 30, what="/readyz on the admin listener")
    return one, crt, up


def test_clients_over_tls(secure):
    one, crt, _ = secure
    context = ssl.create_default_context(cafile=str(crt))
    with httpx.Client(verify=context, timeout=30) as http:
        client = openai.OpenAI(base_url=f"https://localhost:{one.port}/v1", api_key=KEY, max_retries=0, http_client=http)
        assert client.chat.completions.create(**question()).choices[0].message.content == "hello from upstream"
        parts = list(client.chat.completions.create(**question(stream=True)))
        assert [part.choices[0].delta.content for part in parts] == ["a", "b"]


def test_plain_http_on_a_tls_listener_is_not_served(secure):
    one, _, up = secure
    with Wire(one.port) as wire:
        try:
            wire.send(post("/v1/chat/completions", b"{}", KEY))
            wire.at_end()
        except OSError:
            pass
        assert b" 200 " not in wire.buffer
    assert up.requests == []


def test_old_versions_are_refused(secure):
    one, crt, _ = secure
    context = ssl.create_default_context(cafile=str(crt))
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, OSError)):
        Wire(one.port, tls=context)


def test_a_large_answer_over_tls(gateway, upstream, secure):
    one, crt, up = secure
    big = b'{"choices": [], "padding": "' + b"x" * 2_000_000 + b'"}'
    up.handle = lambda peer, request: peer.answer(big)
    with Wire(one.port, tls=ssl.create_default_context(cafile=str(crt))) as wire:
        wire.send(post("/v1/chat/completions", b'{"model": "chat", "messages": []}', KEY))
        assert wire.reply().body == big
