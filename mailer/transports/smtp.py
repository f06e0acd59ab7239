"""SMTP with persistent connections, pipelined where the server offers it (RFC 5321, RFC 2920).

One message costs one round trip: the end of one message and the envelope of the next travel together,
`body . MAIL RCPT DATA`, since DATA must be the last command of a group (RFC 2920 §3.1). smtplib opens the
connection (EHLO, STARTTLS, AUTH); its sendmail, four round trips a message, is not used.
"""

import re
import select
import smtplib
import socket
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

from mailer.transports.contract import (
    NOT_CARRIED,
    Envelope,
    Kind,
    MayStillGo,
    Outcome,
    TransportUnavailable,
    never,
    one_line,
)
from mailer.transports.signing import signed

CONNECT_SECONDS = 20
# RFC 5321 §4.5.3.2 allows a server ten minutes for its word on a message; five keep a worker from a hung one.
REPLY_SECONDS = 300
FAREWELL_SECONDS = 3  # for the last words of a server that is leaving, or that we leave
RECORD = 2**14  # the most that one TLS record holds (RFC 8446 §5.1)
CRLF_DOT = b"\r\n."
# Enhanced status codes about this one address or mailbox: wrong, moved, full (RFC 3463 §3.2, §3.3).
OF_MAILBOX = re.compile(r"4\.[12]\.")


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's reply: a code of three digits and its text."""

    code: int
    text: str

    @property
    def kind(self) -> Kind:
        """The reply's first digit (RFC 5321 §4.2.1); 3, "go on", settles nothing."""
        kinds = {2: Kind.ACCEPTED, 4: Kind.LATER, 5: Kind.REFUSED}
        return kinds.get(self.code // 100, Kind.UNKNOWN)

    @property
    def defers_domain(self) -> bool:
        """Come later, and not because of this mailbox: the server or its network is busy, or wants less of our mail."""
        return self.kind is Kind.LATER and not OF_MAILBOX.match(self.text)

    def outcome(self, key: bytes, kind: Kind | None = None) -> Outcome:
        return Outcome(key, kind or self.kind, str(self), defers_domain=self.defers_domain)

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class Left(smtplib.SMTPServerDisconnected):
    """The server said 421 and leaves (RFC 5321 §3.8)."""


@dataclass(slots=True)
class Begun:
    """A message whose DATA was answered with 354: its body goes out with the next group of commands.

    A recipient that was refused although DATA was allowed gets an empty body (RFC 2920 §3.1); its outcome
    stands already. `unsent` counts the octets of the body, final dot included, that the network has not
    taken: while there are any, the server can't have the message (RFC 5321 §4.1.1.4).
    """

    key: bytes
    octets: bytes
    unsent: int
    settled: bool = False

    @classmethod
    def of(cls, key: bytes, body: bytes, *, settled: bool = False) -> "Begun":
        octets = body + b".\r\n"
        return cls(key, octets, len(octets), settled)


class SmtpTransport:
    """One connection to the server at `url` (smtp:// with STARTTLS beyond loopback, smtps://)."""

    def __init__(self, url: str) -> None:
        self.objection = ""
        self.unavailable = ""
        self.pause: float | None = None
        self.batch = 1
        self._url = urlsplit(url)
        self._connection: smtplib.SMTP | None = None
        self._pipelining = False
        self._begun: Begun | None = None
        self._reset_due = False
        self._outcomes: list[Outcome] = []

    # -- connection ----------------------------------------------------------------------------------

    def open(self) -> None:
        try:
            self._connection = _connected(self._url)
        except (OSError, smtplib.SMTPException, UnicodeError) as wrong:
            raise TransportUnavailable(
                f"The mail server {self._url.hostname}:{_port(self._url)} can't be used: {_in_words(wrong)}. "
                "Sending goes on by itself as soon as it answers; check EMAIL_URL if it never does."
            ) from wrong
        self._pipelining = self._connection.has_extn("pipelining")
        self._begun, self._reset_due = None, False

    def close(self) -> None:
        if self._connection is None:
            return
        try:
            if (
                self._connection.sock is not None and not self._begun
            ):  # a QUIT in mid-message would be part of it
                self._connection.sock.settimeout(FAREWELL_SECONDS)
                self._connection.quit()
        except (OSError, smtplib.SMTPException):
            pass  # the server left first
        self._connection.close()
        self._connection, self._begun = None, None

    # -- sending -------------------------------------------------------------------------------------

    def send(self, key: bytes, envelope: Envelope) -> None:
        if not envelope.rcpt_to.isascii():
            self._outcomes.append(Outcome(key, Kind.REFUSED, NOT_CARRIED))
            return
        if self.unavailable:  # asked once: each further try could take CONNECT_SECONDS
            self._outcomes.append(Outcome(key, Kind.LATER, self.unavailable))
            return
        try:
            self._reopen_if_lost()
            self._begin(key, envelope)
        except TransportUnavailable as wrong:
            self.unavailable = str(wrong)
            self._outcomes.append(Outcome(key, Kind.LATER, self.unavailable))
        except (OSError, smtplib.SMTPException) as wrong:
            self._lose(wrong)
            words = f"The connection was lost: {_in_words(wrong)}"
            self._outcomes.append(Outcome(key, Kind.LATER, words, defers_domain=isinstance(wrong, Left)))

    def outcomes(self, may_still_go: MayStillGo = never) -> list[Outcome]:
        # SMTP knows no message again, so none is ever repeated.
        try:
            self._end_last()
        except (OSError, smtplib.SMTPException) as wrong:
            self._lose(wrong)
        reported, self._outcomes = self._outcomes, []
        return reported

    def _begin(self, key: bytes, envelope: Envelope) -> None:
        """End the message before and begin this one, up to its DATA."""
        commands = [
            f"MAIL FROM:<{envelope.mail_from}>".encode(),
            f"RCPT TO:<{envelope.rcpt_to}>".encode(),
            b"DATA",
        ]
        mail, rcpt, data = self._pipelined(commands) if self._pipelining else self._in_lockstep(commands)
        if data.code == 354 and mail.kind is rcpt.kind is Kind.ACCEPTED:
            self._begun = Begun.of(key, _stuffed(signed(envelope.data)))
            return
        self._outcomes.append(self._not_begun(key, mail, rcpt, data))
        if data.code == 354:
            self._begun = Begun.of(key, b"", settled=True)
        else:
            self._reset_due = True

    def _pipelined(self, commands: list[bytes]) -> list[Reply]:
        reset, self._reset_due = self._reset_due, False
        self._end_last(b"".join(c + b"\r\n" for c in ([b"RSET", *commands] if reset else commands)))
        if reset:
            self._reply()
        return [self._reply() for _ in commands]

    def _in_lockstep(self, commands: list[bytes]) -> list[Reply]:
        self._end_last()
        if self._reset_due:
            self._reset_due = False
            self._write(b"RSET\r\n")
            self._reply()
        replies: list[Reply] = []
        for command in commands:
            self._write(command + b"\r\n")
            replies.append(self._reply())
            if replies[-1].kind is not Kind.ACCEPTED:
                break
        return replies + [replies[-1]] * (len(commands) - len(replies))

    def _not_begun(self, key: bytes, mail: Reply, rcpt: Reply, data: Reply) -> Outcome:
        if mail.kind is not Kind.ACCEPTED:
            if mail.kind is Kind.REFUSED:
                self.objection = f"The mail server refuses the sender: {mail}"
            return Outcome(key, Kind.LATER, str(mail))  # about the sender: no recipient pays for it
        reply = rcpt if rcpt.kind is not Kind.ACCEPTED else data
        return reply.outcome(key, Kind.REFUSED if reply.kind is Kind.REFUSED else Kind.LATER)

    def _end_last(self, following: bytes = b"") -> None:
        """Send what is left of the message before, `following` in the same breath, and read its outcome."""
        begun = self._begun
        if begun is None:
            self._write(following)
            return
        self._notice_leaving()
        self._write(begun.octets + following)
        reply = self._reply()
        if reply.kind is Kind.UNKNOWN:
            raise smtplib.SMTPServerDisconnected(f"no answer to a message: {reply}")
        self._begun = None
        if not begun.settled:
            self._outcomes.append(reply.outcome(begun.key))

    def _notice_leaving(self) -> None:
        """After its 354 a server waits for the body: if there is something to read, it is its farewell.

        A body sent after it would be lost, and nobody could tell whether it was.
        """
        if self._connection is None or self._connection.sock is None or not _readable(self._connection.sock):
            return
        self._connection.sock.settimeout(FAREWELL_SECONDS)
        raise smtplib.SMTPServerDisconnected(f"out of turn: {self._reply()}")

    def _lose(self, wrong: Exception) -> None:
        """The connection is gone. What was begun may have arrived only if its last octet had left."""
        if self._begun and not self._begun.settled:
            kind = Kind.LATER if self._begun.unsent > 0 else Kind.UNKNOWN
            words = f"The connection was lost in mid-message: {_in_words(wrong)}"
            self._outcomes.append(Outcome(self._begun.key, kind, words))
        self._begun = None
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _reopen_if_lost(self) -> None:
        if self._connection is None:
            self.open()

    # -- the wire ------------------------------------------------------------------------------------

    def _write(self, octets: bytes) -> None:
        if self._connection is None or self._connection.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        # Record by record, since one that did not leave whole can't be read: so we know what may have arrived.
        rest = memoryview(octets)
        while rest:
            taken = self._connection.sock.send(rest[:RECORD])
            rest = rest[taken:]
            if self._begun:
                self._begun.unsent -= taken

    def _reply(self) -> Reply:
        if self._connection is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        code, text = self._connection.getreply()
        reply = Reply(code, one_line(text.decode("utf-8", "replace")))
        if not 200 <= code < 600:
            raise smtplib.SMTPServerDisconnected(f"not an SMTP reply: {reply.text}")
        if code == 421:
            # The server is leaving and has not taken what it answers (RFC 5321 §3.8).
            self._outcome_of_leaving(reply)
        return reply

    def _outcome_of_leaving(self, reply: Reply) -> None:
        if self._begun and not self._begun.settled:
            self._outcomes.append(reply.outcome(self._begun.key))
        self._begun = None
        raise Left(str(reply))


def _port(url: SplitResult) -> int:
    return url.port or (465 if url.scheme == "smtps" else 25)


def _connected(url: SplitResult) -> smtplib.SMTP:
    host, port = url.hostname or "", _port(url)
    if url.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            host, port, timeout=CONNECT_SECONDS, context=ssl.create_default_context()
        )
    else:
        connection = smtplib.SMTP(host, port, timeout=CONNECT_SECONDS)
    try:
        _introduced(connection, url)
    except BaseException:
        connection.close()
        raise
    return connection


def _introduced(connection: smtplib.SMTP, url: SplitResult) -> None:
    if connection.sock is None:
        raise smtplib.SMTPServerDisconnected("not connected")
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.ehlo_or_helo_if_needed()
    if url.scheme == "smtp" and not _on_this_machine(url.hostname or ""):
        # Names and addresses of people never cross a network in the clear (D23); a server without
        # STARTTLS is refused here, in smtplib's words.
        connection.starttls(context=ssl.create_default_context())
        connection.ehlo()
    if url.username:
        connection.login(unquote(url.username), unquote(url.password or ""))
    connection.sock.settimeout(REPLY_SECONDS)


def _on_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _readable(sock: socket.socket) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def _in_words(wrong: Exception) -> str:
    if isinstance(wrong, smtplib.SMTPResponseException):
        said = (
            wrong.smtp_error.decode("utf-8", "replace")
            if isinstance(wrong.smtp_error, bytes)
            else wrong.smtp_error
        )
        return one_line(f"{wrong.smtp_code} {said}")
    return one_line(str(wrong).rstrip(".")) or type(wrong).__name__


def _stuffed(data: bytes) -> bytes:
    """A line that begins with a dot gets a second one (RFC 5321 §4.5.2)."""
    stuffed = data.replace(CRLF_DOT, b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed
