"""A fingerprint changes with what the numbers depend on, and with nothing else."""

import functools
import inspect
import os
import subprocess
import sys

import numpy as np
import pytest

import spinvalley as sv
from spinvalley.sweeps.fingerprint import digest, fingerprint


def test_a_fingerprint_follows_what_the_numbers_depend_on():
    film = sv.models.film()

    def made(sc, factor):
        return functools.partial(lambda sc, x: factor * x if sc else x, sc)

    sc = sv.Superconductor(film, sv.s_wave(gap0=0.2))
    before = fingerprint(made(sc, 2))
    _ = sc.v  # something cached
    assert fingerprint(made(sc, 2)) == before
    assert fingerprint(made(sv.Superconductor(sv.models.film(), sv.s_wave(gap0=0.2)), 2)) == before
    assert fingerprint(made(sv.Superconductor(film, sv.s_wave(gap0=0.3)), 2)) != before
    assert fingerprint(made(sc, 3)) != before
    assert digest(np.arange(3)) != digest(np.arange(3.0))
    with pytest.raises(sv.InvalidInput, match="`function` must hold plain values, but it holds a generator"):
        digest(i for i in range(3))


def scope(text, name="f"):
    """A function made of a text, as in a console, which has no source to look up."""
    space = {"__name__": "console"}
    exec(text, space)
    return space[name]


class Line:
    slope = 2.0

    def __init__(self, offset):
        self.offset = offset

    def __call__(self, x):
        return self.slope * x + self.offset


def test_functions_are_told_apart_without_their_source_too():
    texts = ["sum(k * x for k in (1, 2))", "sum(k * x for k in (1, 3))", "math.sin(x)", "math.cos(x)", "-x", "x"]
    made = [scope(f"import math\ndef f(x): return {text}") for text in texts]
    assert len({digest(function) for function in made}) == len(texts)
    again = [scope(f"import math\ndef f(x): return {text}") for text in texts]
    assert [digest(function) for function in again] == [digest(function) for function in made]
    one, other = (lambda x: x + 1), (lambda x: x - 1)  # one line, one source
    assert digest(one) != digest(other)
    assert digest(functools.lru_cache(one)) != digest(functools.lru_cache(other))


def test_a_callable_object_is_its_class_and_its_content(monkeypatch):
    assert digest(Line(1.0)) == digest(Line(1.0)) != digest(Line(2.0))
    before = digest(Line(1.0))
    source = inspect.getsource
    monkeypatch.setattr(inspect, "getsource", lambda what: source(what).replace("self.slope * x", "x"))
    assert digest(Line(1.0)) != before


def test_a_fingerprint_is_the_same_in_another_process():
    code = (
        "from spinvalley.sweeps.fingerprint import digest; import numpy as np;"
        "f = eval(\"lambda x: x in {'u', 'v', 'w', 'z'}\");"
        "print(digest([f, {'a', 'b', 'c'}, np.arange(3.0), {'k': frozenset({'p', 'q', 'r'})}]))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1
