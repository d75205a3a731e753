"""A provider that does on its sockets exactly what a test tells it to, and remembers what came."""

import json
import select
import socket
import ssl
import struct
import threading
import time

ANSWER = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "upstream-model",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello from upstream"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
}
USAGE_CHUNK = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "upstream-model", "choices": [],
               "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}}


def chunk(text, **more):
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "upstream-model",
            "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}], **more}


def event(value):
    return b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n"


def readable(source, seconds):
    """True once something is to be read. Not by `select`: it refuses descriptors from 1,024 on, which a long run of tests comes to."""
    poll = select.poll()
    poll.register(source, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


class Request:
    def __init__(self, method, path, headers, body, raw):
        self.method, self.path, self.headers, self.body, self.raw = method, path, headers, body, raw

    @property
    def json(self):
        return json.loads(self.body)


class Peer:
    """One accepted connection, seen from the provider's side."""

    def __init__(self, connection):
        self.socket = connection
        self.buffer = b""
        self.ended_at = None

    # -- reading

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("closed by the gateway")
        self.buffer += data

    def line(self):
        while b"\r\n" not in self.buffer:
            self.more()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def exactly(self, count):
        while len(self.buffer) < count:
            self.more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def request(self):
        """The next request, or None when the gateway has closed the connection."""
        try:
            first = self.line()
        except (ConnectionError, OSError):
            return None
        method, path, _ = first.decode().split(" ", 2)
        headers, raw = {}, [first]
        while line := self.line():
            raw.append(line)
            name, value = line.decode("latin-1").split(":", 1)
            headers[name.strip().lower()] = value.strip()
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self.line().split(b";")[0], 16):
                body += self.exactly(size)
                self.line()
            while self.line():
                pass
        else:
            body = self.exactly(int(headers.get("content-length", 0)))
        return Request(method, path, headers, body, b"\r\n".join(raw))

    # -- answering

    def send(self, data):
        self.socket.sendall(data)

    def head(self, status=200, reason="OK", **fields):
        lines = [f"HTTP/1.1 {status} {reason}"] + [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode())

    def answer(self, value=None, status=200, **fields):
        body = value if isinstance(value, bytes) else json.dumps(ANSWER if value is None else value).encode()
        self.head(status, "Whatever", content_type="application/json", content_length=len(body), **fields)
        self.send(body)

    def start_stream(self, **fields):
        self.head(content_type="text/event-stream", transfer_encoding="chunked", **fields)

    def piece(self, data):
        self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def end_stream(self):
        self.send(b"0\r\n\r\n")

    def stream(self, texts, usage=True, pause=0):
        self.start_stream()
        for text in texts:
            self.piece(event(chunk(text)))
            if pause:
                time.sleep(pause)
        if usage:
            self.piece(event(USAGE_CHUNK))
        self.piece(event(b"[DONE]"))
        self.end_stream()

    # -- ending

    def close(self):
        self.socket.close()

    def reset(self):
        """A TCP reset instead of an orderly end."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def wait_for_end(self, seconds):
        """The time (monotonic) at which the gateway closed or reset the connection, or None."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if not readable(self.socket, left):
                return None
            try:
                if not self.socket.recv(65536):
                    return time.monotonic()
            except OSError:
                return time.monotonic()
        return None


class Upstream:
    """Listens on a port of its own; `handle(peer, request)` answers each request on a thread of its connection."""

    def __init__(self, handle=None, tls=None, greet=None):
        self.handle = handle or (lambda peer, request: peer.answer())
        self.greet = greet
        self.tls = tls
        self.requests, self.connections, self.failures, self.received = [], 0, [], b""
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/v1"

    def provider(self, **more):
        return {"type": "openai_compatible", "base_url": self.url, "api_key": "sk-upstream-secret", **more}

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        peer = None
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            peer = Peer(connection)
            if self.greet:
                return self.greet(peer)
            while (request := peer.request()) is not None:
                self.requests.append(request)
                if self.handle(peer, request) == "end":
                    return
        except (OSError, ssl.SSLError, ValueError) as error:
            self.failures.append(error)
        finally:
            connection.close()

    def close(self):
        self.listener.close()
