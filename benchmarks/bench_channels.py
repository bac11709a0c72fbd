"""The susceptibility matrix of n channels against n times one susceptibility, with nodes known and with nodes to find.

python benchmarks/bench_channels.py
"""

import numpy as np
from common import Stopwatch, save, table

import spinvalley as sv
from spinvalley.pairing import Channel, Competition, Reduced
from spinvalley.pairing.channels import available
from spinvalley.pairing.competition.matrix import PairMatrix
from spinvalley.pairing.linearised import susceptibility
from spinvalley.pairing.sampler import Sampler

TEMPERATURE, FIELD, ORDER, REPEATS = 0.02, np.array([0.05, 0.0, 0.0]), 10, 5
SIX = ("s", "s_ext", "d_x2-y2", "d_xy", "p_x:z", "p_y:z")
MODELS = {
    "film": (sv.models.film(mu=0.5), "film"),
    "Ising film": (sv.models.ising_film(0.2, mu=0.5), "film"),
    "heterostructure": (sv.models.heterostructure(coupling=0.5), "sc"),
}


def best(call):
    """Least processor time of some calls, seconds."""
    times = []
    for _ in range(REPEATS):
        with Stopwatch() as watch:
            call()
        times.append(watch.cpu)
    return min(times)


def one(model, layer, field):
    """Processor time of the susceptibility of s-wave pairing: with its nodes to find, and with them known."""
    on = layer if layer in model.layers else None

    def cold():
        return susceptibility(Sampler(model, sv.s_wave(on=on, v=1.0)), TEMPERATURE, field, ORDER)

    sampler = Sampler(model, sv.s_wave(on=on, v=1.0))
    susceptibility(sampler, TEMPERATURE, field, ORDER)
    return best(cold), best(lambda: susceptibility(sampler, TEMPERATURE, field, ORDER))


def many(model, channels, field):
    """The same of the matrix of channels."""

    def problem():
        comp = Competition(model, channels, Reduced({channel.name: 1.0 for channel in channels}))
        return PairMatrix(comp, TEMPERATURE, field, np.zeros(2), ORDER)

    known = problem()
    known.chi(TEMPERATURE, field)
    return best(lambda: problem().chi(TEMPERATURE, field)), best(lambda: known.chi(TEMPERATURE, field))


def chosen(model, layer):
    """Six channels closed under the lattice, and all that the first shell of bonds has."""
    every = available(model, on=layer if layer in model.layers else None)
    six = tuple(Channel(c.name, c.lattice, c.layers, c.table) for c in every if c.name.split("@")[0] in SIX)
    return six, every


def main():
    rows, out = [], {}
    for name, (model, layer) in MODELS.items():
        for field in (0 * FIELD, FIELD):
            single = one(model, layer, field)
            for channels in chosen(model, layer):
                matrix = many(model, channels, field)
                ratios = [m / (len(channels) * s) for m, s in zip(matrix, single, strict=True)]
                rows.append([name, float(np.linalg.norm(field)), len(channels), *ratios])
                out[f"{name}, V = {np.linalg.norm(field):g}, {len(channels)} channels"] = dict(
                    zip(("nodes to find", "nodes known"), ratios, strict=True)
                )
    head = ["model", "V", "channels", "nodes to find", "nodes known"]
    table("Time of the matrix / (channels x one susceptibility of s-wave)", head, rows)
    save("channels", {"temperature": TEMPERATURE, "order": ORDER, "ratios": out})


if __name__ == "__main__":
    main()
