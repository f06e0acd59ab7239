"""`render_message` as other programs call it: bytes out, findings beside, an exit code; no database needed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mailer.messages import parts, read

CLONE = Path(__file__).resolve().parents[2]


@pytest.fixture
def render(tmp_path):
    def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        # nothing listens on port 1: a command that asked the database would fail
        environ = {
            **os.environ,
            "DATA_DIR": str(tmp_path),
            "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        }
        return subprocess.run(
            [sys.executable, "manage.py", "render_message", *arguments],
            cwd=CLONE, env=environ, capture_output=True, timeout=60, check=False,
        )  # fmt: skip

    return run


def test_it_prints_the_bytes_of_one_message_and_nothing_else(render, tmp_path):
    html, text = tmp_path / "body.html", tmp_path / "body.txt"
    html.write_text('<p>Hi {{ first_name|default:"friend" }} – “hello”</p>', encoding="utf-8")
    text.write_bytes("\ufeffHi {{ first_name|default:'friend' }}".encode())
    done = render("--subject", "Grüße", "--html", str(html), "--text", str(text), "--preheader", "Look")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"From: Acme Garden <news@example.org>\r\nTo: dana.miller@example.org\r\n")
    assert read(done.stdout)["Subject"] == "Grüße"
    seen_text, seen_html = parts(done.stdout)
    assert "\nHi Dana\n" in seen_text and "<p>Hi Dana – “hello”</p>" in seen_html


def test_mjml_and_layouts_are_compiled_before_they_are_printed(render, tmp_path):
    mjml, html = tmp_path / "body.mjml", tmp_path / "body.html"
    mjml.write_text(
        "<mjml><mj-body><mj-section><mj-column><mj-text>Hi {{ first_name|default:'friend' }}</mj-text></mj-column>"
        "</mj-section></mj-body></mjml>",
        encoding="utf-8",
    )
    html.write_text("<h1>Covers</h1><p>Roses want them.</p>", encoding="utf-8")
    done = render("--subject", "Roses", "--mjml", str(mjml))
    assert (done.returncode, done.stderr) == (0, b"")
    text, shown = parts(done.stdout)
    assert "\nHi Dana\n" in text and ">Hi Dana</div>" in shown and "<mj" not in shown
    done = render("--subject", "Roses", "--html", str(html), "--layout", "letter")
    assert (done.returncode, done.stderr) == (0, b"")
    assert "Roses want them." in parts(done.stdout)[1]
    mjml.write_text("<mjml><mj-body>Hi</mj-body></mjml>", encoding="utf-8")
    done = render("--subject", "Roses", "--mjml", str(mjml))
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().startswith("block: mjml: Line 1 of the MJML: “Hi” stands in <mj-body>")
    assert render("--subject", "Roses", "--mjml", str(mjml), "--layout", "letter").returncode == 2


def test_a_blocked_message_prints_no_bytes_but_why(render):
    done = render("--subject", "Re: roses")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"block: fake_reply: The subject starts like a reply")


@pytest.mark.parametrize("body", [b"<p>\xfc\xff</p>", b"<p>a\0b</p>", b"{{ unknown }}", b"<div>" * 10_000])
def test_a_body_that_can_not_be_sent_is_named_in_words(render, tmp_path, body):
    (tmp_path / "body.html").write_bytes(body)
    done = render("--subject", "Roses", "--html", str(tmp_path / "body.html"))
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"block: ") and b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [[], ["--subject", "x", "--html", "/no/such/file"], ["--subject", "x", "--html", "/"]]
)
def test_wrong_use_exits_2(render, arguments):
    done = render(*arguments)
    assert (done.returncode, done.stdout) == (2, b"") and b"Traceback" not in done.stderr
