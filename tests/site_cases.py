"""What the tests of the documentation share: the checkout, and one folder for all workers of a run."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def shared_folder(tmp_path_factory):
    """A folder that all workers of this run share, and no other run."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
