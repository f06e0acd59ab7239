"""An SMTP server that plays a script, octet by octet: what it says, when it cuts the line, what it keeps."""

import contextlib
import socket
import ssl
import struct
import threading
import time
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

BODY = b"Subject: Spring\r\n\r\nHello.\r\n"

Stage = Literal["greeting", "mail", "rcpt", "data", "body", "message", "rset", "quit"]


@dataclass(frozen=True, slots=True)
class Step:
    """What the server does at one stage instead of its usual.

    It says `reply` (lines are joined by CRLF; "" says nothing) after `wait` seconds, and cuts the line when
    `cut`. At stage "body", `cut` comes after `taken` octets of it. At stage "message", `keeps` says whether
    it keeps the message; None: if it says 2xx.
    """

    reply: str = ""
    cut: bool = False
    wait: float = 0.0
    taken: int = 0
    keeps: bool | None = None


Play = Mapping[Stage, Step]
USUAL: dict[Stage, Step] = {
    "greeting": Step("220 script.localhost"),
    "mail": Step("250 2.1.0 sender ok"),
    "rcpt": Step("250 2.1.5 recipient ok"),
    "data": Step("354 go on"),
    "body": Step(),
    "message": Step("250 2.0.0 kept"),
    "rset": Step("250 2.0.0 forgotten"),
    "quit": Step("221 2.0.0 bye", cut=True),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A message that the server has taken responsibility for."""

    mail_from: bytes
    rcpt_to: bytes
    data: bytes


class Cut(Exception):
    """The server has cut the line."""


@dataclass(slots=True)
class ScriptedServer:
    """Plays `plays` one after another, the next with each MAIL; after the last it is an ordinary server.

    `context` makes it speak TLS: at once with `tls="smtps"`, after STARTTLS with `tls="starttls"`.
    """

    plays: Sequence[Play] = ()
    greeting: Step = USUAL["greeting"]
    pipelining: bool = True
    context: ssl.SSLContext | None = None
    tls: Literal["smtps", "starttls"] = "smtps"
    auth: tuple[str, str] | None = None

    port: int = 0
    connections: int = 0
    messages: int = 0  # how many MAIL commands it has seen
    kept: list[Kept] = field(default_factory=list)
    commands: list[bytes] = field(default_factory=list)
    _listener: socket.socket | None = None
    _threads: list[threading.Thread] = field(default_factory=list)
    _open: set[socket.socket] = field(default_factory=set)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._begin(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_listening()
        for line in list(self._open):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

    def stop_listening(self) -> None:
        """From now on connections are refused; open ones go on."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def _begin(self, work, *args) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(line)
            self._begin(self._converse, line)

    def _converse(self, line: socket.socket) -> None:
        try:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.closing(Conversation(self, line)) as conversation:
                conversation.run()
        except (OSError, Cut):
            pass  # the client has gone, or the script says so
        finally:
            self._open.discard(line)
            line.close()


class Conversation:
    """One connection."""

    def __init__(self, server: ScriptedServer, line: socket.socket) -> None:
        self.server = server
        self.line = line
        self.buffered = b""
        self.play: Play = {}
        self.mail_from: bytes | None = None
        self.rcpt_to: bytes | None = None

    def close(self) -> None:
        self.server._open.discard(self.line)
        self.line.close()

    def run(self) -> None:
        if self.server.context and self.server.tls == "smtps":
            self._secure()
        self._do(self.server.greeting)
        while (command := self._line()) is not None:
            self.server.commands.append(command)
            self._answer(command)

    def _answer(self, command: bytes) -> None:
        verb = command[:4].upper().decode()
        known = {
            "EHLO": self._ehlo,
            "STAR": self._starttls,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "QUIT": lambda _: self._do(self._step("quit")),
        }
        known.get(verb, lambda _: self._say("500 5.5.1 unknown"))(command)

    def _ehlo(self, _: bytes) -> None:
        offers = ["8BITMIME"]
        if self.server.pipelining:
            offers.append("PIPELINING")
        if self.server.context and self.server.tls == "starttls" and not isinstance(self.line, ssl.SSLSocket):
            offers.append("STARTTLS")
        if self.server.auth:
            offers.append("AUTH PLAIN")
        self._say("\r\n".join(["250-script.localhost", *(f"250-{offer}" for offer in offers), "250 HELP"]))

    def _starttls(self, _: bytes) -> None:
        self._say("220 2.0.0 go on")
        self._secure()

    def _secure(self) -> None:
        self.server._open.discard(self.line)
        self.line = self.server.context.wrap_socket(self.line, server_side=True)
        self.server._open.add(self.line)

    def _auth(self, command: bytes) -> None:
        given = b64decode(command.split()[2]).decode().split("\0")[1:]
        right = tuple(given) == self.server.auth
        self._say("235 2.7.0 welcome" if right else "535 5.7.8 wrong name or password")

    def _mail(self, command: bytes) -> None:
        number, self.server.messages = self.server.messages, self.server.messages + 1
        self.play = self.server.plays[number] if number < len(self.server.plays) else {}
        reply = self._do(self._step("mail"))
        self.mail_from, self.rcpt_to = (_path(command), None) if reply.startswith("2") else (None, None)

    def _rcpt(self, command: bytes) -> None:
        if self.mail_from is None and "rcpt" not in self.play:
            self._say("503 5.5.1 MAIL first")
            return
        if self._do(self._step("rcpt")).startswith("2"):
            self.rcpt_to = _path(command)

    def _data(self, _: bytes) -> None:
        if self.rcpt_to is None and "data" not in self.play:
            self._say("554 5.5.1 no valid recipients")
            return
        if self._do(self._step("data")).startswith("354"):
            self._message()

    def _message(self) -> None:
        body = self._step("body")
        time.sleep(body.wait)
        if body.cut and not body.reply:
            self._take(body.taken)
            self._cut()
        if body.reply:
            self._do(body)
        data = self._dotted()
        step = self._step("message")
        keeps = step.reply.startswith("2") if step.keeps is None else step.keeps
        if keeps and self.mail_from is not None and self.rcpt_to is not None:
            self.server.kept.append(Kept(self.mail_from, self.rcpt_to, data))
        self.mail_from = self.rcpt_to = None
        self._do(step)

    def _rset(self, _: bytes) -> None:
        self.mail_from = self.rcpt_to = None
        self._do(self._step("rset"))

    # -- the wire --------------------------------------------------------------------------------------

    def _step(self, stage: Stage) -> Step:
        return self.play.get(stage, USUAL[stage])

    def _do(self, step: Step) -> str:
        time.sleep(step.wait)
        if step.reply:
            self._say(step.reply)
        if step.cut and step.reply:
            self._leave()
        if step.cut:
            self._cut()
        return step.reply

    def _leave(self) -> None:
        """Let the last words arrive: a reset could overtake them, and whether it does is chance."""
        if isinstance(self.line, ssl.SSLSocket):
            return
        self.line.shutdown(socket.SHUT_WR)
        self.line.settimeout(2)
        with contextlib.suppress(OSError):
            while self.line.recv(65536):
                pass

    def _say(self, reply: str) -> None:
        self.line.sendall(reply.encode("latin-1") + b"\r\n")

    def _cut(self) -> None:
        if not isinstance(self.line, ssl.SSLSocket):
            # Without lingering: what is not read yet is answered with a reset, as when a machine dies.
            self.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Cut

    def _take(self, octets: int) -> None:
        while len(self.buffered) < octets and (more := self.line.recv(65536)):
            self.buffered += more

    def _line(self) -> bytes | None:
        """One line without its end; None when the client has gone."""
        while b"\r\n" not in self.buffered:
            more = self.line.recv(65536)
            if not more:
                return None
            self.buffered += more
        line, _, self.buffered = self.buffered.partition(b"\r\n")
        return line

    def _dotted(self) -> bytes:
        """The message up to its dot, un-stuffed line by line (RFC 5321 §4.5.2)."""
        lines: list[bytes] = []
        while (line := self._line()) != b".":
            if line is None:
                raise Cut
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(line + b"\r\n" for line in lines)


def _path(command: bytes) -> bytes:
    return command[command.index(b"<") + 1 : command.rindex(b">")]


@dataclass(frozen=True, slots=True)
class Letter:
    """An envelope of our own: the transport takes any."""

    mail_from: str
    rcpt_to: str
    data: bytes


def letter(name: str, data: bytes = BODY) -> Letter:
    return Letter("news@example.com", f"{name}@example.org", data)


def recipients(server: ScriptedServer) -> list[str]:
    return [kept.rcpt_to.decode().partition("@")[0] for kept in server.kept]
