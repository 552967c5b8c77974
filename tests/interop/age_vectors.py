#!/usr/bin/env python3
"""The published test vectors of the format of age, read by our reader.

    AGE_VECTORS=DIRECTORY age_vectors.py AGE_TOOL

DIRECTORY is `age/testdata` of the repository C2SP/CCTV, whose README describes the files. Each must end as it says: with
the content it says, or with the failure it says. Vectors of keys that are not X25519 are counted and passed over.
Exit status: 0 all as they say, 1 some are not, 77 skipped (the reason is the last line printed).
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

SKIPPED = 77
KNOWN = {"expect", "payload", "identity", "passphrase", "armored", "compressed", "file key", "comment"}
# For vectors that break off before any key is asked for.
ANY_IDENTITY = "AGE-SECRET-KEY-17WZSSPX7XPZG42DJA93XF94YAAHDM46VMXMQJ7K6AVY72DCVNHPQU24XMY"
# How our messages tell the kinds of failure apart.
WORDS = {
    "armor failure": "its armor is malformed",
    "header failure": "its header is malformed",
    "no match": "is sealed to others",
    "HMAC failure": "its header was changed",
    "payload failure": "its content was changed or is not whole",
}


def parse(data: bytes) -> tuple[dict[str, list[str]], bytes]:
    head, _, body = data.partition(b"\n\n")
    facts: dict[str, list[str]] = {}
    for line in head.decode().splitlines():
        key, _, value = line.partition(": ")
        facts.setdefault(key, []).append(value)
    return facts, zlib.decompress(body) if "compressed" in facts else body


def is_ours(facts: dict[str, list[str]]) -> bool:
    return set(facts) <= KNOWN and all("-PQ-" not in key for key in facts.get("identity", []))


def write_keys(facts: dict[str, list[str]], scratch: Path) -> list[str]:
    keys = scratch / "keys"
    keys.write_text("\n".join(facts.get("passphrase", facts.get("identity", [ANY_IDENTITY]))) + "\n")
    keys.chmod(0o600)
    return ["open-by" if "passphrase" in facts else "open", str(keys)]


def fault(tool: str, facts: dict[str, list[str]], body: bytes, scratch: Path) -> str:
    """What is wrong with how our reader ends; "" for nothing."""
    options = ["--dearmor"] if "armored" in facts else []
    done = subprocess.run([tool, *options, *write_keys(facts, scratch)], input=body, capture_output=True, check=False)
    said = done.stderr.decode().strip()
    expected = facts["expect"][0]
    if expected != "success":
        if done.stdout:
            return "content was released before the failure"
        return "" if done.returncode in (3, 4) and WORDS[expected] in said else f"expected {expected}, got: {said}"
    if done.returncode != 0:
        return f"is refused: {said}"
    return "" if hashlib.sha256(done.stdout).hexdigest() == facts["payload"][0] else "another content"


def main() -> int:
    vectors = os.environ.get("AGE_VECTORS", "")
    if not vectors:
        print("AGE_VECTORS names no directory of test vectors")
        return SKIPPED
    counts = {"as they say": 0, "of other keys": 0, "not as they say": 0}
    with tempfile.TemporaryDirectory() as scratch:
        for path in sorted(Path(vectors).iterdir()):
            facts, body = parse(path.read_bytes())
            if not is_ours(facts):
                counts["of other keys"] += 1
                continue
            wrong = fault(sys.argv[1], facts, body, Path(scratch))
            counts["not as they say" if wrong else "as they say"] += 1
            if wrong:
                print(f"{path.name}: {wrong}")
    print(", ".join(f"{count} {what}" for what, count in counts.items()))
    return 0 if counts["as they say"] and not counts["not as they say"] else 1


if __name__ == "__main__":
    sys.exit(main())
