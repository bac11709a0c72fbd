"""The report as one page: what was found first, then tables and verdicts, then data and extraction, provenance last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf, isfinite
from typing import Any, Final

from spinvalley.reports import words
from spinvalley.reports.drawing import Drawing
from spinvalley.reports.html import (
    Mark,
    bullets,
    document,
    figure,
    folded,
    paragraph,
    section,
    table,
    text,
)
from spinvalley.reports.intervals_page import resampled
from spinvalley.reports.words import number, quantity

_Told = Mapping[str, Any]
_MOST_ROWS: Final = 200
_UNKNOWN: Final = "the table gives no standard errors: leave-one-out and what the fits leave are in T instead"
_SWEPT: Final = {"temperature": ("T", "K"), "field": ("B", "T"), "angle": ("θ", "°")}


def page(told: _Told, figures: Sequence[Drawing]) -> str:
    """The whole page from the document of an analysis and its figures."""
    provenance = told["provenance"]
    head = f"<h1>{text(told['title'])}</h1>"
    meta = paragraph(f"spinvalley {provenance['spinvalley']}, {provenance['date']}", "meta")
    parts = [
        f'{head}\n{meta}\n<div class="summary">{"".join(paragraph(s) for s in told["summary"])}</div>',
        section("Critical temperature and field", _tc(told), _zero(told), _drawn(figures, "overview")),
        section("Carriers", _hall(told["hall"]) if told["hall"] else "", _drawn(figures, "hall")),
        *(_line(line, figures) for line in told["lines"]),
        section("Both directions together", *(_joint(one, told) for one in told["joint"])),
        section("Data and extraction", *(_data(one, told) for one in told["data"]), _drawn(figures, "sweeps")),
        section("Settings", _settings(told["settings"])),
        section("Provenance", _provenance(provenance)),
    ]
    return document(told["title"], "\n".join(part for part in parts if part))


def _tc(told: _Told) -> str:
    chosen = str(told["settings"]["criterion"])
    rows = [
        (row["channel"], words.criterion(row["criterion"]), quantity(row["Tc"], "K", row["sigma_Tc"]))
        for row in told["tc"]
    ]
    best = next((n for n, row in enumerate(told["tc"]) if row["criterion"] == chosen), None)
    caption = (
        "Critical temperature at zero field; ± is the standard error, the spread over the criteria is apart from it"
    )
    return table(("channel", "criterion", "Tc"), rows, caption, best=best)


def _zero(told: _Told) -> str:
    rows = []
    for line in told["lines"]:
        for model in line["models"]:
            if line["variable"] == "T" and model["name"] == line["best"]:
                zero = model["zero"]
                field = words.bounds(zero["B"], zero["low"], zero["high"], "T") if zero else "no finite limit"
                rows.append((line["name"], field, words.formula(model["name"]), _measured(line)))
    header = ("line", "Hc2(0)", "by the best admissible formula", "measured down to")
    return table(header, rows, "Upper critical field at T = 0, 68 % interval: an extrapolation of the formula")


def _measured(line: _Told) -> str:
    T, B = line["points"]["T"], line["points"]["B"]
    first = min(range(len(T)), key=T.__getitem__)
    return f"{number(T[first])} K, {number(B[first])} T"


def _line(line: _Told, figures: Sequence[Drawing]) -> str:
    models = line["models"]
    best = next((n for n, m in enumerate(models) if m["name"] == line["best"]), None)
    ranking = table(
        ("#", "formula", "admissible", "parameters (68 %)", "χ²/dof", "AICc", "ΔAICc", "leave-one-out", "runs test"),
        [_model_row(n, m) for n, m in enumerate(models, 1)],
        "Ranking: admissible formulas first, then by AICc; leave-one-out in standard errors; runs test: probability of "
        "so few changes of sign",
        numeric=(4, 5, 6, 7, 8),
        best=best,
        wide=3,
    )
    fit = paragraph(line["problem"].capitalize() + ".") if line["problem"] else ranking
    angle = line["variable"] == "theta"
    return section(
        line["name"],
        fit,
        bullets([*line["rules"], *([_UNKNOWN] if "sigma_B" not in line["points"] else [])]),
        section("Verdicts", _verdicts(models), level=3),
        section("Intervals by resampling", resampled(models), level=3),
        _drawn(figures, line["name"]),
        *(_window(name, window) for name, window in line["windows"].items()),
        folded(f"Critical fields ({len(line['points']['B'])} points)", _points(line["points"], angle)),
    )


def _model_row(rank: int, model: _Told) -> tuple[object, ...]:
    name = words.formula(model["name"])
    if not model["fitted"]:
        return (rank, name, Mark("no fit", False), model["problem"], "", "", "", "", "")
    held = [f"{words.parameter(n)} = {number(v)} (held)" for n, v in model["fixed"].items()]
    known = {n: f" (known: {quantity(value, '', sigma)})" for n, (value, sigma) in model["known"].items()}
    shown = [_valued(p) + known.get(p["name"], "") for p in model["parameters"]]
    chi2 = f"{number(model['chi2'])} / {model['dof']}"
    ratios = (_brief(model[k]) for k in ("aicc", "delta_aicc", "left_out"))
    runs = f"{model['runs']:.2g}"
    return (
        rank, name, Mark("yes", True) if model["admissible"] else Mark("no", False),
        "; ".join([*shown, *held]), chi2, *ratios, runs,
    )  # fmt: skip


def _hall(hall: _Told) -> str:
    """Density, mobility and scattering time."""
    rows = [
        ("sheet density n2D", quantity(hall["n2D"], "cm^-2", hall["sigma_n2D"])),
        ("carriers (electrons if R falls with the field)", hall["carriers"]),
        ("slope of the Hall resistance", quantity(hall["slope"], "Ω/T", hall["sigma_slope"])),
    ]
    for name, key, unit in (
        ("sheet resistance", "sheet_resistance", "Ω"),
        ("mobility", "mobility", "cm²/Vs"),
        ("τ = mobility m/e", "tau", "fs"),
    ):
        if isfinite(hall[key]):
            rows.append((name, quantity(hall[key], unit, hall[f"sigma_{key}"])))
    caption = "From the part of the Hall resistance that is odd in the field; ± is the standard error"
    return table(("quantity", "value"), rows, caption) + bullets(hall["rules"])


def _brief(value: float) -> str:
    """Two decimals where they matter; a dash for what cannot be told."""
    return f"{value:.3g}" if 1e3 <= abs(value) < inf else number(value, 0.1)


def _valued(parameter: _Told) -> str:
    """A parameter with its interval, limit or doubt."""
    name, told = words.parameter(parameter["name"]), parameter["text"]
    sign = {"two-sided": "= ", "none": "= ", "unbounded": "is "}.get(parameter["kind"], "")
    return f"{name} {sign}{told}"


def _verdicts(models: Iterable[_Told]) -> str:
    said = []
    for model in models:
        if model["fitted"]:
            name = words.formula(model["name"])
            said += [f"{name}: {verdict['text']}." for verdict in model["verdicts"]]
            said += [f"{name}: {pulled}." for pulled in words.pulled(model)]
            said += [_doubt(name, model)] if model["likely"] is False else []
            said += [_outliers(name, model)] if model["outliers"] else []
            said += [f"{name}: another minimum is nearly as low, at {_listed(o)}." for o in model["others"]]
    return bullets(said)


def _doubt(name: str, model: _Told) -> str:
    chi2, dof = number(model["chi2"]), model["dof"]
    return f"{name}: χ² = {chi2} for {dof} degrees of freedom is too large for the standard errors."


def _outliers(name: str, model: _Told) -> str:
    chi2, dof = model["bulk"]
    told = f"{model['outliers']} of {model['points']} points are outliers, more than 4 standard errors off"
    return f"{name}: {told}; χ² of the others is {number(chi2)} for {dof} degrees of freedom."


def _listed(values: Mapping[str, float]) -> str:
    return ", ".join(f"{words.parameter(name)} = {number(value)}" for name, value in values.items())


def _window(name: str, window: _Told) -> str:
    rows = window["table"]
    parameters = [k for k in (rows[0] if rows else {}) if f"sigma_{k}" in rows[0]]
    body = [
        (
            number(row["low"]), row["points"],
            *(quantity(row[k], "", row[f"sigma_{k}"]) for k in parameters), number(row["p_runs"]),
        )
        for row in rows
    ]  # fmt: skip
    chosen = next((n for n, row in enumerate(rows) if row["chosen"]), None)
    header = ("from T (K)", "points", *map(words.parameter, parameters), "runs test")
    rule = f"Its window is {window['rule']}" + ("" if window["likely"] else "; not even the smallest passes")
    told = f"{words.formula(name)} holds near Tc only. {rule}. The tinted one is chosen."
    return folded(
        f"Influence of the fit window on {words.formula(name)}", paragraph(told) + table(header, body, best=chosen)
    )


def _joint(one: _Told, told: _Told) -> str:
    parameters = ", ".join(f"{words.parameter(p['name'])} = {p['text']}" for p in one["parameters"])
    held = _listed(one["fixed"])
    low = f"from {number(one['low'][0])} K (perpendicular) and {number(one['low'][1])} K (parallel) up to Tc"
    sentence = (
        f"{one['channel']}: two-dimensional Ginzburg-Landau theory with one Tc and one ξ, {low}: {parameters}"
        f"{f'; held: {held}' if held else ''}; χ²/dof = {number(one['chi2'])} / {one['dof']}."
    )
    lines = [line for line in told["lines"] if line["channel"] == one["channel"]]
    away = words.off(one) if all("sigma_B" in line["points"] for line in lines) else ""
    scaled = ", by which the errors are scaled" * (one["scale"] == "free")
    doubt = [f"It does not describe both directions: {away}{scaled}."] if away else []
    return paragraph(sentence) + bullets([*doubt, *(f"{v['text']}." for v in one["verdicts"])])


def _points(points: Mapping[str, Sequence[float]], angle: bool) -> str:
    units = {"T": "K", "sigma_T": "K", "B": "T", "sigma_B": "T", "theta": "°", "sigma_theta": "°"}
    names = list(points)
    header = [f"{'σ ' + n[6:] if n.startswith('sigma_') else n} ({units.get(n, '')})" for n in names]
    header = [h.replace("theta", "θ") for h in header]
    rows = [tuple(number(v, 0.0) for v in row) for row in zip(*points.values(), strict=True)]
    return _long(header, rows, f"Points against {'angle' if angle else 'temperature'}, with standard errors")


def _data(one: _Told, told: _Told) -> str:
    chosen = str(told["settings"]["criterion"])
    rules = [f"R_N: {rule}" for rule in one["rules"]]
    offsets = [
        f"{row['channel']}: resistance left in the superconducting state {_offset(row, one['unit'])}"
        for row in one["offsets"]
    ]
    fields = [r for r in one["fields"] if r["criterion"] == chosen]
    temperatures = [r for r in one["temperatures"] if r["criterion"] == chosen]
    return section(
        one["name"],
        bullets([*_counts(one["sweeps"]), *rules, *offsets, *one["notes"]]),
        _crossings(fields, "field", one, chosen),
        _crossings(temperatures, "temperature", one, chosen),
        level=3,
    )


def _counts(sweeps: Sequence[_Told]) -> list[str]:
    found = []
    for kind, (symbol, unit) in _SWEPT.items():
        mine = [s for s in sweeps if s["kind"] == kind]
        if mine:
            low, high = min(min(s["start"], s["stop"]) for s in mine), max(max(s["start"], s["stop"]) for s in mine)
            points = sum(s["points"] for s in mine)
            found.append(
                f"{len(mine)} {kind} sweeps, {points} points, {symbol} from {number(low)} to {number(high)} {unit}"
            )
    return found


def _offset(row: _Told, unit: str) -> str:
    if row["status"] in ("none", "changes sign"):
        return {"none": "is not seen", "changes sign": "is none: the channel changes sign"}[row["status"]]
    word = "within its scatter of zero or below it: an offset" if row["status"] == "offset" else "clearly above zero"
    return f"{number(row['offset'])} {unit}, scatter {number(row['spread'])} {unit} ({word})"


def _crossings(rows: Sequence[_Told], kind: str, one: _Told, chosen: str) -> str:
    swept, held = ("B", "T") if kind == "field" else ("T", "B")
    every = one["fields"] if kind == "field" else one["temperatures"]
    body = [
        (
            r["channel"], number(r[held], r[f"sigma_{held}"] or 0.0), number(r["theta"]), r["direction"],
            quantity(r[swept], "", r[f"sigma_{swept}"]) if r["status"] in ("converged", "not converged") else "–",
            _others(every, r, swept, chosen), number(r["hysteresis"]),
            number(r["offset_shift"]), quantity(r["R_N"], "", r["sigma_R_N"]),
            r["status"],
        )
        for r in rows
    ]  # fmt: skip
    unit = {"T": "K", "B": "T"}
    name = {"B": "Hc2", "T": "Tc"}[swept]
    header = (
        "channel", f"{held} ({unit[held]})", "θ (°)", "branch", f"{name} ({unit[swept]})", "at the other criteria",
        f"hysteresis ({unit[swept]})", f"moved by the offset ({unit[swept]})", f"R_N ({one['unit']})", "status",
    )  # fmt: skip
    caption = (
        f"Every {kind} sweep, {words.criterion(chosen)}; ± is the standard error; hysteresis: rising minus falling; "
        "moved: how far the point would move without the offset"
    )
    return _long(header, body, caption, (1, 2, 4, 6, 7, 8))


def _others(every: Sequence[_Told], row: _Told, swept: str, chosen: str) -> str:
    same = [
        r for r in every if (r["channel"], r["sweep"]) == (row["channel"], row["sweep"]) and r["criterion"] != chosen
    ]
    return ", ".join(f"{_short(r['criterion'])}: {number(r[swept])}" for r in same)


def _short(criterion: str) -> str:
    try:
        return f"{100 * float(criterion):g} %"
    except ValueError:
        return criterion


def _long(header: Sequence[str], rows: Sequence[Sequence[object]], caption: str, numeric: Iterable[int] = ()) -> str:
    left_out = (
        f"; the first {_MOST_ROWS} of {len(rows)} rows, all are in analysis.json" if len(rows) > _MOST_ROWS else ""
    )
    return table(header, rows[:_MOST_ROWS], caption[:1].upper() + caption[1:] + left_out, numeric=numeric)


def _settings(settings: _Told) -> str:
    def shown(value: Any) -> str:
        if value is None or value in ((), {}, []):
            return "–"
        if isinstance(value, Mapping):
            return ", ".join(f"{k} = {v}" for k, v in value.items())
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)

    return table(("setting", "value"), [(name, shown(value)) for name, value in settings.items()])


def _provenance(provenance: _Told) -> str:
    parts = [paragraph(f"Made by spinvalley {provenance['spinvalley']} on {provenance['date']}.")]
    if provenance["selected"]:
        parts.append(paragraph("Selected rows: " + ", ".join(f"{k} = {v}" for k, v in provenance["selected"].items())))
    for source in provenance["files"]:
        rows = [(name, source[name]) for name in ("name", "sha256", "format", "title", "rows", "theta") if source[name]]
        header = source["header"] or {}
        body = table(("file", source["name"]), rows[1:])
        parts.append(
            body + folded("What the file says about itself", table(("name", "text"), list(header.items())[:_MOST_ROWS]))
        )
    return "\n".join(parts)


def _drawn(figures: Sequence[Drawing], where: str) -> str:
    return "\n".join(
        figure(one.embedded(), one.caption, f"{one.name}_single.pdf, {one.name}_double.pdf, {one.name}.csv")
        for one in figures
        if one.section == where
    )
