"""The mail server of the campaigns under faults: the project's own, as a process that can be killed and held.

`python -m tests.faults.mail_server PORT STORE SIGNS DELAY`. Who wants to know where a sender is writes the name of a
point into SIGNS/hold. The next session that comes there is stopped, and what it was about is in SIGNS/held, until that
file is removed; all other sessions go on.

    envelope    RCPT has come: handed over, and not a byte of the message is here
    data        354 was said, and the first line of the message has come; the session is cut afterwards
    heard       the final dot has come; nothing is kept yet, and nothing was answered
    kept        the message is kept, and nothing was answered
"""

import asyncio
import json
import signal
import sys
from pathlib import Path

from aiosmtpd.smtp import Envelope, Session, syntax

from project.inbox.server import Conversation, Handler, InboxServer
from project.inbox.store import MessageStore

POINTS = ("envelope", "data", "heard", "kept")
LONGEST_HOLD = 30.0  # seconds, should whoever asked for it be gone


class Signs:
    """How the server and who watches it tell each other where a session is: by two files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._wanted, self._held = folder / "hold", folder / "held"

    # -- who watches

    def want(self, point: str) -> None:
        self.release()
        draft = self.folder / "draft"
        draft.write_text(point)
        draft.rename(self._wanted)

    def held(self) -> str:
        """For whom the message is that is being held; empty while none is."""
        try:
            return str(json.loads(self._held.read_text())["recipient"])
        except (FileNotFoundError, ValueError):
            return ""

    def release(self) -> None:
        self._wanted.unlink(missing_ok=True)
        self._held.unlink(missing_ok=True)

    # -- the server

    def take(self, point: str) -> bool:
        """Whether somebody wants to see a session at this point: the first that asks is it, and no other."""
        try:
            if self._wanted.read_text() != point:
                return False
            self._wanted.unlink()
        except FileNotFoundError:
            return False
        return True

    async def stay(self, point: str, envelope: Envelope) -> None:
        self._held.write_text(json.dumps({"point": point, "recipient": envelope.rcpt_tos[-1]}))
        for _ in range(int(LONGEST_HOLD / 0.01)):
            if not self._held.exists():
                break
            await asyncio.sleep(0.01)
        self._held.unlink(missing_ok=True)

    def note_cut(self) -> None:
        with (self.folder / "cuts").open("a") as cuts:
            cuts.write(".")

    def cuts(self) -> int:
        """How many sessions were cut within DATA since the server's first start."""
        try:
            return (self.folder / "cuts").stat().st_size
        except FileNotFoundError:
            return 0


class HeldHandler(Handler):
    """The inbox's own handler, with the points at which a session may be held."""

    def __init__(self, store: MessageStore, delay: float, signs: Signs) -> None:
        super().__init__(store, None, delay, None)
        self.signs = signs

    async def handle_RCPT(
        self, server: Conversation, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await super().handle_RCPT(server, session, envelope, address, options)
        if self.signs.take("envelope"):
            await self.signs.stay("envelope", envelope)
        return answer

    async def handle_DATA(self, server: Conversation, session: Session, envelope: Envelope) -> str:
        if self.signs.take("heard"):
            await self.signs.stay("heard", envelope)
        self.keep(envelope)
        if self.signs.take("kept"):
            await self.signs.stay("kept", envelope)
        await asyncio.sleep(self.delay)
        return "250 2.0.0 OK"


class HeldConversation(Conversation):
    """A session that may be held, and then cut, within DATA."""

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:
        signs: Signs = self.event_handler.signs
        if not self.envelope or not self.envelope.rcpt_tos or not signs.take("data"):
            await super().smtp_DATA(arg)
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        await self._reader.readline()
        await signs.stay("data", self.envelope)
        signs.note_cut()
        self.hang_up()
        await asyncio.get_running_loop().create_future()  # until the session is cancelled with its connection


class MailServer(InboxServer):
    """The inbox's own server with such sessions."""

    def __init__(self, store: MessageStore, port: int, delay: float, signs: Signs) -> None:
        super().__init__(store, port=port)
        self._handler = HeldHandler(store, delay, signs)

    def _converse(self) -> Conversation:
        session = HeldConversation(
            self._handler, loop=self._loop, hostname="inbox.localhost", ident="Candor inbox"
        )
        self._sessions.add(session)
        return session


def main(port: str, store: str, signs: str, delay: str) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    server = MailServer(MessageStore(Path(store)), int(port), float(delay), Signs(Path(signs)))
    server.start()
    signal.sigwait({signal.SIGTERM})
    server.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
