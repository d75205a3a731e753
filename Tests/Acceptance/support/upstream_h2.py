"""A made-up provider over HTTP/2 and TLS, made of the `h2` package, that can also send what no library would."""

import datetime
import ipaddress
import json
import socket
import ssl
import threading
import time

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .upstream import ANSWER, USAGE_CHUNK, chunk, event


def certificate(folder, name="localhost"):
    """A self-signed certificate for `name` and 127.0.0.1, and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=10))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256()))
    crt, pem = folder / f"{name}-h2.crt", folder / f"{name}-h2.key"
    crt.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return crt, pem


class Stream:
    """One request, and the way to answer it. Usable from any thread."""

    def __init__(self, peer, number, headers):
        self.peer, self.number, self.headers, self.body = peer, number, headers, b""
        self.reset = None

    @property
    def json(self):
        return json.loads(self.body)

    def head(self, status=200, end=False, **fields):
        self.peer.act(lambda h: h.send_headers(
            self.number, [(":status", str(status)), *((name.replace("_", "-"), str(value)) for name, value in fields.items())], end_stream=end))

    def data(self, data, end=False):
        self.peer.act(lambda h: h.send_data(self.number, data, end_stream=end))

    def send(self, data):
        """As `data`, as soon as the window has room."""
        while True:
            with self.peer.lock:
                if self.peer.h2.local_flow_control_window(self.number) >= len(data):
                    self.peer.h2.send_data(self.number, data)
                    return self.peer.socket.sendall(self.peer.h2.data_to_send())
            time.sleep(0.005)

    def answer(self, value=None, status=200, **fields):
        body = value if isinstance(value, bytes) else json.dumps(ANSWER if value is None else value).encode()
        self.head(status, content_type="application/json", content_length=len(body), **fields)
        self.data(body, end=True)

    def stream(self, texts):
        self.head(content_type="text/event-stream")
        for text in texts:
            self.data(event(chunk(text)))
        self.data(event(USAGE_CHUNK))
        self.data(event(b"[DONE]"), end=True)

    def abort(self, code=h2.errors.ErrorCodes.INTERNAL_ERROR):
        self.peer.act(lambda h: h.reset_stream(self.number, code))


class Peer:
    """One connection of the gateway's."""

    def __init__(self, upstream, connection):
        self.upstream, self.socket, self.lock = upstream, connection, threading.Lock()
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.h2.local_settings = h2.settings.Settings(client=False, initial_values=upstream.settings)
        self.streams, self.goaway = {}, None

    def act(self, what):
        with self.lock:
            what(self.h2)
            self.socket.sendall(self.h2.data_to_send())

    def now_open(self):
        with self.lock:
            return self.h2.open_inbound_streams

    def raw(self, data):
        with self.lock:
            self.socket.sendall(data)

    def serve(self):
        self.act(lambda h: h.initiate_connection())
        while data := self.socket.recv(65536):
            with self.lock:
                events = self.h2.receive_data(data)
            for one in events:
                self.take(one)
            self.act(lambda h: None)

    def take(self, one):
        if isinstance(one, h2.events.RequestReceived):
            self.streams[one.stream_id] = Stream(self, one.stream_id, dict(one.headers))
            if self.upstream.early:
                self.upstream.early(self.streams[one.stream_id])
        elif isinstance(one, h2.events.DataReceived):
            self.streams[one.stream_id].body += one.data
            if self.upstream.early:
                return
            self.act(lambda h: h.acknowledge_received_data(one.flow_controlled_length, one.stream_id))
        elif isinstance(one, h2.events.StreamEnded):
            stream = self.streams[one.stream_id]
            self.upstream.requests.append(stream)
            self.upstream.handle(stream)
        elif isinstance(one, h2.events.StreamReset):
            self.streams[one.stream_id].reset = one.error_code
        elif isinstance(one, h2.events.ConnectionTerminated):
            self.goaway = one.error_code


class H2Upstream:
    """Listens on a port of its own; `handle(stream)` is called once a request is whole. `protocols` go into the handshake."""

    def __init__(self, folder, handle=None, protocols=("h2",), settings=None, greet=None):
        self.handle = handle or (lambda stream: stream.answer())
        self.greet = greet
        # Called once a request's head has come, instead of taking its body.
        self.early = None
        self.settings = {h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 100, **(settings or {})}
        self.certificate, key = certificate(folder)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.certificate, key)
        self.tls.set_alpn_protocols(list(protocols))
        self.peers, self.requests, self.failures = [], [], []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def provider(self, **more):
        return {"type": "openai_compatible", "base_url": f"https://127.0.0.1:{self.port}/v1", "api_key": "sk-upstream-secret", **more}

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = self.tls.wrap_socket(connection, server_side=True)
            if connection.selected_alpn_protocol() != "h2":
                return
            peer = Peer(self, connection)
            self.peers.append(peer)
            if self.greet and self.greet(peer) == "end":
                return
            peer.serve()
        except (OSError, ssl.SSLError, h2.exceptions.ProtocolError) as error:
            self.failures.append(error)
        finally:
            connection.close()

    def close(self):
        self.listener.close()
