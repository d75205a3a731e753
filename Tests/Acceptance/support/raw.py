"""HTTP byte by byte, for what no library would send."""

import socket
import ssl
import time

from .gateway import PATIENCE


class Reply:
    def __init__(self, status, headers, body, line):
        self.status, self.headers, self.body, self.line = status, headers, body, line


class Wire:
    """A client connection that sends what it is given and reads answers strictly."""

    def __init__(self, port, timeout=15, receive_buffer=None, tls=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout * PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, *pieces, pause=0.0):
        for piece in pieces:
            self.socket.sendall(piece)
            if pause:
                time.sleep(pause)

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
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

    def head(self):
        line = self.line()
        headers = {}
        while field := self.line():
            name, value = field.decode("latin-1").split(":", 1)
            headers[name.lower()] = value.strip()
        return line.decode(), headers

    def chunk(self):
        """The next chunk's data, empty for the last."""
        size = int(self.line(), 16)
        data = self.exactly(size)
        assert self.line() == b""
        return data

    def reply(self):
        line, headers = self.head()
        status = int(line.split()[1])
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while data := self.chunk():
                body += data
        elif "content-length" in headers:
            body = self.exactly(int(headers["content-length"]))
        else:
            body = b""
        return Reply(status, headers, body, line)

    def at_end(self):
        """True once the gateway has closed its side; anything it still sends is an error of the test's expectation."""
        try:
            data = self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLError):
            return True
        except TimeoutError:
            return False
        self.buffer += data
        return not data


def post(path, body, key, *, extra=(), host="gateway", framing=True):
    """One POST as bytes, with a correct length unless `framing` is off and `extra` says otherwise."""
    lines = [f"POST {path} HTTP/1.1", f"host: {host}", f"authorization: Bearer {key}", "content-type: application/json", *extra]
    if framing:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def chunked(body, size=7):
    pieces = [body[at:at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
