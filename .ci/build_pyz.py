"""`python3 .ci/build_pyz.py [FOLDER]`: the program and all it needs in FOLDER/codearts-watch.pyz, by default in dist/.

The same sources give the same bytes.
"""

import sys
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from bundle import bundle, wanted_folder

SHEBANG = b"#!/usr/bin/env python3\n"
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The first time that a zip file can tell."""


def main(folder: Path) -> int:
    """Print where the file is."""
    target = folder / "codearts-watch.pyz"
    folder.mkdir(parents=True, exist_ok=True)
    target.write_bytes(zipped(with_start(bundle())))
    target.chmod(0o755)
    print(target)
    return 0


def with_start(files: dict[str, bytes]) -> dict[str, bytes]:
    source = Path(__file__).with_name("pyz_main.py").read_bytes()
    digest = sha256(source)
    for name in sorted(files):
        digest.update(f"{name}\n{len(files[name])}\n".encode() + files[name])
    return {"__main__.py": source.replace(b"@digest@", digest.hexdigest()[:16].encode()), **files}


def zipped(files: dict[str, bytes]) -> bytes:
    output = BytesIO()
    output.write(SHEBANG)
    with ZipFile(output, "w") as archive:
        for name in sorted(files):
            entry = ZipInfo(name, LONG_AGO)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, files[name], ZIP_DEFLATED, 9)
    return output.getvalue()


sys.exit(main(wanted_folder(__doc__)))
