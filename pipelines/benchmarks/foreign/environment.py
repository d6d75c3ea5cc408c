"""datacompy's own environment, made when it is asked for: it would put versions of its own under ours. From the package index, pinned."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from transactional.vocabulary.errors import Transient

DATACOMPY = "datacompy"
_WANTED = ("datacompy==1.1.0", "pyarrow>=20")


def made_environment(folder: Path) -> list[str]:
    """The command that runs it, but for the file to compare. Raises: Transient when the packages are not to be had."""
    python = folder / "bin" / "python"
    for command in ([sys.executable, "-m", "venv", str(folder)], [str(python), "-m", "pip", "install", "--quiet", *_WANTED]):
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise Transient(f"no environment for {DATACOMPY}: {(made.stderr or made.stdout)[-300:]}", code="bench")
    return [str(python), str(Path(__file__).with_name("with_datacompy.py"))]
