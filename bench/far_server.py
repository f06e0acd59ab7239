"""A mail server far away: `python -m bench.far_server SECONDS` answers everything after one round trip.

It takes all that comes, keeps nothing, and says its port first. What is sent in one go is answered in one go
(RFC 2920), so a client that waits as little as the protocol allows pays one round trip a message. Postfix's
`smtp-sink` offers no pipelining and delays by whole seconds.
"""

import asyncio
import sys

GREETING = b"250-far.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
END = b"\r\n.\r\n"


class Session(asyncio.Protocol):
    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.buffered = b""
        self.in_message = False

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.say(b"220 far.example ESMTP\r\n")

    def say(self, replies: bytes) -> None:
        asyncio.get_running_loop().call_later(self.delay, self.transport.write, replies)

    def data_received(self, octets: bytes) -> None:
        self.buffered += octets
        replies = b""
        while (reply := self.next_reply()) is not None:
            replies += reply
        if replies:
            self.say(replies)

    def next_reply(self) -> bytes | None:
        if self.in_message:
            at = self.buffered.find(END)
            if at < 0:
                return None
            self.buffered, self.in_message = self.buffered[at + len(END) :], False
            return b"250 2.0.0 taken\r\n"
        line, end, rest = self.buffered.partition(b"\r\n")
        if not end:
            return None
        self.buffered = rest
        verb = line[:4].upper()
        self.in_message = verb == b"DATA"
        return {b"EHLO": GREETING, b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}.get(
            verb, b"250 OK\r\n"
        )


async def serve(delay: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Session(delay), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
