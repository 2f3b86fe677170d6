"""An HTTP endpoint that answers at once and counts what it was sent, for one benchmark run.

``python -m benchmarks.sink`` prints its port; ``GET /`` answers how many marked alerts have arrived.
"""

from __future__ import annotations

import asyncio

MARK = b"bench"
_ANSWER = b'{"id":"1","channel_id":"1"}'


class Sink(asyncio.Protocol):
    """Keep-alive HTTP/1.1, just enough for a client that sends ``Content-Length``."""

    seen: set[bytes] = set()
    requests = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the answers."""
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer every complete request in the buffer."""
        self.buffer += data
        while (head_end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:head_end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            end = head_end + 4 + length
            if len(self.buffer) < end:
                return
            body, self.buffer = self.buffer[head_end + 4 : end], self.buffer[end:]
            self.answer(head, body)

    def answer(self, head: bytes, body: bytes) -> None:
        """Count a POST, or tell the count to a GET."""
        if head.startswith(b"get"):
            text = f"{len(Sink.seen)} {Sink.requests}".encode()
        else:
            Sink.requests += 1
            Sink.seen.update(part[:8] for part in body.split(MARK)[1:])
            text = _ANSWER
        self.transport.write(  # type: ignore[attr-defined]
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text)
        )


async def main() -> None:
    """Serve on a free port of the loopback until killed."""
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
