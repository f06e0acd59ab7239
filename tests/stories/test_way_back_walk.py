"""A person who opted out by mistake comes back: asked on the page, confirmed from the mail, by POST alone."""

from urllib.parse import urlsplit

from mailer import addresses, suppression
from mailer.models import Reinstatement, Suppression
from tests.stories import parts
from tests.stories.parts import Installation

DANA = "person2@example.org"


def test_opted_out_asked_confirmed_and_mailed_again(installation: Installation):
    installation.start("web", "worker", "beat")
    installation.wait_for_web()
    friends = parts.list_of(3)
    first = parts.launch(parts.draft(friends))
    installation.wait_until_sent(first)
    link = next(parts.link_in(one) for one in installation.inbox.store.iterate() if one.rcpt_tos == (DANA,))
    assert installation.post(link)[0] == 200
    assert suppression.mailable(addresses.parse(DANA)).reasons == ("opt_out",)

    for _ in range(3):
        assert installation.post(f"{link}/back", b"")[0] == 200
    installation.wait_for_messages(4)
    notice = installation.inbox.store.read(4)
    assert notice.rcpt_tos == (DANA,)
    confirm = next(word for word in parts.parsed(notice).get_content().split() if "/u/back/" in word)
    assert urlsplit(confirm).netloc == f"127.0.0.1:{installation.settings.WEB_PORT}"
    assert not Reinstatement.objects.exists()

    assert installation.post(confirm, b"")[0] == 200
    assert suppression.mailable(addresses.parse(DANA))
    assert Suppression.objects.count() == Reinstatement.objects.count() == 1
    second = parts.launch(parts.draft(friends))
    installation.wait_until_sent(second)
    assert parts.states(second) == {"accepted": 3}
    assert installation.inbox.store.count() == 7, "one mail a day about the way back, whoever asks how often"
