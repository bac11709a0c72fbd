"""A strip by another program: `python peers_strip.py problem.npz`, one JSON line, by the interpreter that has pyqula.

The file holds the matrix of one period along the edge (intra), its coupling to the next period (inter), both in
coordinate form, and the momenta in units of the period. pyqula is given them as a sparse one-dimensional Hamiltonian
and asked for the bands nearest zero: its own route (`get_bands(num_bands=...)`, sparse shift-invert at zero energy).
"""

import json
import sys
import time
from importlib.metadata import version

import numpy as np
from pyqula import geometry
from scipy.sparse import csc_matrix


def hamiltonian(data):
    size = int(data["size"])
    parts = {
        name: csc_matrix((data[f"{name}_values"], (data[f"{name}_rows"], data[f"{name}_columns"])), shape=(size, size))
        for name in ("intra", "inter")
    }
    h = geometry.chain().get_supercell(size // 4).get_hamiltonian(is_sparse=True)
    h.setup_nambu_spinor()
    assert h.intra.shape == (size, size)
    h.is_multicell = False  # intra and inter are all there is
    h.intra, h.inter = parts["intra"], parts["inter"]
    return h


def main():
    data = np.load(sys.argv[1])
    h, k = hamiltonian(data), [[x, 0.0, 0.0] for x in data["k"]]
    bands = {"num_bands": int(data["states"]), "write": False}
    h.get_bands(kpath=k[:3], **bands)  # imports and compilation are not timed
    start = time.perf_counter(), time.process_time()
    found = h.get_bands(kpath=k, **bands)
    cost = {"wall": time.perf_counter() - start[0], "cpu": time.process_time() - start[1]}
    energies = np.asarray(found[1]).reshape(len(k), -1)
    print(json.dumps({"version": version("pyqula"), "energies": energies.tolist(), **cost}), flush=True)


if __name__ == "__main__":
    main()
