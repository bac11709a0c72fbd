"""Where a number comes from beside versions, commit and machine: run file, data, seed, command."""

from __future__ import annotations

import hashlib
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from spinvalley.files import json_text
from spinvalley.studies.document import RunFile


def note(run: RunFile, command: Sequence[str] | None = None) -> dict[str, Any]:
    """What a session of a study is done with: plain texts, numbers and tables.

    Args:
        run: the run file.
        command: what was typed; the arguments of this process if None.

    Returns:
        run_file (text), run_file_name, run_file_sha256, folder, data_sha256 (of the file with data), seed, command.
    """
    return {
        "run_file": run.text,
        "run_file_name": run.name,
        "run_file_sha256": run.sha256,
        "folder": str(run.folder),
        **record(run),
        "seed": run.document.study.seed,
        "command": shlex.join(sys.argv if command is None else command),
    }


def record(run: RunFile) -> dict[str, str]:
    """What must be the same when a study goes on, beside settings and code: the file with data that it names."""
    data = run.data_file
    return {} if data is None else {"data_sha256": hashlib.sha256(data.read_bytes()).hexdigest()}


def flat(notes: Mapping[str, Any]) -> dict[str, str | int | float]:
    """One level of keys, for the attributes of a file: tables and lists become JSON.

    >>> flat({"seed": 1, "versions": {"numpy": "2.0"}})
    {'seed': 1, 'versions': '{ "numpy": "2.0" }'}
    """
    return {
        str(key): value if isinstance(value, str | int | float) else " ".join(json_text(value).split())
        for key, value in notes.items()
    }
