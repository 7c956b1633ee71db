# Thin: an environment of pinned packages, then snakemake or pytest.
#   make figures                              all seven figures at the default study
#   make figures CONFIG=config/tiny.yaml      another study
#   make report                               figures, claims and all about them in report.html
#   make benchmark                            speed, overhead: a table and results/benchmark.json
#   make archive STUDY=paper                  a study in one file
#   make test                                 the tests
#   make test TESTS=tests/slurm               through a real Slurm on this machine (root; apt-get
#                                             install slurm-wlm munge); TESTS=tests/faults: longer
VENV := .venv
PYTHON ?= python3
CORES ?= all
CONFIG ?=
STUDY ?= default
TESTS ?=
ACTIVE := PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
# On a terminal a bar per rule and one for all; in a pipe or a file, lines.
LOGGER := $(shell test -t 2 && echo --logger rich)

.PHONY: figures report benchmark test check archive clean

figures: $(VENV)/installed
	$(ACTIVE) snakemake $(LOGGER) --cores $(CORES) figures/all $(if $(CONFIG),--configfile $(CONFIG))

report: $(VENV)/installed
	$(ACTIVE) snakemake $(LOGGER) --cores $(CORES) $(if $(CONFIG),--configfile $(CONFIG)) -- describe
	$(ACTIVE) snakemake --report report.html $(if $(CONFIG),--configfile $(CONFIG)) -- describe

benchmark: $(VENV)/installed
	$(ACTIVE) snakemake --quiet all --cores $(CORES) -- results/datasets/mnist/summary.npz
	$(ACTIVE) python scripts/benchmark.py

test: $(VENV)/installed-dev
	$(ACTIVE) python -m pytest $(TESTS)

# Formatting, lints, and dry-runs of the three studies.
check: $(VENV)/installed-dev
	$(ACTIVE) ruff format --check scripts tests
	$(ACTIVE) ruff check scripts tests
	$(ACTIVE) snakefmt --check Snakefile workflow
	$(ACTIVE) snakemake --lint
	$(ACTIVE) snakemake --dry-run --quiet all -- figures/all
	$(ACTIVE) snakemake --dry-run --quiet all --configfile config/paper.yaml -- figures/all
	$(ACTIVE) snakemake --dry-run --quiet all --configfile config/tiny.yaml -- figures/all

# results/STUDY with all that Snakemake knows of it, in one file; unpack with scripts/archive.py.
archive: $(VENV)/installed
	$(ACTIVE) python scripts/archive.py create --study $(STUDY) --output $(STUDY).tar

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; v = "%d.%d" % sys.version_info[:2]; (3, 11) <= sys.version_info[:2] <= (3, 13) or sys.exit("Python " + v + " found, 3.11 to 3.13 expected: make PYTHON=python3.13")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.txt constraints.txt | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --constraint constraints.txt --requirement requirements.txt
	touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	$(VENV)/bin/python -m pip install --quiet --constraint constraints.txt --requirement requirements-dev.txt
	touch $@

clean:
	rm -rf $(VENV)
