#!/usr/bin/env python3
"""Packs the Python that runs this as heroku-buildpack-python downloads one: for test-real-buildpacks.

usage: stand_in_python.py ARCHIVE NAME==VERSION...

The archive has bin/ and lib/, and below wheels/ those packages, which its pip finds there alone: pip is its own under
the version that is asked for, any other package a module of one line. Exit status 77, with the reason, where this
Python cannot be carried away.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

LEFT_OUT = ("site-packages", "dist-packages", "test", "tests", "idlelib", "config-*", "__pycache__")
# Where the buildpack lets it be known.
HOME = "/app/.heroku/python"


def bundled_pip(library: Path) -> Path:
    for directory in (library / "ensurepip/_bundled", Path("/usr/share/python-wheels")):
        for wheel in sorted(directory.glob("pip-*.whl")):
            return wheel
    sys.stderr.write("it has no pip to hand on\n")
    sys.exit(77)


def relabel(wheel: Path, version: str, directory: Path) -> None:
    """The same pip, which says that it is of another version."""
    old = wheel.name.split("-")[1]
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(directory / f"pip-{version}-py3-none-any.whl", "w") as made:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith(".dist-info/METADATA"):
                data = re.sub(rb"(?m)^Version: [^\r\n]*", b"Version: " + version.encode(), data, count=1)
            if name.endswith(".dist-info/RECORD"):
                data = data.replace(f"pip-{old}.dist-info".encode(), f"pip-{version}.dist-info".encode())
            made.writestr(name.replace(f"pip-{old}.dist-info", f"pip-{version}.dist-info"), data)


def write_wheel(name: str, version: str, directory: Path) -> None:
    info = f"{name}-{version}.dist-info"
    files = {f"{name}.py": f"TEXT = '{name} {version}'\n",
             f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
             f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(directory / f"{name}-{version}-py3-none-any.whl", "w") as made:
        for file, content in files.items():
            made.writestr(file, content)


def copy_interpreter(home: Path, library: Path) -> None:
    (home / "bin").mkdir()
    shutil.copy2(os.path.realpath(sys.executable), home / "bin" / library.name)
    for name in ("python3", "python"):
        (home / "bin" / name).symlink_to(library.name)
    shutil.copytree(library, home / "lib" / library.name, ignore=shutil.ignore_patterns(*LEFT_OUT))


def main() -> None:
    archive, packages = sys.argv[1], sys.argv[2:]
    library = Path(sysconfig.get_path("stdlib"))
    if not re.search(r"/lib/python3\.\d+/site-packages$", sysconfig.get_path("purelib")):
        sys.stderr.write(f"packages of this Python are not in site-packages but in {sysconfig.get_path('purelib')}\n")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        copy_interpreter(home, library)
        pip = bundled_pip(library)
        bundled = home / "lib" / library.name / "ensurepip/_bundled"
        bundled.mkdir(exist_ok=True)
        shutil.copy2(pip, bundled)
        (home / "wheels").mkdir()
        for package in packages:
            name, version = package.split("==")
            if name == "pip":
                relabel(pip, version, home / "wheels")
            else:
                write_wheel(name, version, home / "wheels")
        (home / "pip.conf").write_text(f"[global]\nno-index = true\nfind-links = {HOME}/wheels\n")
        subprocess.run(["tar", "--zstd", "-cf", archive, "-C", scratch, "."], check=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main()
