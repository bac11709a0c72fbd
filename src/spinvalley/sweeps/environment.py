"""What a session of a sweep runs with: versions, commit, machine."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any, Final

_PACKAGE: Final = "spinvalley"
_CLUSTER: Final = ("dask", "distributed", "dask-jobqueue")
_PATIENCE: Final = 5.0


@cache
def environment() -> dict[str, Any]:
    """Versions, git (commit of the package's own working folder, "" where it has none) and platform.

    >>> sorted(environment())
    ['git', 'platform', 'versions']
    """
    return {
        "versions": versions(),
        "git": commit(Path(__file__).parents[1]),
        "platform": {
            "python": platform.python_version(),
            "system": platform.platform(),
            "machine": platform.machine(),
            "cores": os.cpu_count() or 0,
        },
    }


def versions() -> dict[str, str]:
    """Versions of spinvalley and of what it depends on.

    >>> {"spinvalley", "numpy", "xarray"} <= set(versions())
    True
    """
    found = {_PACKAGE: version(_PACKAGE)}
    needed = [line for line in requires(_PACKAGE) or () if "extra ==" not in line]
    for name in [*(re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in needed), *_CLUSTER]:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # of an extra that is not installed
            continue
    return found


def commit(folder: Path) -> str:
    """The commit of a working folder, with "+ changes" where files differ from it; "" where there is none."""
    git = ["git", "--no-optional-locks", "-C", str(folder)]
    calls = (
        [
            *git,
            "ls-files",
            "--error-unmatch",
            "__init__.py",
        ],  # fails where the package only lies inside another's folder
        [*git, "rev-parse", "HEAD"],
        [*git, "status", "--porcelain", "--", "."],
    )
    try:
        _, head, changes = (
            subprocess.run(words, capture_output=True, text=True, check=True, timeout=_PATIENCE).stdout.strip()
            for words in calls
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return f"{head} + changes" if changes else head
