"""A checked run file, and what follows from it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from spinvalley.studies.axes import Axis, Refine
from spinvalley.studies.quantities import QUANTITIES, Quantity
from spinvalley.studies.sections import SECTIONS, About, Conditions, Pairing, Section, System, Table
from spinvalley.studies.systems import free_parameters

FIXED: Final = ("kind", "file", "formula")
"""Keys of [model] that are never swept."""


class Document(Section):
    """The run file as pydantic sees it."""

    study: About
    model: System
    pairing: Pairing = Pairing()
    conditions: Conditions = Conditions()
    axes: Annotated[dict[str, Axis], Field(min_length=1, description="[axes.NAME]: one table for each swept key")]
    refine: Refine | None = None


@dataclass(frozen=True, eq=False)
class RunFile:
    """A checked run file.

    Args:
        text: the TOML as written.
        name: name of the file, for sentences.
        folder: relative paths in it start here.
        document: its sections.
        axes: key of each axis -> the section that it belongs to, in the order of the file.
        coords: key of each axis -> its values, in the order of the file.
    """

    text: str
    name: str
    folder: Path
    document: Document
    axes: Mapping[str, str]
    coords: Mapping[str, NDArray[np.generic]]

    @property
    def quantity(self) -> Quantity:
        """What is computed."""
        return QUANTITIES[self.document.study.quantity]

    @property
    def sha256(self) -> str:
        """Hash of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def together(self) -> tuple[str, ...]:
        """Axes of which all values are computed at once."""
        return tuple(axis for axis in self.axes if axis in self.quantity.together)

    @property
    def swept(self) -> tuple[str, ...]:
        """Axes whose values are separate points."""
        return tuple(axis for axis in self.axes if axis not in self.together)

    @property
    def data_file(self) -> Path | None:
        """The file with data that it names."""
        name = getattr(self.document.model, "file", None)
        return None if name is None else (self.folder / name).resolve()

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables that the quantity gives, before `outputs` selects."""
        model = self.document.model
        if not isinstance(model, Table):
            return self.quantity.variables
        names = free_parameters(model.formula, self.held)
        return (*(n for name in names for n in (name, f"{name}_error")), "chi2", "dof", "aicc", "admissible", "status")

    @property
    def held(self) -> set[str]:
        """Parameters of a fit that are held, fixed or swept."""
        return self.given("model") - set(FIXED)

    def given(self, section: str) -> set[str]:
        """Keys of a section that are fixed or swept."""
        swept = {key for key, place in self.axes.items() if place == section}
        return swept | set(getattr(self.document, section).model_dump(exclude_none=True))

    def path(self, section: str, key: str) -> tuple[str, str]:
        """Where a key stands: in its section, or as an axis."""
        return ("axes", key) if key in self.axes else (section, key)

    @property
    def settings(self) -> dict[str, Any]:
        """All that decides the answer except the axes, as plain texts, numbers and tables."""
        about = self.document.study
        held = {name: getattr(self.document, name).model_dump(exclude_none=True, mode="json") for name in SECTIONS}
        if self.data_file is not None:
            held["model"]["file"] = str(self.data_file)
        study = {"quantity": about.quantity, "tolerance": about.tolerance, "outputs": list(about.outputs or ())}
        return {"study": study, **held, "axes": dict(self.axes)}


def schema() -> dict[str, Any]:
    """JSON schema of run files, for editors that complete and check them.

    >>> sorted(schema()["properties"])
    ['axes', 'conditions', 'model', 'pairing', 'refine', 'study']
    """
    found = Document.model_json_schema()
    about = found["$defs"]["About"]["properties"]["quantity"]
    about["enum"] = list(QUANTITIES)
    about["description"] = "; ".join(f"{name}: {quantity.summary}" for name, quantity in QUANTITIES.items())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | found | {"title": "spinvalley run file"}
