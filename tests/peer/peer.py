"""A client of TOP's message channel, written from the description of the frames and on another WebSocket library.

Connects to the simulator, receives published messages and confirms them: python3 peer.py URL_OF_THE_SIMULATOR
"""

import gzip
import hashlib
import json
import struct
import sys
import time
import urllib.request

from websockets.sync.client import connect

APP_KEY, SECRET, GROUP = "12345678", "sandbox-secret", "default"
CONNECT, CONNECT_ACK, SEND = 0, 1, 2
BYTE, INT64, TEXT = 2, 5, 1
PULL, CONFIRM, DATA, FAILED = 1, 2, 3, 20


def counted(text):
    data = text.encode()
    return struct.pack("<i", len(data)) + data


def frame(kind, custom, flag=None, token=None):
    """Writes a frame; `custom` maps names to pairs of format and value."""
    out = bytes([2, kind])
    if flag:
        out += struct.pack("<Hi", 4, flag)
    if token:
        out += struct.pack("<H", 5) + counted(token)
    for name, (form, value) in custom.items():
        out += struct.pack("<H", 1) + counted(name) + bytes([form])
        out += {BYTE: lambda: struct.pack("<b", value), INT64: lambda: struct.pack("<q", value), TEXT: lambda: counted(value)}[form]()
    return out + struct.pack("<H", 0)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        value = struct.unpack_from("<" + form, self.data, self.at)[0]
        self.at += struct.calcsize("<" + form)
        return value

    def bytes(self):
        length = self.take("i")
        self.at += length
        return self.data[self.at - length:self.at]

    def value(self):
        form = self.take("B")
        numbers = {2: "b", 3: "h", 4: "i", 5: "q", 6: "q"}
        if form == 0:
            return None
        if form in numbers:
            return self.take(numbers[form])
        return self.bytes() if form == 7 else self.bytes().decode()


def read(data):
    """Reads a frame: its type, its headers and its custom headers."""
    reader = Reader(data)
    assert reader.take("B") == 2, "the response has another version"
    kind, headers, custom = reader.take("B"), {}, {}
    while header := reader.take("H"):
        if header == 1:
            name = reader.bytes().decode()
            custom[name] = reader.value()
        else:
            headers[header] = reader.take("i") if header in (2, 4) else reader.bytes().decode()
    assert reader.at == len(data), "bytes follow the end of the frame"
    return kind, headers, custom


def connect_frame(secret, flag):
    signed = {"app_key": APP_KEY, "group_name": GROUP, "timestamp": str(int(time.time() * 1000))}
    base = secret + "".join(name + value for name, value in sorted(signed.items())) + secret
    sign = hashlib.md5(base.encode()).hexdigest().upper()
    custom = {**signed, "sign": sign, "sdk": "peer", "intranet_ip": "127.0.0.1"}
    return frame(CONNECT, {name: (TEXT, value) for name, value in custom.items()}, flag=flag)


def call(top, path, body=None):
    request = urllib.request.Request(top + path, json.dumps(body).encode() if body else None, {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=10))


def main(top):
    url = top.replace("http", "ws", 1) + "/"
    with connect(url, ping_interval=None, compression=None) as socket:
        socket.send(connect_frame("another secret", 1))
        kind, headers, _ = read(socket.recv(timeout=10))
        assert kind == CONNECT_ACK and headers[4] == 1 and headers[2] == 25 and 5 not in headers, headers
        socket.send(connect_frame(SECRET, 2))
        kind, headers, _ = read(socket.recv(timeout=10))
        assert kind == CONNECT_ACK and headers[4] == 2 and 2 not in headers, headers
        token = headers[5]

        long = "机" * 2_000
        contents = [{"id": "1", "order_no": "7", "type": "1"}, {"id": "2", "order_no": long, "type": "3"}, {"id": "3"}]
        for content in contents:
            call(top, "/_simulator/messages", {"topic": "alitrip_flight_TradeNotify", "content": content})
        received = []
        for _ in contents:
            kind, headers, custom = read(socket.recv(timeout=10))
            assert kind == SEND and headers[5] == token and custom["__kind"] == DATA, (headers, custom)
            text = custom["content"]
            text = gzip.decompress(text).decode() if isinstance(text, bytes) else text
            received.append((custom["id"], json.loads(text)))
            assert abs(custom["time"] / 1000 - time.time()) < 60 and custom["userid"] > 0, custom
        assert [content for _, content in received] == contents, received
        (first, _), (second, _), (third, _) = received
        for number in (first, second):
            socket.send(frame(SEND, {"__kind": (BYTE, CONFIRM), "id": (INT64, number)}, token=token))
        socket.send(frame(SEND, {"__kind": (BYTE, FAILED), "id": (INT64, third), "msg": (TEXT, "peer")}, token=token))
        socket.send(frame(SEND, {"__kind": (BYTE, PULL)}, token=token))

        expected = {str(first): "confirmed", str(second): "confirmed", str(third): "failed"}
        deadline = time.time() + 10
        while time.time() < deadline:
            states = {row["id"]: row["state"] for row in call(top, "/_simulator/messages")["items"]}
            if states == expected:
                return
            time.sleep(0.05)
        sys.exit(f"the messages are {states}, not {expected}")


main(sys.argv[1].rstrip("/"))
