"""Mail for the installation is handed to a program, as a mail server's pipe does; other mail is not."""

import smtplib
import sys

from project.inbox import feed
from project.inbox.feed import Feed
from project.inbox.server import InboxServer
from project.inbox.store import MessageStore

KEEPS = "import sys; open(sys.argv[1], 'ab').write(sys.argv[3].encode() + b'|' + sys.stdin.buffer.read())"


def test_only_mail_to_the_domain_is_handed_in_with_its_bytes_and_its_address(tmp_path):
    kept = tmp_path / "kept"
    fed = Feed("in.example.com", [sys.executable, "-c", KEEPS, str(kept)])
    fed.take(["ann@example.com", "abc@IN.example.com"], b"Subject: stop\r\n\r\n\xff")
    fed.take(["in.example.com@example.org"], b"other")
    fed.stop()
    assert kept.read_bytes() == b"abc@IN.example.com|Subject: stop\r\n\r\n\xff"


def test_a_program_that_asks_for_it_gets_the_mail_again(tmp_path, monkeypatch):
    monkeypatch.setattr(feed, "PAUSES", (0, 0, 0))
    times = tmp_path / "times"
    program = (
        "import sys, pathlib; p = pathlib.Path(sys.argv[1]); n = int(p.read_text() if p.exists() else 0) + 1; "
        "p.write_text(str(n)); sys.exit(75 if n < 3 else 0)"
    )
    fed = Feed("in.example.com", [sys.executable, "-c", program, str(times)])
    fed.take(["abc@in.example.com"], b"x")
    fed.stop()
    assert times.read_text() == "3"


def test_the_server_hands_in_what_it_accepted(tmp_path):
    kept = tmp_path / "kept"
    fed = Feed("in.example.com", [sys.executable, "-c", KEEPS, str(kept)])
    with (
        InboxServer(MessageStore(tmp_path / "inbox"), feed=fed) as server,
        smtplib.SMTP(server.host, server.port) as client,
    ):
        client.sendmail("ann@example.org", ["abc@in.example.com"], b"Subject: stop\r\n\r\nbye\r\n")
    fed.stop()
    assert kept.read_bytes() == b"abc@in.example.com|Subject: stop\r\n\r\nbye\r\n"
