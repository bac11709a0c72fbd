# Everything needs only Python 3.11 or newer, pip and make. The environment makes itself:
#   make demo      the figures and the claims of both papers, into demo/
#   make test      every check: format, lint, types, floors, tests, examples in docstrings and pages
#   make quick     tests and examples only
#   make brief     fewer examples, and without the folders that take long (for a second interpreter)
#   make nightly   all tests, the long ones too
#   make bench     every benchmark (ratios measured in one run)
#   make docs      the site with every example run, into docs/_build/html
#   make clean     remove everything that make has made, the environments too
# Another interpreter or place: make test PYTHON=python3.13 VENV=.venv-313

PYTHON  ?= python3
VENV    ?= .venv
WORKERS ?= 2

PY    := $(VENV)/bin/python
STAMP := $(VENV)/.installed
# One thread per worker: the matrices are small and the workers share the cores.
QUIET := MPLBACKEND=Agg OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
# What `brief` leaves out: long, or the same under every interpreter.
LEFT_OUT := papers reports topology sweep app test_cli_study.py test_documentation.py test_site.py test_packaging.py \
            experiment gating pairing/channels pairing/competition pairing/test_contact.py pairing/test_hc2.py pairing/test_gap.py
TESTS := $(QUIET) $(PY) -m pytest -n $(WORKERS) --dist worksteal

.DEFAULT_GOAL := test
.PHONY: demo test static quick brief nightly bench docs clean

demo: $(STAMP)
	$(VENV)/bin/spinvalley paper heterostructure --out demo/heterostructure
	$(VENV)/bin/spinvalley paper gated_mos2 --out demo/gated_mos2
	$(VENV)/bin/spinvalley synthetic --out demo/synthetic.dat
	$(VENV)/bin/spinvalley analyse demo/synthetic.dat --normal linear:9 --mobility 86 --mass 0.52 --out demo/synthetic
	@if [ -d ../shared/data ]; then set -ex; \
	  $(VENV)/bin/spinvalley analyse ../shared/data/misfit_nbse2_ppms.dat --out demo/misfit; \
	  $(VENV)/bin/spinvalley fit ../shared/data/gated_mos2_hc2.csv --tc 6.5 --mobility 86 --mass 0.52 --out demo/gated_h1; \
	fi
	@echo "Figures and claims: demo/. To turn the parameters and to drop a file of your own: $(VENV)/bin/spinvalley app"

test: static
	$(TESTS)

static: $(STAMP)
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports --no-logo

quick: $(STAMP)
	$(TESTS)

brief: $(STAMP)
	$(TESTS) --hypothesis-profile=brief $(addprefix --ignore=tests/,$(LEFT_OUT))

nightly: $(STAMP)
	$(TESTS) -m "nightly or not nightly"

bench: $(STAMP)
	@set -e; for script in benchmarks/bench_*.py; do \
	  [ -e "$$script" ] || { echo "There is no benchmark: benchmarks/bench_*.py is empty."; exit 1; }; \
	  echo "$$script"; $(PY) "$$script"; \
	done

docs: $(STAMP)
	$(PY) docs/_ext/floors.py
	$(QUIET) $(PY) -m sphinx -q -W --keep-going -j $(WORKERS) docs docs/_build/html
	@echo "docs/_build/html/index.html"

# An environment that works is kept, whoever made it; a missing or half-made one is made new. Some systems ship Python
# without ensurepip: there the system's pip fills the environment.
$(STAMP): pyproject.toml
	@$(PY) -m pip --version >/dev/null 2>&1 || { \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "spinvalley needs Python 3.11 or newer, but '$(PYTHON)' is $$(command -v $(PYTHON) >/dev/null && $(PYTHON) --version 2>&1 | head -n 1 || echo 'not found'): name one with 'make PYTHON=...'." >&2; exit 1; }; \
	  echo "Making $(VENV) with $(PYTHON)"; \
	  $(PYTHON) -m venv --clear $(VENV) >/dev/null 2>&1 || { \
	    $(PYTHON) -m venv --clear --without-pip $(VENV) && \
	    $(PYTHON) -m pip --python $(PY) install --quiet pip; }; }
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "spinvalley needs Python 3.11 or newer, but $(VENV) has $$($(PY) --version 2>&1): remove $(VENV) and run make again." >&2; exit 1; }
	$(PY) -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@$(PY) -m pip install --quiet --disable-pip-version-check -e '.[witness]' >/dev/null 2>&1 || \
	  echo "qsymm could not be built here (it needs a compiler): the tests that compare with it are skipped."
	@touch $@

clean:
	rm -rf $(VENV) .venv-313 build dist demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache docs/_build docs/reference
	find src tests benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
