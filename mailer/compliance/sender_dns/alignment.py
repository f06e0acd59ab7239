"""Is what SPF and DKIM vouch for the domain that readers see in From? DMARC asks for one of them (RFC 9989 §4.4)."""

from collections.abc import Sequence

from mailer.compliance.sender_dns.dkim import Key
from mailer.compliance.sender_dns.dmarc import Found
from mailer.compliance.sender_dns.said import Said, State


def check(found: Found, keys: Sequence[Key], esp: str, has_spf: bool) -> Said:
    """Over SMTP the envelope is From's own address; an ESP puts its own there, so there DKIM alone counts."""
    signers = sorted({key.domain for key in keys if not key.problem})
    is_strict = found.tags.get("adkim", "r").lower() == "s"
    aligned = [signer for signer in signers if signer == found.domain or not is_strict]
    by_spf = has_spf and not esp
    if aligned and by_spf:
        return Said(State.OK, f"SPF and DKIM both vouch for {found.domain}.")
    if aligned:
        own = " Your mail service sets the envelope; a return path of your own in it lets SPF vouch too."
        return Said(
            State.OK if esp else State.WARN,
            f"DKIM of {aligned[0]} vouches for {found.domain}.{own if esp else ' SPF does not.'}",
        )
    if signers and is_strict:
        return Said(
            State.BAD,
            f"The DMARC record asks for strict alignment (adkim=s), but the key is of {signers[0]}, not of "
            f"{found.domain}. Sign by a key of that domain, or remove adkim=s.",
            found.record,
        )
    if by_spf:
        return Said(
            State.WARN,
            f"Only SPF vouches for {found.domain}; it breaks when mail is forwarded. Gmail and Yahoo ask bulk "
            "senders for DKIM too.",
        )
    return Said(
        State.BAD if keys else State.OPEN,
        f"Neither SPF nor DKIM vouches for {found.domain} yet, so DMARC fails."
        if keys
        else "It can be told once a DKIM selector is entered.",
    )
