"""Small measured files of every format, made of known numbers."""

import io
import sqlite3
from contextlib import closing

import numpy as np

PPMS_HEADER = """[Header]
TITLE,{title}
FILEOPENTIME, 1.0,1/1/2020,10:00 AM
BYAPP, {byapp}
INFO,0.1393,SAMPLE1_LEAD_SEPARATION
INFO, SAMPLE_MATERIAL: NbSe2, flake 3
INFO SAMPLE_HOLDER, chip B
TEMPERATURETOLERANCE, 0.05
[Data]
"""
RESISTIVITY_NAMES = (
    "Comment,Time Stamp (sec),Status (code),Temperature (K),Magnetic Field (Oe),Sample Position (deg),"
    "Bridge 1 Resistivity (Ohm-m),Bridge 1 Excitation (uA),Bridge 2 Resistivity (Ohm-m),Bridge 2 Excitation (uA),"
    "Bridge 1 Std. Dev. (Ohm-m),Bridge 2 Std. Dev. (Ohm-m),Number of Readings,"
    "Bridge 1 Resistance (Ohms),Bridge 2 Resistance (Ohms)" + "".join(f",Map {n} ()" for n in range(20, 38))
)
ACT_NAMES = (
    "Comment,Time Stamp (sec),Temperature (K),Magnetic Field (Oe),Sample Position (deg),Excitation (mA),Frequency (Hz),"
    "Volts ch1,Volts ch2,V Std.Dev. ch1,V Std.Dev. ch2,Res. ch1 (ohm-cm),Res. ch2 (ohm-cm),"
    "Bridge 1 Resistance (ohms),Map 20 ()"
)
ETO_NAMES = (
    "Comment,Time Stamp (s),Temperature (K),Field (Oe),Sample Position (deg),Resistance Ch1 (Ohms),"
    "Resistance Std. Dev. Ch1 (Ohms),Phase Angle Ch1 (deg),AC Current Ch1 (mA),Resistance Ch2 (Ohms),"
    "Resistance Std. Dev. Ch2 (Ohms),AC Current Ch2 (mA),ETO Status Code"
)


def numbers(rows=40, seed=0):
    """T (K), B (T), R (Ohm) and time (s) of a field sweep at 2 K."""
    rng = np.random.default_rng(seed)
    B = np.linspace(-1, 1, rows)
    R = 0.5 / (1 + np.exp(-(np.abs(B) - 0.5) / 0.05)) + 1e-4 * rng.normal(size=rows)
    return 2 + 1e-4 * rng.normal(size=rows), B, R, 10.0 * np.arange(rows)


def resistivity(rows=40, title="a film", position=0.0):
    """A file of the resistivity option: 15 values under 33 names; rho = R x 1e-7 m."""
    T, B, R, time = numbers(rows)
    lines = [
        f",{t!r},4369,{T_!r},{b * 1e4!r},{position},{r * 1e-7!r},20.0,,20.0,1e-10,,25,{r!r},,"
        for t, T_, b, r in zip(time.tolist(), T.tolist(), B.tolist(), R.tolist(), strict=True)
    ]
    head = PPMS_HEADER.format(title=title, byapp="Resistivity, 2.1, 1.0")
    return (head + RESISTIVITY_NAMES + "\n" + "\n".join(lines) + "\n").encode()


def act(rows=40):
    """A file of the ACT option: channel 1 in even, channel 2 (twice the resistance) in odd rows; L/A = 125 per cm."""
    T, B, R, time = numbers(rows)
    lines = []
    for n, (t, T_, b, r) in enumerate(zip(time, T, B, R, strict=True)):
        r = float(r) * (1 + n % 2)
        pair = [f"{r * 1e-3!r},", f",{r * 1e-3!r}"][n % 2]
        sigma = ["1e-7,", ",1e-7"][n % 2]
        rho = [f"{r / 125!r},", f",{r / 125!r}"][n % 2]
        lines.append(f",{float(t)!r},{float(T_)!r},{float(b) * 1e4!r},0,1.0,93,{pair},{sigma},{rho},,{float(T_)!r}")
    head = PPMS_HEADER.format(title="act", byapp="ACTRANSPORT,2.0,1.1")
    return (head + ACT_NAMES + "\n" + "\n".join(lines) + "\n").encode()


def eto(rows=40):
    """A file of the ETO option with a rotator at 30 degrees."""
    T, B, R, time = (x.tolist() for x in numbers(rows))
    lines = [
        f",{t!r},{T_!r},{b * 1e4!r},30,{r!r},0.001,0.1,0.02,{2 * r!r},0.002,0.02,1"
        for t, T_, b, r in zip(time, T, B, R, strict=True)
    ]
    head = PPMS_HEADER.format(title="eto", byapp="Electrical Transport Option, Release 1.2.0 Build 0")
    return (head + ETO_NAMES + "\n" + "\n".join(lines) + "\n").encode()


def table(rows=40, delimiter=",", decimal=".", field="Oe", comment="# a remark\n"):
    """A table of text with its units in the headers."""
    T, B, R, _ = numbers(rows)
    scale = {"Oe": 1e4, "T": 1.0, "mT": 1e3, "kOe": 10.0}[field]
    lines = [
        delimiter.join(repr(v).replace(".", decimal) for v in row)
        for row in zip(T.tolist(), (B * scale).tolist(), R.tolist(), strict=True)
    ]
    head = delimiter.join(["T(K)", f"Field({field})", "R(Ohm)"])
    return (comment + head + "\n" + "\n".join(lines) + "\n").encode()


def qcodes(path, rows=40, arrays=False):
    """A QCoDeS database with two runs: the first all zero, the second with the numbers."""
    T, B, R, _ = numbers(rows)
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("CREATE TABLE runs (run_id INTEGER PRIMARY KEY, name TEXT, result_table_name TEXT)")
        base.execute(
            "CREATE TABLE layouts (layout_id INTEGER PRIMARY KEY, run_id INTEGER, parameter TEXT, label TEXT, "
            "unit TEXT)"
        )
        base.execute("CREATE TABLE dependencies (dependent INTEGER, independent INTEGER, axis_num INTEGER)")
        for run, values in ((1, (T, B, 0 * R)), (2, (T, B, R))):
            base.execute("INSERT INTO runs VALUES (?, ?, ?)", (run, f"sweep {run}", f"results-1-{run}"))
            base.execute(f'CREATE TABLE "results-1-{run}" (id INTEGER PRIMARY KEY, temp, field, Rxx)')
            for n, (name, unit) in enumerate((("temp", "K"), ("field", "T"), ("Rxx", "Ohm"))):
                base.execute("INSERT INTO layouts VALUES (?, ?, ?, ?, ?)", (3 * run + n, run, name, name, unit))
            base.execute("INSERT INTO dependencies VALUES (?, ?, 0)", (3 * run + 2, 3 * run + 1))
            rowed = [[blob(v) for v in values]] if arrays else np.transpose(values).tolist()
            base.executemany(f'INSERT INTO "results-1-{run}" (temp, field, Rxx) VALUES (?, ?, ?)', rowed)


def blob(values):
    """An array in the .npy form."""
    stream = io.BytesIO()
    np.save(stream, values, allow_pickle=False)
    return stream.getvalue()


def hdf5(path, rows=40):
    """An HDF5 file with a group of data sets."""
    import h5py

    T, B, R, time = numbers(rows)
    with h5py.File(path, "w") as file:
        file.attrs["title"] = "a run"
        for name, values, unit in (
            ("T", T, "K"),
            ("B", B, "T"),
            ("R", np.array([R, 2 * R]), "Ohm"),
            ("time", time, "s"),
        ):
            file.create_dataset(f"entry/{name}", data=values).attrs["units"] = unit
