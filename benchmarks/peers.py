"""Gaps of the one-band film by another program: `python peers.py meanfi '[[kT, zeeman, N], ...]'`, one JSON line each.

Run by the interpreter that has the peer. Both peers solve the very problem of spinvalley: on-site pairing only, with
Hartree and exchange terms dropped, from one superconducting seed. MeanFi fixes the filling, not the chemical potential:
it gets the filling of the normal state at mu = 0 and tells the mu at which the gap is to be judged.
"""

import json
import sys
import time

import numpy as np

COUPLING = 2.295202
SEED = 0.2


def meanfi_solver():
    import meanfi
    from meanfi.scf.methods import AndersonMixing

    class PairingOnly(meanfi.Model):
        def _mean_field_from_state(self, state):
            n, out = self._ndof, {}
            for cell, matrix in super()._mean_field_from_state(state).items():
                out[cell] = np.array(matrix)
                out[cell][:n, :n] = out[cell][n:, n:] = 0
            return out

    def solve(kT, zeeman, mesh):
        hoppings = {cell: -np.eye(2, dtype=complex) for cell in [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1)]}
        hoppings[0, 0] = zeeman * np.array([[0, 1], [1, 0]], dtype=complex)
        k = 2 * np.pi * np.arange(mesh) / mesh
        xi = -2 * (np.cos(k)[:, None] + np.cos(k) + np.cos(k[:, None] + k))
        filling = float(sum(np.mean(0.5 - 0.5 * np.tanh((xi + s * zeeman) / (2 * kT))) for s in (1, -1)))
        attraction = {(0, 0): -COUPLING * np.array([[0, 1], [1, 0]])}
        model = PairingOnly(hoppings, attraction, filling=filling, kT=kT, superconducting=True)
        guess = np.zeros((4, 4), dtype=complex)
        guess[:2, 2:] = SEED * np.array([[0, -1], [1, 0]])
        guess[2:, :2] = guess[:2, 2:].conj().T
        grid = meanfi.UniformGrid(nk=mesh * mesh)
        state = meanfi.solver(model, {(0, 0): guess}, integration=grid, scf=AndersonMixing(), tol=1e-5)
        return float(abs(state.mean_field[0, 0][0, 3])), float(state.mu)

    return solve, meanfi.__version__


def pyqula_solver():
    from importlib.metadata import version

    from pyqula import geometry

    def solve(kT, zeeman, mesh):
        h = geometry.triangular_lattice().get_hamiltonian(tij=[-1.0])
        h.add_zeeman([zeeman, 0.0, 0.0])
        h.setup_nambu_spinor()
        found = h.get_mean_field_hamiltonian(
            U=-COUPLING, mf="swave", mu=0.0, T=kT, nk=mesh, maxerror=1e-5, mix=0.9, constrains=["no_normal_term"]
        )
        return float(abs(np.asarray(found.intra)[0, 2])), 0.0

    return solve, version("pyqula")


def main():
    solve, version = {"meanfi": meanfi_solver, "pyqula": pyqula_solver}[sys.argv[1]]()
    points = json.loads(sys.argv[2])
    solve(0.1, 0.0, 6)  # imports and compilation are not timed
    for kT, zeeman, mesh in points:
        start = time.perf_counter(), time.process_time()
        gap, mu = solve(kT, zeeman, int(mesh))
        cost = {"wall": time.perf_counter() - start[0], "cpu": time.process_time() - start[1]}
        print(
            json.dumps({"kT": kT, "zeeman": zeeman, "mesh": mesh, "gap": gap, "mu": mu, "version": version, **cost}),
            flush=True,
        )


if __name__ == "__main__":
    main()
