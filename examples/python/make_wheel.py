"""Makes wheels/loaf-1.0.0-py3-none-any.whl from loaf/: a wheel is a zip archive with three more files.

The same source makes the same bytes. A library of more than one file wants a real build backend.
"""

import base64
import hashlib
import pathlib
import zipfile

NAME, VERSION = "loaf", "1.0.0"
INFO = f"{NAME}-{VERSION}.dist-info"
FILES = {
    "loaf/__init__.py": pathlib.Path("loaf/loaf/__init__.py").read_text(),
    f"{INFO}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\nSummary: Answers by path\n",
    f"{INFO}/WHEEL": "Wheel-Version: 1.0\nGenerator: make_wheel\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}


def line_of_record(name, text):
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(text.encode())}\n"


record = "".join(line_of_record(*item) for item in FILES.items()) + f"{INFO}/RECORD,,\n"
with zipfile.ZipFile(f"wheels/{NAME}-{VERSION}-py3-none-any.whl", "w", zipfile.ZIP_STORED) as wheel:
    for name, text in {**FILES, f"{INFO}/RECORD": record}.items():
        wheel.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text)
