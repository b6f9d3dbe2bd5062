"""The least of a WebSocket client, with the standard library alone: lines in are texts to send, texts that come are lines out.

    python3 client.py HOST PORT PATH

Prints `open`, then each text, then `closed CODE REASON`. The line `die` ends it without a word to the other side.
"""

import base64
import hashlib
import os
import socket
import struct
import sys
import threading


def receive(stream, count):
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data


def frame(opcode, data):
    mask = os.urandom(4)
    size = len(data)
    head = bytes([0x80 | opcode])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 65536:
        head += struct.pack("!BH", 0x80 | 126, size)
    else:
        head += struct.pack("!BQ", 0x80 | 127, size)
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))


def main():
    host, port, path = sys.argv[1:]
    peer = socket.create_connection((host, int(port)), timeout=30)
    stream = peer.makefile("rb")
    key = base64.b64encode(os.urandom(16)).decode()
    peer.sendall(
        f"GET {path} HTTP/1.1\r\nHost: it\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    status = stream.readline().decode().strip()
    headers = {}
    while (line := stream.readline().decode().strip()):
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    if " 101 " not in status:
        print("refused", status, flush=True)
        return
    magic = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    expected = base64.b64encode(hashlib.sha1(magic.encode()).digest()).decode()
    assert headers["sec-websocket-accept"] == expected, headers
    print("open", flush=True)

    def say():
        for line in sys.stdin:
            line = line.strip()
            if line == "die":
                os._exit(0)
            peer.sendall(frame(1, line.encode()))

    threading.Thread(target=say, daemon=True).start()
    try:
        while True:
            first, size = receive(stream, 2)
            if size == 126:
                (size,) = struct.unpack("!H", receive(stream, 2))
            elif size == 127:
                (size,) = struct.unpack("!Q", receive(stream, 8))
            data = receive(stream, size)
            opcode = first & 15
            if opcode == 1:
                print(data.decode(), flush=True)
            elif opcode == 8:
                code = struct.unpack("!H", data[:2])[0] if data else 0
                print("closed", code, data[2:].decode(), flush=True)
                return
            elif opcode == 9:
                peer.sendall(frame(10, data))
    except EOFError:
        print("gone", flush=True)


main()
