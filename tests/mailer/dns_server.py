"""A DNS server of the tests' own: real packets over UDP and TCP on loopback, answering what a test put in its zone."""

import contextlib
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

SERVFAIL, SILENCE = "SERVFAIL", "SILENCE"
PLAIN_UDP = 512  # bytes, what does not fit is asked for again over TCP


class Zone(dict):
    """(name, type) → values as in a zone file, or SERVFAIL or SILENCE. `asked` holds what was asked, and how."""

    def __init__(self, records: dict) -> None:
        super().__init__(records)
        self.asked: list[tuple[str, str, str]] = []

    def answer(self, packet: bytes, way: str) -> bytes | None:
        query = dns.message.from_wire(packet)
        question = query.question[0]
        name, kind = (
            question.name.to_text(omit_final_dot=True).lower(),
            dns.rdatatype.to_text(question.rdtype),
        )
        self.asked.append((name, kind, way))
        values = self.get((name, kind), ())
        if values == SILENCE:
            return None
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        if values == SERVFAIL:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif values:
            reply.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", kind, list(values)))
        elif not any(known == name for known, _ in self):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        wire = reply.to_wire()
        if way == "udp" and len(wire) > PLAIN_UDP:
            reply.answer.clear()
            reply.flags |= dns.flags.TC
            wire = reply.to_wire()
        return wire


@contextlib.contextmanager
def serving(records: dict) -> Iterator[tuple[Zone, tuple[tuple[str, int], ...]]]:
    """The zone, and the servers to ask."""
    zone = Zone(records)

    class Udp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            packet, sock = self.request
            wire = zone.answer(packet, "udp")
            if wire is not None:
                sock.sendto(wire, self.client_address)

    class Tcp(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            (size,) = struct.unpack("!H", self.rfile.read(2))
            wire = zone.answer(self.rfile.read(size), "tcp")
            if wire is not None:
                self.wfile.write(struct.pack("!H", len(wire)) + wire)

    class TcpServer(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with TcpServer(("127.0.0.1", 0), Tcp) as tcp:
        port = tcp.server_address[1]
        with socketserver.ThreadingUDPServer(("127.0.0.1", port), Udp) as udp:
            threads = [threading.Thread(target=each.serve_forever, args=(0.05,)) for each in (tcp, udp)]
            for thread in threads:
                thread.start()
            try:
                yield zone, (("127.0.0.1", port),)
            finally:
                for each in (tcp, udp):
                    each.shutdown()
                for thread in threads:
                    thread.join()


def texts(*records: str) -> list[str]:
    """TXT values in quotes, long ones in pieces of 255 as DNS has them."""
    return [
        " ".join(f'"{record[at : at + 255]}"' for at in range(0, max(len(record), 1), 255))
        for record in records
    ]


def a_port_where_nobody_answers() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
