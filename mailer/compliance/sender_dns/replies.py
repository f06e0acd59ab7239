"""Does the domain of Reply-To take mail? People answer with questions, and with opt-outs (DUTIES D16)."""

from mailer.compliance.sender_dns.asking import Dns
from mailer.compliance.sender_dns.said import Record, Said, State


def check(domain: str, dns: Dns) -> Said:
    hosts = dns.mail_hosts(domain)
    if hosts == (".",):
        return Said(
            State.BAD,
            f"{domain} says that it takes no mail (a null MX, RFC 7505): replies come back to their writers.",
            ".",
        )
    if hosts:
        return Said(State.OK, f"Replies go to {hosts[0]}.", "\n".join(hosts))
    example = Record(domain, "MX", "10 and the host of your mail server")
    if dns.has_address(domain):
        return Said(
            State.WARN,
            f"{domain} has no MX record. Some servers then try the host itself, others give up.",
            "",
            example,
        )
    return Said(State.BAD, f"{domain} takes no mail: replies come back to their writers.", "", example)
