"""Numbers with their uncertainty in words, and the sentences of the summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import xarray as xr

from spinvalley.experiment.intervals import Interval

FORMULAS: Final = {
    "gl_perpendicular": "2D Ginzburg-Landau, perpendicular",
    "gl_parallel": "2D Ginzburg-Landau, parallel",
    "gl_3d_parallel": "3D Ginzburg-Landau, parallel",
    "tinkham_2d": "2D Tinkham",
    "anisotropic_3d": "3D anisotropic Ginzburg-Landau",
    "abrikosov_gorkov": "pair breaking (Abrikosov-Gor'kov)",
    "whh": "Werthamer-Helfand-Hohenberg",
    "klb": "Klemm-Luther-Beasley (spin-orbit scattering)",
    "ising": "Ising splitting",
    "ising_rashba": "Ising splitting and Rashba coupling",
    "ising_intervalley": "Ising splitting and inter-valley scattering",
    "pauli": "Pauli limit",
}
"""Names of the formulas for readers."""

_CLOSE: Final = 10.0  # of AICc: a formula that describes the points nearly as well
_FAR: Final = 1.5
_EQUAL: Final = 4.0  # of AICc: formulas that the data do not tell apart
_COLD: Final = 0.3  # of Tc
_PULLED: Final = 3.0  # standard errors
_UNRANKED: Final = " The points are too few for AICc, so that the order of the formulas means little."

_SHORT: Final = {
    "gl_perpendicular": "2D GL ⊥",
    "gl_parallel": "2D GL ∥",
    "gl_3d_parallel": "3D GL ∥",
    "tinkham_2d": "2D Tinkham",
    "anisotropic_3d": "3D GL",
    "abrikosov_gorkov": "pair breaking",
    "whh": "WHH",
    "klb": "KLB",
    "ising": "Ising",
    "ising_rashba": "Ising + Rashba",
    "ising_intervalley": "Ising + inter-valley",
    "pauli": "Pauli limit",
}

PARAMETERS: Final = {
    "tc": "Tc", "xi": "ξ(0)", "d": "d", "xi_c": "ξc(0)", "b_perp": "B⊥", "b_par": "B∥", "offset": "offset of θ",
    "slope": "−dB/dT at Tc", "alpha": "α", "lambda_so": "λso", "tau_so": "τso", "b0": "B0", "splitting": "splitting",
    "rashba_ratio": "Rashba/Ising", "tau_iv": "τiv",
    "density": "n2D", "g_factor": "g",
}  # fmt: skip
"""Symbols of the parameters for readers."""

_UNITS: Final = {
    "tc": "K", "xi": "nm", "d": "nm", "xi_c": "nm", "b_perp": "T", "b_par": "T", "offset": "°", "slope": "T/K",
    "tau_so": "fs", "b0": "T", "splitting": "meV", "tau_iv": "fs", "density": "cm⁻²",
}  # fmt: skip

_DENSITY, _LARGE, _LARGE_UNIT = "cm^-2", 1e14, "· 10¹⁴ cm⁻²"

_LIMITS: Final = {
    "gl_perpendicular": "the orbital motion limits it",
    "whh": "the orbital motion limits it",
    "gl_parallel": "the orbital motion across the film limits it",
    "gl_3d_parallel": "the orbital motion between the layers limits it",
    "abrikosov_gorkov": "one pair-breaking rate limits it",
    "klb": "the Pauli effect limits it, weakened by spin-orbit scattering",
    "ising": "the Pauli effect limits it, against the Ising splitting",
    "ising_rashba": "the Pauli effect limits it, against the Ising splitting and helped by Rashba coupling",
    "ising_intervalley": "the Pauli effect limits it, against the Ising splitting, helped by inter-valley scattering",
    "pauli": "the Pauli effect limits it",
    "tinkham_2d": "the superconductivity is two-dimensional",
    "anisotropic_3d": "the superconductivity is three-dimensional and anisotropic",
}


def formula(name: str) -> str:
    """Name of a formula, or of a user's theory, for readers."""
    return FORMULAS.get(name, name)


def short(name: str) -> str:
    """Name of a formula in a figure."""
    return _SHORT.get(name, name.replace("k.p bands of", "k.p").partition(" at ")[0])


def parameter(name: str) -> str:
    """Symbol of a parameter; in a joint fit with the label of its part."""
    stem = next((s for s in sorted(PARAMETERS, key=len, reverse=True) if name == s or name.startswith(f"{s}_")), name)
    rest = name[len(stem) :].lstrip("_")
    return PARAMETERS.get(stem, stem) + (f" ({rest})" if rest else "")


def axis(name: str) -> str:
    """Name and unit of a parameter for the axis of a figure.

    >>> axis("splitting"), axis("d")
    ('splitting (meV)', 'd (nm)')
    """
    unit = _UNITS.get(name, "")
    return parameter(name) + (f" ({unit})" if unit else "")


def number(value: float | None, error: float = 0.0) -> str:
    """A number to the second digit of its error, or to four digits.

    >>> number(18.41934, 0.12), number(1234.5, 300.0), number(None)
    ('18.42', '1230', '–')
    """
    if value is None or not np.isfinite(value):
        return "–"
    if not (error > 0 and np.isfinite(error)):
        return f"{value:.4g}".replace("-", "−")
    places = 1 - int(np.floor(np.log10(error)))
    return (f"{value:.{places}f}" if places >= 0 else f"{round(value, places):.0f}").replace("-", "−")


def quantity(value: float, unit: str, error: float | None = None) -> str:
    """Value, its error and unit.

    >>> quantity(6.5012, "K", 0.013)
    '6.501 ± 0.013 K'
    """
    if unit == _DENSITY:
        return quantity(value / _LARGE, _LARGE_UNIT, error / _LARGE if error else error)
    bar = f" ± {number(error, error)}" if error and np.isfinite(error) else ""
    return f"{number(value, error or 0.0)}{bar} {unit}".rstrip()


def interval(found: Interval) -> str:
    """An interval; a one-sided one is a limit, and one without ends is not determined.

    >>> interval(Interval("d", 1.5, 1.4, 1.7, 0.683, "nm")), interval(Interval("d", 9.0, 1.4, None, 0.683, "nm"))
    ('1.50 +0.20 −0.10 nm', '> 1.4 nm (one-sided)')
    """
    if found.beyond:
        sign, end = (">", found.bounds[1]) if found.lower is not None else ("<", found.bounds[0])
        return f"beyond the search ({sign} {end:.3g} {found.unit})".replace(" )", ")")
    return bounds(found.value, found.lower, found.upper, found.unit)


def bounds(value: float, lower: float | None, upper: float | None, unit: str) -> str:
    """Value with its two distances, or a limit."""
    if unit == _DENSITY:
        least, most = (None if end is None else end / _LARGE for end in (lower, upper))
        return bounds(value / _LARGE, least, most, _LARGE_UNIT)
    if lower is not None and upper is not None:
        up, down = upper - value, value - lower
        if not max(up, down) > 0:
            return quantity(value, unit)
        least = min(x for x in (up, down, max(up, down)) if x > 0)
        if up > 0 and down > 0 and number(up, least) == number(down, least):
            return quantity(value, unit, least)
        return f"{number(value, least)} +{number(up, least)} −{number(down, least)} {unit}".rstrip()
    if lower is not None:
        return f"> {lower:.4g} {unit}".rstrip() + " (one-sided)"
    if upper is not None:
        return f"< {upper:.4g} {unit}".rstrip() + " (one-sided)"
    return "not determined by the data"


def span(low: float, high: float, unit: str) -> str:
    """Two ends of an interval.

    >>> span(6.012, 6.134, "meV")
    '6.012 to 6.134 meV'
    """
    if unit == _DENSITY:
        return span(low / _LARGE, high / _LARGE, _LARGE_UNIT)
    size = 0.3 * (high - low)
    return f"{number(low, size)} to {number(high, size)} {unit}".rstrip()


def title(names: Sequence[str]) -> str:
    """Title of a report."""
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"Critical fields of {listed}"


def criterion(text: Any) -> str:
    """How a sentence calls a criterion."""
    try:
        return f"{100 * float(text):g} % of the normal resistance"
    except ValueError:
        return f"the {text} of the transition"


def normal_rules(*tables: xr.Dataset | None) -> list[str]:
    """The rules for R_N that some tables followed."""
    found = [str(rule) for table in tables if table is not None for rule in table.rule.values]
    return list(dict.fromkeys(found))


def summary(told: Mapping[str, Any]) -> tuple[str, ...]:
    """What was found, in sentences: Tc, the field at T = 0 in each direction, what limits it, and what is in doubt."""
    sentences = ["The data are synthetic: made by a computer, not measured."] if told["synthetic"] else []
    sentences += [f"{file['name']} {file['loss']}." for file in told["provenance"]["files"] if file["loss"]]
    chosen = str(told["settings"]["criterion"])
    zero = [row for row in told["tc"] if row["criterion"] == chosen]
    several = len({line["channel"] for line in told["lines"]} | {row["channel"] for row in told["tc"]}) > 1
    for row in zero:
        of = f" of {row['channel']}" if several else ""
        sentences.append(f"Tc{of} is {quantity(row['Tc'], 'K', row['sigma_Tc'])} ({criterion(chosen)}).")
    sentences += _carriers(told["hall"]) if told["hall"] else []
    if told["data"] and not zero:
        sentences.append("No temperature sweep at zero field: Tc is not measured directly.")
    tilted = [line for line in told["lines"] if line["problem"] and line["orientation"].endswith("degrees")]
    shown = [line for line in told["lines"] if line not in tilted] or tilted  # of several angles only what is fitted
    return (*sentences, *(_of_line(line, several) for line in shown))


def pulled(model: Mapping[str, Any]) -> list[str]:
    """Parameters that a fit draws far away from what is known of them beforehand."""
    values = {p["name"]: p["value"] for p in model["parameters"]}
    found = []
    for name, (known, sigma) in model["known"].items():
        away = abs(values[name] - known) / sigma
        if away > _PULLED:
            told = quantity(known, "", sigma)
            found.append(f"{parameter(name)} is drawn {number(away, 1.0)} standard errors away from the known {told}")
    return found


def _carriers(hall: Mapping[str, Any]) -> list[str]:
    """Density, mobility and scattering time of the Hall bar."""
    parts = [f"n2D = {quantity(hall['n2D'], _DENSITY, hall['sigma_n2D'])} ({hall['carriers']})"]
    for key, symbol, unit in (("mobility", "mobility", "cm²/Vs"), ("tau", "τ", "fs")):
        if np.isfinite(hall[key]):
            parts.append(f"{symbol} = {quantity(hall[key], unit, hall[f'sigma_{key}'])}")
    cautions = "".join(f"; {rule}" for rule in hall["rules"] if rule.startswith("caution: "))
    return [f"From the Hall voltage at {number(hall['T'])} K: {', '.join(parts)}{cautions}."]


def _of_line(line: Mapping[str, Any], several: bool) -> str:
    where = _where(line) + (f" of {line['channel']}" if several else "")
    if line["problem"]:
        return f"{_capital(where)}: {line['problem']}."
    good = [m for m in line["models"] if m["fitted"]]
    bad = [m for m in good if not m["admissible"]]
    best = next((m for m in good if m["admissible"]), None)
    if best is None:
        return f"{_capital(where)}: no formula is admissible, the closest is {formula(good[0]['name'])}."
    text = f"{_capital(where)}: {_result(line, best)} by the best admissible formula, {formula(best['name'])}"
    doubt = _caution(line, best)
    believed = not doubt and best["name"] in _LIMITS and line["orientation"] != "unknown"
    text += (f": {_LIMITS[best['name']]}" if believed else "") + doubt
    text += "".join(f"; {c}" for c in _cautions(best)) + _reach(line, best) + "."
    text += _UNRANKED * (len(good) > 1 and not np.isfinite(best["aicc"]))
    rivals = [m for m in good if m["admissible"] and m is not best and m["aicc"] < best["aicc"] + _EQUAL]
    close = [m for m in bad if m["aicc"] is not None and m["aicc"] < best["aicc"] + _CLOSE]
    return " ".join([text, *(_rival(m, line, best) for m in rivals), *(_refused(m, best) for m in close)])


def _reach(line: Mapping[str, Any], best: Mapping[str, Any]) -> str:
    """How far the points are from T = 0, where the field is extrapolated."""
    tc = next((p["value"] for p in best["parameters"] if p["name"] == "tc"), best["fixed"].get("tc"))
    if not best["zero"] or tc is None or min(line["points"]["T"]) < _COLD * tc:
        return ""
    held = "" if "tc" in best["fixed"] or "tc" in best["known"] else f" = {number(tc)} K of the fit"
    coldest = min(line["points"]["T"])
    return f"; an extrapolation from T > {number(coldest)} K, {coldest / tc:.2g} of Tc{held}"


def _rival(model: Mapping[str, Any], line: Mapping[str, Any], best: Mapping[str, Any]) -> str:
    """Another admissible formula that the data do not tell from the best one."""
    difference = model["aicc"] - best["aicc"]
    name = formula(model["name"])
    return f"{name} describes the points as well (AICc higher by {difference:.2g}): {_result(line, model)}."


def _refused(model: Mapping[str, Any], best: Mapping[str, Any]) -> str:
    """A formula that describes the points well and may not be believed."""
    reason = next((v["text"] for v in model["verdicts"] if v["holds"] is False), "inadmissible")
    difference = model["aicc"] - best["aicc"]
    word = f"AICc {'higher' if difference > 0 else 'lower'} by {abs(difference):.2g}"
    return f"{formula(model['name'])} ({word}) is {reason}."


def off(model: Mapping[str, Any]) -> str:
    """How far the points lie from a curve that does not describe them; "" where it does."""
    chi2, dof = model["bulk"]  # outliers of a robust fit left out
    ratio = float(np.sqrt(chi2 / max(dof, 1)))
    far = model["likely"] is False or (model["scale"] == "free" and ratio > _FAR)
    return f"the points lie {ratio:.2g} standard errors off the curve" if far and model["dof"] else ""


def _caution(line: Mapping[str, Any], best: Mapping[str, Any]) -> str:
    """Why it is open whether the best formula describes the points."""
    if not best["dof"]:
        return " (but with as many parameters as points, so that nothing tests it)"
    if "sigma_B" not in line["points"]:
        return " (whether it describes the points is open: the table gives no standard errors)"
    away = off(best)
    return f" (but {away})" if away else ""


def _cautions(best: Mapping[str, Any]) -> list[str]:
    """What is to be kept in mind of the best formula."""
    return [v["text"] for v in best["verdicts"] if v["text"].startswith("caution: ")]


def _where(line: Mapping[str, Any]) -> str:
    names = {
        "perpendicular": "in a perpendicular field",
        "parallel": "in a field along the layers",
        "unknown": "in a field of undocumented direction",
        "angle": f"against angle at {number(line['T'])} K",
    }
    return names.get(line["orientation"], f"in a field at {line['orientation']} from the c axis")


def _result(line: Mapping[str, Any], best: Mapping[str, Any]) -> str:
    if best["zero"]:
        zero = best["zero"]
        return f"Hc2(0) = {bounds(zero['B'], zero['low'], zero['high'], 'T')}"
    if line["variable"] == "T":
        T, B = line["points"]["T"], line["points"]["B"]
        coldest = min(range(len(T)), key=T.__getitem__)
        return f"Hc2 = {number(B[coldest])} T at {number(T[coldest])} K and no finite limit at T = 0"
    return ", ".join(f"{parameter(p['name'])} = {p['text']}" for p in best["parameters"])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
