#!/usr/bin/env python3
"""Check a dossier with nothing but Python: verify.py [--key KEY] [--message FILE.eml] [DOSSIER.zip or its folder]

Without a key: that the files are those of the manifest, that what they say of each other is true, and that no message
was handed over after an opt-out that the dossier does not call so. Hold the manifest's hash, which is printed, against
the one in the installation's evidence (“made a dossier”) or the one you were told when it was made.
With --key, which `manage.py export_evidence --key` prints: also that each act is the one that was sealed.
With --message: whether those are the bytes of one of the messages. Exit 0: all fits; 1: something does not; 2: usage.
"""

import argparse
import csv
import hashlib
import hmac
import io
import json
import sys
import zipfile
from pathlib import Path

COLUMNS = ("id", "at", "verb", "actor", "subject", "mailbox_key", "details")


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("dossier", nargs="?", default=Path(__file__).parent, type=Path)
    asked.add_argument("--key", type=bytes.fromhex)
    asked.add_argument("--message", type=Path)
    given = asked.parse_args()
    box = zipfile.ZipFile(given.dossier) if given.dossier.is_file() else None
    names = box.namelist() if box else [path.name for path in given.dossier.iterdir()]

    def opened(name):
        return box.open(name) if box else (given.dossier / name).open("rb")

    wrong = list(files(opened, names))
    if not wrong:
        facts = json.load(opened("dossier.json"))
        wrong += content(opened, names, facts)
        wrong += seals(opened, given.key)
        wrong += found(opened, given.message) if given.message else []
    print("\n".join(wrong) or "Everything that was checked fits.")
    return 1 if wrong else 0


def digest(file):
    told = hashlib.sha256()
    while piece := file.read(1 << 20):
        told.update(piece)
    return told.hexdigest()


def files(opened, names):
    """The manifest is as `sha256sum -c` reads it."""
    listed = opened("MANIFEST.sha256").read()
    print(f"Hash of the manifest: {hashlib.sha256(listed).hexdigest()}")
    hashes = dict(reversed(line.split("  ", 1)) for line in listed.decode().splitlines())
    for name in sorted(hashes.keys() | set(names) - {"MANIFEST.sha256"}):
        if name not in names or name not in hashes:
            yield f"{name}: {'is missing' if name in hashes else 'does not belong to the dossier'}."
        elif digest(opened(name)) != hashes[name]:
            yield f"{name}: was changed."


def content(opened, names, facts):
    """That hashes, sums and times agree with each other."""
    if "skeleton.bin" not in names:
        return
    if digest(opened("skeleton.bin")) != facts["content"]["skeleton_sha256"]:
        yield "skeleton.bin is not what was frozen at launch."
    approval = next((one for one in facts["approvals"] if one["number"] == facts["approved_by"]), None)
    if "approved.bin" in names and approval and digest(opened("approved.bin")) != approval["sha256"]:
        yield "approved.bin is not what was approved."
    states = {}
    for row in table(opened, "messages.csv"):
        states[row["state"]] = states.get(row["state"], 0) + 1
        if row["state"] == "accepted" and len(row["sha256"]) != 64:
            yield f"A message to {row['recipient']} has no hash."
    if states != facts["messages"]["by_state"]:
        yield "messages.csv has other sums than the report."
    breaches, called = 0, 0
    for row in table(opened, "opt_outs.csv"):
        late = row["handed_over_at"] > row["recorded_at"]
        breaches += late and row["outcome"] != "handed over after the way back"
        called += row["outcome"] == "handed over after it"
    if not breaches == called == facts["opt_outs"]["breaches"]:
        told = facts["opt_outs"]["breaches"]
        yield f"{breaches} hand-overs began after an opt-out was recorded; the report says {told}."


def table(opened, name):
    return csv.DictReader(io.TextIOWrapper(opened(name), "utf-8", newline=""))


def seals(opened, key):
    """A seal is an HMAC over the seal before and the row; only whoever has the key can make or check one."""
    acts = [json.loads(line) for line in opened("evidence.jsonl")]
    sealed = [act for act in acts if act["seal"]]
    if key is None:
        print(f"{len(sealed)} of {len(acts)} acts have a seal; not checked: that needs --key.")
        return
    for act in sealed:
        values = [
            "candor seal 1",
            act["before"],
            act["sealed_at"],
            *(act["row"][column] for column in COLUMNS),
        ]
        told = b"".join(
            b"-," if one is None else b"%d:%b," % (len(one.encode()), one.encode()) for one in values
        )
        if hmac.new(key, told, hashlib.sha256).hexdigest() != act["seal"]:
            yield f"Row {act['row']['id']} does not fit its seal."
    print(f"{len(sealed)} of {len(acts)} acts have a seal; all were recomputed.")


def found(opened, path):
    """Servers put lines above a message on its way; so each line of its head may be where it began."""
    raw = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    head = raw.partition(b"\r\n\r\n")[0]
    starts = [0, *(at + 2 for at in range(len(head)) if head.startswith(b"\r\n", at))]
    hashes = {hashlib.sha256(raw[start:]).hexdigest() for start in starts}
    match = next((row for row in table(opened, "messages.csv") if row["sha256"] in hashes), None)
    if match is None:
        return [f"{path.name} is none of the messages, or was changed on its way."]
    print(f"{path.name} is the message to {match['recipient']}, byte for byte.")
    return []


if __name__ == "__main__":
    sys.exit(main())
