"""A real SMTP server (RFC 5321) on loopback that puts what it is given into a `MessageStore`.

The protocol is aiosmtpd's. It undoes dot-stuffing (RFC 5321 §4.5.2), takes CRLF alone for a line end
(§2.3.8) and turns down longer lines than §4.5.3.1.6 allows, so what is stored is what a strict
receiver would have got. Added are PIPELINING (RFC 2920), ways for tests to play a difficult server,
and a start and stop that leave nothing open.
"""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from typing import Any, Literal
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from project.inbox.feed import Feed
from project.inbox.store import MessageStore

LOOPBACK = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}
SIZE_LIMIT = 30_000_000
NAME = "inbox.localhost"  # RFC 6761 §6.3: never the name of another machine

# At level INFO aiosmtpd logs each command: addresses, which no log should hold, at a tenth of the speed.
logging.getLogger("mail.log").setLevel(logging.WARNING)
log = logging.getLogger(__name__)

Stage = Literal["mail", "rcpt", "data", "message"]
Reply = Callable[[Stage, Envelope], str | None]


class Hangup(Exception):
    """Raised by a `reply` to cut the connection without an answer.

    With `kept`, at stage "message", the message is stored first: the sender cannot know that it has
    arrived, as when a server dies between keeping a message and saying so.
    """

    def __init__(self, kept: bool = False) -> None:
        super().__init__()
        self.kept = kept


class Handler:
    """What aiosmtpd asks at each step of a session."""

    def __init__(self, store: MessageStore, reply: Reply | None, delay: float, feed: Feed | None) -> None:
        self.store = store
        self.reply = reply
        self.delay = delay
        self.feed = feed

    async def handle_EHLO(
        self,
        server: "Conversation",
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        # True of aiosmtpd: it reads its commands one by one from a buffer and throws none of them away.
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_MAIL(
        self, server: "Conversation", session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        refusal = await self.refusal("mail", server, envelope)
        if refusal:
            envelope.mail_from = None
        return refusal or "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: "Conversation", session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        refusal = await self.refusal("rcpt", server, envelope)
        if refusal:
            envelope.rcpt_tos.pop()
        return refusal or "250 2.1.5 OK"

    async def handle_DATA(self, server: "Conversation", session: Session, envelope: Envelope) -> str:
        refusal = await self.refusal("message", server, envelope)
        if not refusal:
            self.keep(envelope)
        await asyncio.sleep(self.delay)
        return refusal or "250 2.0.0 OK"

    async def refusal(self, stage: Stage, server: "Conversation", envelope: Envelope) -> str | None:
        """The reply that a test wants instead of acceptance. Does not return from a Hangup."""
        try:
            return self.reply(stage, envelope) if self.reply else None
        except Hangup as hangup:
            if hangup.kept:
                self.keep(envelope)
            server.hang_up()
            never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            return await never  # aiosmtpd cancels the session, which waits here, when the connection is gone

    def keep(self, envelope: Envelope) -> None:
        sender = envelope.mail_from or "<>"  # aiosmtpd's form of the null path, RFC 5321 §4.5.5
        self.store.append(
            "" if sender == "<>" else sender, envelope.rcpt_tos, envelope.original_content or b""
        )
        if self.feed:
            self.feed.take(envelope.rcpt_tos, envelope.original_content or b"")

    async def handle_exception(self, error: Exception) -> str:
        log.error("The inbox could not take a message.", exc_info=error)
        return "451 4.3.0 The inbox could not take this message; its log says why"


class Conversation(SMTP):
    """A session in which a message may also be refused before it begins, and that can be cut."""

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:
        refusal = None
        if self.envelope and self.envelope.rcpt_tos:  # without recipients the answer is 503 in any case
            refusal = await self.event_handler.refusal("data", self, self.envelope)
        if refusal:
            await self.push(refusal)
        else:
            await super().smtp_DATA(arg)

    def hang_up(self) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):  # there is none after the end of a connection
            self.transport.abort()


class InboxServer:
    """The server, in a thread of its own. `port` 0 takes a free one; after `start` it is the real one.

    `reply` is asked at each stage with the envelope as it is by then: "mail" and "rcpt" (the last of
    `rcpt_tos` is the one in question), "data" (may a message begin?), "message" (is this one taken?).
    None accepts; a string such as "550 5.1.1 No such user" is said instead, and nothing is kept.
    It may raise Hangup. `delay` is how many seconds each message waits for its answer; by then an
    accepted one is already kept, as on any server that is slow to say so. `feed` gets what is accepted.
    """

    def __init__(
        self,
        store: MessageStore,
        host: str = "127.0.0.1",
        port: int = 0,
        reply: Reply | None = None,
        delay: float = 0.0,
        feed: Feed | None = None,
    ) -> None:
        if host not in LOOPBACK:
            raise ValueError(f"The inbox listens on 127.0.0.1 or ::1 and never on {host!r}.")
        self.store = store
        self.host = host
        self.port = port
        self._handler = Handler(store, reply, delay, feed)
        self._sessions: WeakSet[Conversation] = WeakSet()

    def start(self) -> None:
        """Takes connections from now on. Raises OSError if the port is not free."""
        listener = socket.create_server((self.host, self.port), family=LOOPBACK[self.host])
        # Inherited by each connection. asyncio would not set it here (the listener names no protocol number),
        # and then pipelined replies wait 40 ms for the sender's delayed acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, args=(listener,), name="inbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Cuts open connections and lets go of the port and the store; all that was accepted is kept."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self.store.close()

    def __enter__(self) -> "InboxServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self, listener: socket.socket) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> None:
        server = await self._loop.create_server(self._converse, sock=listener)
        await self._stopping.wait()
        self._loop.remove_reader(listener)
        # From Python 3.12 on a server is closed only once its connections are, so none may linger. One that was taken
        # a moment ago has its session in the next turn of the loop, its transport in the one after, and is gone in
        # two; until then the server must not be closed, or asyncio loses it.
        for _ in range(5):
            await asyncio.sleep(0)
            for session in list(self._sessions):
                session.hang_up()
        server.close()
        await server.wait_closed()

    def _converse(self) -> Conversation:
        options: dict[str, Any] = {"hostname": NAME, "ident": "Candor inbox", "data_size_limit": SIZE_LIMIT}
        session = Conversation(self._handler, loop=self._loop, **options)
        self._sessions.add(session)
        return session
