"""Pictures as a web server sends them: the bytes on the wire."""

import pytest

from tests.mailer.pictures import photo, stored
from tests.mailer.serving import served

FOR_EVER = "public, max-age=31536000, immutable"


@pytest.mark.long
def test_gunicorn_sends_the_same_bytes_headers_alone_or_nothing(living_database):
    image = stored(photo(800, 600))
    with served(living_database) as server:
        whole = server.ask("GET", image.path, "Cookie: sessionid=x", "Connection: close")
        head = server.ask("HEAD", image.path, "Connection: close")
        same = server.ask("GET", image.path, f'If-None-Match: "{image.name}"', "Connection: close")
        none = server.ask("GET", image.path.replace("jpg", "png"), "Connection: close")
    assert (whole.status, whole.body) == (200, bytes(image.data))
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(image.size))
    assert (same.status, same.body) == (304, b"")
    assert none.status == 404
    for answer in (whole, head, same):
        assert answer.headers["cache-control"] == FOR_EVER
        assert "set-cookie" not in answer.headers
