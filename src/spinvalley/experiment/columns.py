"""Which column of a file is which quantity, and the factor to K, T, degrees, s and Ohm.

Two steps: `units_of` reads a unit out of a header, `plan` gives every quantity its column. Nothing is guessed about the
unit of a field: a column of field without a unit is refused, because Oe and T differ by a factor 10 000.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from spinvalley.checks import InvalidInput, one_of, real

_SHEET: Final = {f"{prefix}Ohm/sq": factor for prefix, factor in (("", 1.0), ("m", 1e-3), ("k", 1e3), ("M", 1e6))}
UNITS: Final[dict[str, dict[str, float]]] = {
    "temperature": {"K": 1.0, "mK": 1e-3, "kelvin": 1.0},
    "field": {
        "T": 1.0,
        "mT": 1e-3,
        "tesla": 1.0,
        "Oe": 1e-4,
        "kOe": 0.1,
        "oersted": 1e-4,
        "G": 1e-4,
        "kG": 0.1,
        "gauss": 1e-4,
        "A/m": 4e-7 * np.pi,
        "kA/m": 4e-4 * np.pi,
    },
    "angle": {"deg": 1.0, "degree": 1.0, "degrees": 1.0, "°": 1.0, "rad": 180 / np.pi},
    "time": {"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3, "min": 60.0, "h": 3600.0},
    "resistance": {"Ohm": 1.0, "Ohms": 1.0, "mOhm": 1e-3, "uOhm": 1e-6, "kOhm": 1e3, "MOhm": 1e6} | _SHEET,
    "resistivity": {"Ohm-m": 1.0, "Ohm-cm": 1e-2, "mOhm-cm": 1e-5, "uOhm-cm": 1e-8, "uOhm-m": 1e-6},
    "current": {"A": 1.0, "mA": 1e-3, "uA": 1e-6, "nA": 1e-9},
    "voltage": {"V": 1.0, "mV": 1e-3, "uV": 1e-6, "nV": 1e-9},
}
"""Known units of each kind of quantity with their factor to K, T, degrees, s, Ohm, Ohm m, A and V."""

_ROLES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "T": ("temperature", ("temperature", "sample temperature", "sample temp", "temp", "t")),
    "B": ("field", ("magnetic field", "field", "b", "h", "mu0h", "mu0 h", "mu 0 h", "b field", "bz", "applied field")),
    "theta": ("angle", ("sample position", "position", "theta", "angle", "rotation", "rotator")),
    "time": ("time", ("time stamp", "timestamp", "time", "elapsed time")),
}
_ASSUMED: Final = {"temperature": "K", "angle": "deg", "time": "s", "resistance": "Ohm", "current": "A", "voltage": "V"}
_MAPPED: Final = ("T", "B", "theta", "time", "R", "sigma_R", "excitation")
_CHANNEL: Final = re.compile(r"\b(bridge|channel|ch)[ ._]?(\d)\b", re.IGNORECASE)
_RESISTANCE: Final = re.compile(
    r"(sheet )?(r|rho|res|resistance|resistivity)([ _-]?(xx|xy|yx|yy|sq|square|sheet|\d+|[a-z]))?"
)
_SIGMA: Final = re.compile(r"(?:(?:sigma|std|err|error)[ _](.+)|(.+?)[ _]+(?:sigma|std|err|error|std dev))")
_FIRST_NAMES: Final = 12


@dataclass(frozen=True)
class Column:
    """One column and what its numbers are multiplied with: R = scale x column (/ current)."""

    index: int
    scale: float
    unit: str
    quantity: str
    divided_by: Column | None = None


@dataclass(frozen=True)
class Channel:
    """One resistance: possible columns, best first, and those of its standard deviation and excitation."""

    name: str
    candidates: tuple[Column, ...]
    sigma: Column | None = None
    excitation: Column | None = None


@dataclass(frozen=True)
class Plan:
    """Column (or constant) of each of T, B, theta and time where known, the channels, and the number of readings."""

    roles: dict[str, Column | float]
    channels: tuple[Channel, ...]
    readings: Column | None = None

    def indices(self) -> tuple[int, ...]:
        """Every column that has to be read, in rising order."""
        found: set[int] = set()
        columns = [c for c in self.roles.values() if isinstance(c, Column)]
        columns += [c for channel in self.channels for c in channel.candidates]
        columns += [c for channel in self.channels for c in (channel.sigma, channel.excitation) if c is not None]
        columns += [] if self.readings is None else [self.readings]
        for column in columns:
            found.add(column.index)
            if column.divided_by is not None:
                found.add(column.divided_by.index)
        return tuple(sorted(found))


def split_unit(header: str) -> tuple[str, str | None]:
    """Name and unit of a header such as "Field (Oe)", "Field [Oe]", "B/T" or "B_T"; the unit is None without one.

    >>> split_unit("Magnetic Field (Oe)"), split_unit("T/K"), split_unit("B_mT"), split_unit("R_s")
    (('Magnetic Field', 'Oe'), ('T', 'K'), ('B', 'mT'), ('R_s', None))
    """
    text = header.strip()
    found = re.fullmatch(r"(.*?)\s*[(\[]\s*([^()\[\]]*?)\s*[)\]]", text)
    if found:
        return found[1], found[2] or None
    name, slash, unit = text.partition("/")
    return (name.strip(), unit.strip()) if slash and kind_of(unit) else _ending(text)


def _ending(text: str) -> tuple[str, str | None]:
    """Name and unit of a header such as "B_Oe": an ending is a unit only where it fits what the name says."""
    for place in (found.start() for found in re.finditer("_", text)):
        name, unit = text[:place], text[place + 1 :].replace("_", "-")
        kind = kind_of(unit)
        if kind is not None and _fits(_base(name), kind):
            return name, unit
    return text, None


def _base(name: str) -> str:
    """A name in small letters with single blanks; both characters for mu are written out."""
    plain = unicodedata.normalize("NFKC", name).replace("μ", "mu")
    return re.sub(r"[\s_]+", " ", plain).strip().lower()


def _fits(base: str, kind: str) -> bool:
    """Whether a name is one of those of a kind of quantity."""
    if kind in ("resistance", "resistivity"):
        deviation = _SIGMA.fullmatch(base)
        return _RESISTANCE.fullmatch((deviation[1] or deviation[2]) if deviation else base) is not None
    return any(kind == known and base in names for known, names in _ROLES.values())


def canonical(unit: str) -> str:
    """A unit as `UNITS` spells it, whatever its letters for Ohm, micro, times and the case of its words."""
    text = unit.strip().replace("Ω", "Ohm").replace("Ω", "Ohm").replace("µ", "u").replace("μ", "u")
    text = re.sub(r"(?i)ohms?", "Ohm", text)
    text = re.sub(r"(?<=Ohm)\s*[-*·. ]\s*(?=c?m$)", "-", text)
    text = re.sub(r"(?i)(?<=Ohm)\s*(?:[-/]\s*|per )(?:sq(?:uare)?\.?|[□◻])$", "/sq", text)
    if any(text in units for units in UNITS.values()):
        return text
    folded = {known.lower(): known for units in UNITS.values() for known in units if len(known) > 2 or known == "Oe"}
    return folded.get(text.lower(), text)


def kind_of(unit: str) -> str | None:
    """The kind of quantity that a unit measures; None for an unknown unit."""
    known = canonical(unit)
    return next((kind for kind, units in UNITS.items() if known in units), None)


def scaled(header: str, index: int, unit: str | None, kinds: Sequence[str]) -> Column:
    """A column with its factor, or one sentence that says which units it may have.

    Args:
        header: its name in the file.
        index: its number from 0.
        unit: its unit; None takes the usual one, except for a field.
        kinds: what it may measure, the first is the usual one.
    """
    if unit is None and kinds[0] in _ASSUMED:
        unit = _ASSUMED[kinds[0]]
    kind = kind_of(unit) if unit else None
    if kind not in kinds:
        allowed = ", ".join(known for k in kinds for known in UNITS[k])
        has = "has none" if unit is None else f"has {unit}"
        raise InvalidInput(f"column `{header}` must have a unit of {' or '.join(kinds)} ({allowed}), but {has}")
    known = canonical(str(unit))
    return Column(index, UNITS[str(kind)][known], known, str(kind))


def role_of(name: str) -> str | None:
    """Which of T, B, theta and time a name without unit means; None for another.

    >>> role_of("H"), role_of("Temperature"), role_of("R")
    ('B', 'T', None)
    """
    return next((role for role, (_, names) in _ROLES.items() if _base(name) in names), None)


def plan(
    names: Sequence[str],
    units: Sequence[str | None],
    columns: Mapping[str, Any] | None = None,
    where: str = "the file",
) -> Plan:
    """Give each quantity its column, from the given map first, from the names of the headers for the rest.

    Args:
        names: headers of the file.
        units: units that the file states apart from the headers; None where it states none.
        columns: quantity to header, (header, unit), or a number that is held; for R also a list, or a mapping from
            channel to header.
        where: name of the file, for messages.

    Raises:
        InvalidInput: a quantity without a column or with several, a unit of another kind, an unknown key.
    """
    headers = _Headers(tuple(names), tuple(units), where)
    if columns is not None and not isinstance(columns, Mapping):
        raise InvalidInput(f"`columns` must map quantities to headers, e.g. {{'T': 'Temp (K)'}}, but is {columns!r}")
    given = dict(columns or {})
    for key in given:
        one_of("columns", key, _MAPPED)
    roles: dict[str, Column | float] = {}
    for role, (kind, patterns) in _ROLES.items():
        found = headers.given(given[role], (kind,)) if role in given else headers.guess(kind, patterns)
        if found is not None:
            roles[role] = found
    channels = headers.given_channels(given) if "R" in given else headers.guess_channels()
    for role in ("T", "B"):
        if role not in roles:
            headers.missing(role, _ROLES[role][1])
    if not channels:
        headers.missing("R", ("Bridge 1 Resistance", "Resistance Ch1", "Res. ch1", "resistance", "R", "Rxx"))
    return Plan(roles, channels, headers.number("number of readings"))


@dataclass(frozen=True)
class _Headers:
    """The headers of one file and the searches in them."""

    names: tuple[str, ...]
    units: tuple[str | None, ...]
    where: str

    def base(self, index: int) -> str:
        return _base(split_unit(self.names[index])[0])

    def unit(self, index: int) -> str | None:
        return self.units[index] or split_unit(self.names[index])[1]

    def column(self, index: int, kinds: Sequence[str]) -> Column:
        return scaled(self.names[index], index, self.unit(index), kinds)

    def number(self, base: str) -> Column | None:
        found = [n for n in range(len(self.names)) if self.base(n) == base]
        return Column(found[0], 1.0, "", "number") if found else None

    def missing(self, role: str, patterns: Sequence[str]) -> None:
        shown = ", ".join(self.names[:_FIRST_NAMES]) or "no columns"
        more = f" and {len(self.names) - _FIRST_NAMES} more" if len(self.names) > _FIRST_NAMES else ""
        raise InvalidInput(
            f"`{self.where}` must have a column of {role} (looked for {', '.join(patterns)}; "
            f'or give columns={{"{role}": ...}}), but has {shown}{more}'
        )

    def find(self, header: str) -> int:
        wanted = _base(header)
        spellings = (
            [name == header for name in self.names],
            [name.strip().lower() == header.strip().lower() for name in self.names],
            [self.base(n) == wanted for n in range(len(self.names))],
        )
        for same in spellings:
            found = [n for n, match in enumerate(same) if match]
            if len(found) > 1:
                both = ", ".join(self.names[n] for n in found)
                raise InvalidInput(f"column `{header}` must name one column of `{self.where}`, but names {both}")
            if found:
                return found[0]
        self.missing(header, (header,))
        raise AssertionError

    def given(self, value: Any, kinds: Sequence[str]) -> Column | float:
        if isinstance(value, str):
            return self.column(self.find(value), kinds)
        if isinstance(value, tuple) and len(value) == 2 and all(isinstance(part, str) for part in value):
            index, stated = self.find(value[0]), self.unit(self.find(value[0]))
            if stated is not None and canonical(stated) != canonical(value[1]):
                raise InvalidInput(
                    f"column `{value[0]}` must be in {stated} as the file says, but is given as {value[1]}"
                )
            return scaled(self.names[index], index, value[1], kinds)
        return real("columns", value)

    def guess(self, kind: str, patterns: Sequence[str]) -> Column | None:
        for pattern in patterns:
            found = [n for n in range(len(self.names)) if self.base(n) == pattern]
            fitting = [n for n in found if self.unit(n) is None or kind_of(str(self.unit(n))) == kind]
            found = fitting if len(pattern) == 1 else found
            if len(found) > 1:
                both = ", ".join(self.names[n] for n in found)
                raise InvalidInput(
                    f"`{self.where}` must have one column of {kind}, but has {both}: choose by `columns`"
                )
            if found:
                return self.column(found[0], (kind,))
        return None

    def given_channels(self, given: Mapping[str, Any]) -> tuple[Channel, ...]:
        items = _listed(given["R"])
        sigmas = [value for _, value in _listed(given.get("sigma_R", ()))]
        currents = [value for _, value in _listed(given.get("excitation", ()))]
        channels = []
        for n, (label, value) in enumerate(items):
            column = self.given(value, ("resistance", "resistivity"))
            if not isinstance(column, Column):
                raise InvalidInput(f"`columns` must name the column of R, but gives {value!r}")
            sigma = self.given(sigmas[n], (column.quantity,)) if n < len(sigmas) else None
            current = self.given(currents[min(n, len(currents) - 1)], ("current",)) if currents else None
            name = label or split_unit(self.names[column.index])[0]
            channels.append(Channel(name, (column,), _only(sigma), _only(current)))
        return tuple(channels)

    def guess_channels(self) -> tuple[Channel, ...]:
        numbered: dict[str, dict[str, int]] = {}
        for n, header in enumerate(self.names):
            found = _CHANNEL.search(header)
            if found:
                key = f"Bridge {found[2]}" if found[1].lower() == "bridge" else f"Ch{found[2]}"
                rest = re.sub(r"[\s_.]+", " ", _CHANNEL.sub(" ", split_unit(header)[0])).strip().lower()
                numbered.setdefault(key, {}).setdefault(rest, n)
        channels = [self.numbered_channel(key, parts) for key, parts in numbered.items()]
        return tuple(c for c in channels if c is not None) or self.named_channels()

    def numbered_channel(self, name: str, parts: Mapping[str, int]) -> Channel | None:
        kinds = ("resistance", "resistivity")
        candidates = [self.column(parts[k], kinds) for k in ("resistance", "r", "res", "resistivity") if k in parts]
        candidates.sort(key=lambda c: c.quantity == "resistivity")
        current = next((parts[k] for k in ("excitation", "ac current", "current") if k in parts), None)
        common = self.number("excitation")
        if current is None and common is not None:
            current = common.index
        excitation = None if current is None else self.column(current, ("current",))
        volts = next((parts[k] for k in ("volts", "voltage") if k in parts), None)
        if volts is not None and excitation is not None:
            ratio = _ratio(self.column(volts, ("voltage",)), excitation)
            candidates = sorted([ratio, *candidates], key=lambda c: c.quantity == "resistivity")
        if not candidates:
            return None
        return Channel(name, tuple(candidates), self.numbered_sigma(parts, candidates[0], excitation), excitation)

    def numbered_sigma(self, parts: Mapping[str, int], first: Column, excitation: Column | None) -> Column | None:
        if first.divided_by is not None and excitation is not None and "v std dev" in parts:
            return _ratio(self.column(parts["v std dev"], ("voltage",)), excitation)
        found = [parts[k] for k in ("resistance std dev", "std dev", "resistivity std dev") if k in parts]
        return self.column(found[0], ("resistance", "resistivity")) if found else None

    def named_channels(self) -> tuple[Channel, ...]:
        kinds = ("resistance", "resistivity")
        fitting = [n for n in range(len(self.names)) if self.unit(n) is None or kind_of(str(self.unit(n))) in kinds]
        found: dict[str, int] = {}
        for n in (n for n in fitting if _RESISTANCE.fullmatch(self.base(n))):
            if found.setdefault(self.base(n), n) != n:
                both = f"{self.names[found[self.base(n)]]}, {self.names[n]}"
                raise InvalidInput(f"`{self.where}` must name each R once, but has {both}: choose by `columns`")
        errors = {}
        for n in range(len(self.names)):
            match = _SIGMA.fullmatch(self.base(n))
            if match:
                errors[match[1] or match[2]] = n
        channels = []
        for base, n in found.items():
            column = self.column(n, kinds)
            sigma = self.column(errors[base], (column.quantity,)) if base in errors else None
            channels.append(Channel(split_unit(self.names[n])[0], (column,), sigma))
        return tuple(channels)


def _ratio(volts: Column, current: Column) -> Column:
    return Column(volts.index, volts.scale, "Ohm", "resistance", divided_by=current)


def _only(value: Column | float | None) -> Column | None:
    return value if isinstance(value, Column) else None


def _listed(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [(str(key), item) for key, item in value.items()]
    return [("", item) for item in value] if isinstance(value, list) else [("", value)] if value != () else []
