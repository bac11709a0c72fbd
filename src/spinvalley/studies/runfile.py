"""From the text of a run file to a checked study: each check raises one sentence with the key and its line."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from spinvalley.checks import InvalidInput
from spinvalley.studies import sections
from spinvalley.studies.axes import Axis, Refine
from spinvalley.studies.document import FIXED, Document, RunFile
from spinvalley.studies.quantities import QUANTITIES, Quantity
from spinvalley.studies.sections import KINDS, SECTIONS, About, Conditions, Pairing, Section
from spinvalley.studies.sentences import Path as Place
from spinvalley.studies.sentences import first_error, unknown, wrong
from spinvalley.studies.systems import STRENGTHS, free_parameters

_TABLES: Final[dict[str, type[Section]]] = {
    "study": About, "pairing": Pairing, "conditions": Conditions, "refine": Refine,
}  # fmt: skip
_SYSTEMS: Final[dict[str, tuple[type[sections.Kind], ...]]] = {
    "lattice": (sections.Lattice,),
    "crystal": (sections.Lattice, sections.ValleyKp, sections.Theory),
    "table": (sections.Table,),
}
_EITHER: Final = (("kT", "T"), ("zeeman", "B"), ("direction", "theta"))
_NO_AXES: Final = "must hold at least one axis, e.g. [axes.kT], but does not"


def read_run_file(path: str | Path) -> RunFile:
    """Read and check a run file.

    Raises:
        InvalidInput: no such file, not TOML, or a sentence that names the key, its line and what is allowed.
    """
    file = Path(path)
    if not file.is_file():
        raise InvalidInput(f"`file` must be a run file, but there is no file {str(path)!r}")
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InvalidInput(f"`file` must be a text in UTF-8, but {file.name} is not") from None
    return parse(text, file.name, file.parent)


def parse(text: str, name: str = "run file", folder: str | Path = ".") -> RunFile:
    r"""Check the text of a run file.

    Args:
        text: TOML.
        name: what the sentences call it.
        folder: where relative paths in it start.

    Raises:
        InvalidInput: as `read_run_file`.

    >>> film = '[study]\nquantity = "gap"\n[model]\nkind = "film"\n[pairing]\ngap0 = 0.1\n'
    >>> parse(film + "[axes.kT]\nvalues = [0.0, 0.01]").coords["kT"]
    array([0.  , 0.01])
    """
    try:
        held = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{name}: not TOML: {str(error)[:1].lower()}{str(error)[1:]}") from None
    return _Checker(text, name, Path(folder).resolve(), held).checked()


@dataclass(frozen=True, eq=False)
class _Checker:
    """The checks of one run file, in order."""

    text: str
    name: str
    folder: Path
    held: dict[str, Any]

    def checked(self) -> RunFile:
        document = self.validated()
        places = {written: self.place(written, document) for written in document.axes}
        axes = {key: section for section, key in places.values()}
        coords = {key: document.axes[written].array for written, (_, key) in places.items()}
        found = RunFile(self.text, self.name, self.folder, document, axes, coords)
        self.check_values(found, {key: written for written, (_, key) in places.items()})
        self.check_conditions(found)
        self.check_pairing(found)
        self.check_model(found)
        self.check_outputs(found)
        self.check_refine(found)
        return found

    def wrong(self, path: Iterable[str], sentence: str) -> InvalidInput:
        return wrong(self.name, self.text, tuple(path), sentence)

    def validated(self) -> Document:
        for section, key, known in (("study", "quantity", QUANTITIES), ("model", "kind", KINDS)):
            table = self.held.get(section)
            given = table.get(key) if isinstance(table, dict) else None
            if isinstance(given, str) and given not in known:
                raise self.wrong((section, key), f"must be one of {', '.join(known)}, but is {given!r}")
        if not self.held.get("axes", {}):
            raise self.wrong(("axes",), _NO_AXES)
        with self.telling():
            document = Document.model_validate(self.held)
        return document

    @contextmanager
    def telling(self, axis: str | None = None) -> Iterator[None]:
        """Errors of pydantic as one sentence about the key, or about the axis that gives its values."""
        try:
            yield
        except ValidationError as error:
            path, sentence = first_error(error.errors(), self.keys())
            if axis is not None:
                raise self.wrong(("axes", axis), f"does not fit `{path[-1]}`, which {sentence}") from None
            inside_kind = path[:1] == ("model",) and path[1:2] == (self.held["model"].get("kind"),)
            raise self.wrong(path[:1] + path[2:] if inside_kind else path, sentence) from None

    def keys(self) -> dict[Place, list[str]]:
        """Known keys of each table, by its path."""
        known: dict[Place, list[str]] = {(name,): list(kind.model_fields) for name, kind in _TABLES.items()}
        known[()] = list(Document.model_fields)
        known |= {("model", name): list(kind.model_fields) for name, kind in KINDS.items()}
        axes = self.held.get("axes")
        names = axes if isinstance(axes, dict) else {}
        return known | {("axes", str(name)): list(Axis.model_fields) for name in names}

    def place(self, written: str, document: Document) -> tuple[str, str]:
        """The section and the key that an axis sweeps, from "coupling" or "model.coupling"."""
        known = {section: _sweepable(section, document, QUANTITIES[document.study.quantity]) for section in SECTIONS}
        section, _, key = written.rpartition(".")
        found = [s for s in SECTIONS if key in known[s] and section in ("", s)]
        if not found:
            every = known[section] if section in SECTIONS else [k for s in SECTIONS for k in known[s]]
            raise self.wrong(("axes", written), unknown(key, dict.fromkeys(every)))
        if key in getattr(document, found[0]).model_fields_set:
            raise self.wrong(("axes", written), f"must be swept here or fixed in [{found[0]}], but is both")
        if sum(other.rpartition(".")[2] == key for other in document.axes) > 1:
            raise self.wrong(("axes", written), "must be swept once, but has two axes")
        return found[0], key

    def check_values(self, found: RunFile, written: Mapping[str, str]) -> None:
        """Each value must be one that the key could have if it were fixed."""
        for key, section in found.axes.items():
            table = getattr(found.document, section)
            whole = key in _whole(type(table))
            for value in _telling_values(found.coords[key]):
                fitting = int(value) if whole and isinstance(value, float) and value.is_integer() else value
                with self.telling(written[key]):
                    type(table).model_validate(table.model_dump(exclude_none=True) | {key: fitting})

    def check_conditions(self, found: RunFile) -> None:
        """The conditions that the quantity needs, and no others."""
        name, quantity, given = found.document.study.quantity, found.quantity, found.given("conditions")
        for key in sorted(given - set(quantity.conditions)):
            heeds = ", ".join(quantity.conditions) or "none"
            raise self.wrong(found.path("conditions", key), f"has no meaning for {name}, whose conditions are {heeds}")
        for group in quantity.needs:
            if not given & set(group):
                where = f"fixed here or swept in [axes.{group[0]}]"
                raise self.wrong(
                    ("conditions",), f"must hold {' or '.join(group)} for {name}, {where}, but does not"
                )  # fmt: skip
        for one, other in _EITHER:
            if {one, other} <= given:
                raise self.wrong(found.path("conditions", other), f"must not be given beside {one}, but is")

    def check_pairing(self, found: RunFile) -> None:
        """The strength that the quantity needs, and no other."""
        name, need, given = found.document.study.quantity, found.quantity.strength, found.given("pairing")
        allowed = {"one": STRENGTHS, "tc": ("tc",), "none": (), "nothing": ()}[need]
        on = {"one": ("on", "channel", "interaction", "filling"), "none": ("on", "channel")}.get(need, ())
        for key in sorted(given - {*allowed, *on}):
            instead = ", which takes `conditions.gap`" if need == "none" else ""
            raise self.wrong(found.path("pairing", key), f"has no meaning for {name}{instead}")
        strengths = [key for key in STRENGTHS if key in given]
        if allowed and len(strengths) != 1:
            wanted = "tc in K" if need == "tc" else f"exactly one of {', '.join(allowed)}"
            shown = " and ".join(strengths) or "none"
            raise self.wrong(("pairing",), f"must hold {wanted} for {name}, fixed or swept, but holds {shown}")

    def check_model(self, found: RunFile) -> None:
        """A kind of system that the quantity is known for, with all that it needs."""
        name, model, wanted = found.document.study.quantity, found.document.model, _SYSTEMS[found.quantity.systems]
        if not isinstance(model, wanted):
            fitting = ", ".join(kind for kind, held in KINDS.items() if issubclass(held, wanted))
            raise self.wrong(("model", "kind"), f"must be one of {fitting} for {name}, but is {model.kind}")
        for key in model.needs:
            if key not in found.given("model"):
                raise self.wrong(("model",), f"must hold {key}, fixed here or swept in [axes.{key}], but does not")
        if found.data_file is not None and not found.data_file.is_file():
            raise self.wrong(("model", "file"), f"must be a file, but there is no {found.data_file}")
        if isinstance(model, sections.Table):
            try:
                free_parameters(model.formula, found.held)
            except InvalidInput as error:
                raise self.wrong(("model", "formula"), f"is refused: {error}") from None

    def check_outputs(self, found: RunFile) -> None:
        """Only variables that the quantity gives."""
        for output in found.document.study.outputs or ():
            if output not in found.variables:
                raise self.wrong(("study", "outputs"), f"must be out of {', '.join(found.variables)}, but has {output}")

    def check_refine(self, found: RunFile) -> None:
        """A variable that is kept, and two axes to refine."""
        refine, outputs = found.document.refine, found.document.study.outputs
        if refine is None:
            return
        known = [name for name in found.variables if name != "error" and name in (*(outputs or (name,)), "status")]
        if refine.of not in known:
            raise self.wrong(("refine", "of"), f"must be one of {', '.join(known)}, but is {refine.of}")
        able = [axis for axis in found.swept if len(found.coords[axis]) > 2 and found.coords[axis].dtype.kind == "f"]
        if len(able) < 2:
            whole = f" ({', '.join(found.together)} is computed all at once)" if found.together else ""
            raise self.wrong(
                ("refine",), f"must have two or more axes of at least three numbers, but has {len(able)}{whole}"
            )  # fmt: skip


def _sweepable(section: str, document: Document, quantity: Quantity) -> list[str]:
    """Keys that may be swept: those with a meaning for the quantity."""
    if section == "conditions":
        return [name for name in Conditions.model_fields if name in quantity.conditions and name != "direction"]
    if section == "pairing":
        options = {"one": ["channel", "interaction", "filling"], "none": ["channel"]}.get(quantity.strength, [])
        return [name for name in STRENGTHS if quantity.strength in ("one", name)] + options
    return [name for name in type(document.model).model_fields if name not in (*FIXED, "orbitals", "layers")]


def _whole(kind: type[Section]) -> set[str]:
    """Keys that hold whole numbers."""
    keys = kind.model_json_schema()["properties"]
    return {name for name, about in keys.items() if "integer" in str(about) or name == "neighbours"}


def _telling_values(values: np.ndarray[Any, Any]) -> list[float | str]:
    """Values of an axis that show whether all of them fit: every name; the ends and the first broken of the numbers."""
    if values.dtype.kind != "f":
        return list(map(str, values))
    return [float(values.min()), float(values.max()), *map(float, values[values != np.rint(values)][:1])]
