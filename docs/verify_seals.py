#!/usr/bin/env python3
"""Recompute the seals of exported evidence with nothing but Python: verify_seals.py EVIDENCE.jsonl KEY [HEADS.jsonl]

KEY is what `export_evidence --key` prints. Exit 0: all fits; 1: something does not; 2: wrong usage.
How a seal is made: docs/evidence.md.
"""

import hashlib
import hmac
import json
import sys
from pathlib import Path

COLUMNS = ("id", "at", "verb", "actor", "subject", "mailbox_key", "details")


def netstrings(values):
    """Length in bytes, colon, UTF-8 bytes, comma; a hyphen and a comma where there is no value."""
    parts = (None if value is None else value.encode() for value in values)
    return b"".join(b"-," if part is None else b"%d:%b," % (len(part), part) for part in parts)


def seal(key, before, sealed_at, row):
    told = netstrings(["candor seal 1", before, sealed_at, *(row[column] for column in COLUMNS)])
    return hmac.new(key, told, hashlib.sha256).hexdigest()


def broken(lines, key, heads):
    """Each line that does not fit, in words."""
    before, expected = "", 1
    for line in lines:
        position, row = line["position"], line["row"]
        if position != expected:
            yield f"Position {expected} is missing: {position} comes next."
        elif row is None:
            yield f"Row {line['evidence_id']}, sealed at position {position}, is missing."
        elif seal(key, before, line["sealed_at"], row) != line["seal"]:
            yield f"Row {row['id']} does not fit its seal at position {position}."
        if heads.pop(position, line["seal"]) != line["seal"]:
            yield f"The seal at position {position} is not the recorded head."
        before, expected = line["seal"], position + 1
    yield from (f"The recorded head at position {position} is not there." for position in sorted(heads))


def read(path):
    """The lines of a file; one that a crash tore off is passed over."""
    with Path(path).open(encoding="utf-8") as file:
        for line in file:
            if line.rstrip().endswith("}"):
                yield json.loads(line)


def main(evidence, key, heads=None):
    known = {head["position"]: head["seal"] for head in read(heads)} if heads else {}
    found = list(broken(read(evidence), bytes.fromhex(key), known))
    print("\n".join(found[:20]) or "All seals fit.")
    return 1 if found else 0


if __name__ == "__main__":
    if not 3 <= len(sys.argv) <= 4:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(main(*sys.argv[1:]))
