"""WebSockets by hand (RFC 6455): just enough for both ends of a test."""

import base64
import hashlib
import os
import socket
import struct

from support.gateway import PATIENCE

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def accept_of(key):
    return base64.b64encode(hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()


def frame(payload, opcode=BINARY, mask=False):
    head = bytes([0x80 | opcode])
    flag = 0x80 if mask else 0
    if len(payload) < 126:
        head += bytes([flag | len(payload)])
    elif len(payload) < 65536:
        head += bytes([flag | 126]) + struct.pack(">H", len(payload))
    else:
        head += bytes([flag | 127]) + struct.pack(">Q", len(payload))
    if not mask:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))


def read_frame(exactly):
    """Opcode and payload; `exactly(n)` gives the next n bytes."""
    first, second = exactly(2)
    length = second & 0x7F
    if length == 126:
        length, = struct.unpack(">H", exactly(2))
    elif length == 127:
        length, = struct.unpack(">Q", exactly(8))
    key = exactly(4) if second & 0x80 else None
    payload = exactly(length)
    if key:
        payload = bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))
    return first & 0x0F, payload


def serve_upgrade(peer, request, **fields):
    """The provider's side says yes."""
    peer.head(101, "Switching Protocols", upgrade="websocket", connection="Upgrade",
              sec_websocket_accept=accept_of(request.headers["sec-websocket-key"]), **fields)


def echo(peer):
    """Sends every message back until the other side closes."""
    while True:
        opcode, payload = read_frame(peer.exactly)
        if opcode == CLOSE:
            peer.send(frame(payload, CLOSE))
            return "end"
        peer.send(frame(payload, opcode))


class Client:
    """The client's side. `headers` are those beside the handshake's own."""

    def __init__(self, port, path, headers=None, tls=None):
        self.key = base64.b64encode(os.urandom(16)).decode()
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20 * PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        fields = {"host": "gateway", "connection": "keep-alive, Upgrade", "upgrade": "websocket", "sec-websocket-version": "13",
                  "sec-websocket-key": self.key, **(headers or {})}
        text = f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n"
        self.socket.sendall(text.encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("closed")
        self.buffer += data

    def exactly(self, count):
        while len(self.buffer) < count:
            self.more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def send(self, payload, opcode=BINARY):
        self.socket.sendall(frame(payload, opcode, mask=True))

    def receive(self):
        return read_frame(self.exactly)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
