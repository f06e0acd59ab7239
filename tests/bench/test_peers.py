"""The peers are measured with what we send ourselves: the same letter, once to each of their recipients."""

import email
import re
from email import policy

import pytest

from bench import letter, peers
from mailer.models import MailingList
from tests.mailer.smtp_script import ScriptedServer, recipients

PEOPLE = 3


@pytest.mark.programs  # installs them first
def test_each_peer_sends_our_letter_once_to_each_of_its_people(living_database):
    list_ = MailingList.objects.create(name="Everybody", slug="everybody")
    campaign = letter.launched(*letter.sender_and_user(), list_)
    with ScriptedServer() as server, peers.site(server.port, campaign) as site:
        for peer in {peer.package: peer for peer in peers.PEERS}.values():
            server.kept.clear()
            few = peers.Peer(peer.package, peer.chosen, PEOPLE, peer.processes)
            assert site.rate(few) > 0
            assert sorted(recipients(server)) == [f"person{number}" for number in range(PEOPLE)]
            for kept in server.kept:
                message = email.message_from_bytes(kept.data, policy=policy.default)
                assert message["Subject"] == letter.SUBJECT
                assert "://" in message["List-Unsubscribe"]
                for kind in ("plain", "html"):
                    text = message.get_body((kind,)).get_content()
                    assert re.search(r"Hello (Ann|Ben|Clara)", text)
                    assert "{{" not in text
                assert 0.8 * letter.SIZE < len(kept.data) < 1.2 * letter.SIZE
