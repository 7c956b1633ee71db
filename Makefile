# Makes an environment of the pinned packages, then calls snakemake or pytest in it.
#   make figures                              the figures of the default study
#   make figures CONFIG=config/tiny.yaml      the figures of another study
#   make figures ARGS="--config data_folder=/shared/idx"     with more arguments for Snakemake
#   make figures PIP_ARGS="--index-url https://…"            with more arguments for pip
#   make report                               figures, claims and run times in report.html
#   make benchmark                            speed and overhead, in results/benchmark.json too
#   make archive STUDY=paper                  a study in one file
#   make check                                formatting, lints, dry runs of the three studies
#   make test                                 unit and workflow tests
#   make test TESTS=tests/slurm               a real Slurm on this machine: needs root, and apt-get
#                                             install slurm-wlm munge procps
#   make test TESTS=tests/faults              kills and full disks, which take longer
#   make reference                            the table of all keys in config/README.md
#   make clean                                removes the environment
VENV := .venv
PYTHON ?= python3
CORES ?= all
CONFIG ?=
STUDY ?= default
TESTS ?=
ARGS ?=
PIP_ARGS ?=
ACTIVE := PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
# Bars on a terminal, lines in a pipe or a file.
LOGGER := $(shell test -t 2 && echo --logger rich)
SNAKEMAKE = $(ACTIVE) snakemake $(if $(CONFIG),--configfile $(CONFIG)) $(ARGS)
# The first call is silent, because pip warns of indexes that do not concern the reader. If it fails,
# the second call says why.
PIP = sh -c '"$$0" "$$@" --quiet --quiet || "$$0" "$$@"' \
	$(VENV)/bin/python -m pip install $(PIP_ARGS) --constraint constraints.txt

# An environment is whole if its pip says that it lies in it. An environment that was left half-made
# has no pip, the pip of a moved one does not start, and the pip of a copied one runs the original's.
WHERE := $(shell $(VENV)/bin/pip --version 2>&1 | sed -n 's/^pip [^ ]* from \(.*\)\/lib[^/]*\/python[^/]*\/.*/\1/p')
ifneq ($(shell [ "$(WHERE)" -ef $(VENV) ] && echo whole),whole)
.PHONY: $(VENV)/bin/python $(VENV)/installed $(VENV)/installed-dev
endif

.PHONY: figures report benchmark test check reference archive clean

figures: $(VENV)/installed
	$(SNAKEMAKE) $(LOGGER) --cores $(CORES) -- figures/all

report: $(VENV)/installed
	$(SNAKEMAKE) $(LOGGER) --cores $(CORES) -- describe
	$(SNAKEMAKE) --report report.html -- describe

benchmark: $(VENV)/installed
	$(SNAKEMAKE) --quiet all --cores $(CORES) -- results/datasets/mnist/summary.npz
	$(ACTIVE) python scripts/benchmark.py

test: $(VENV)/installed-dev
	$(ACTIVE) python -m pytest $(TESTS)

# .pre-commit-config.yaml repeats the first four.
check: $(VENV)/installed-dev
	$(ACTIVE) ruff format --check scripts tests
	$(ACTIVE) ruff check scripts tests
	$(ACTIVE) snakefmt --check Snakefile workflow
	$(ACTIVE) snakemake --lint
	$(ACTIVE) snakemake --dry-run --quiet all -- figures/all
	$(ACTIVE) snakemake --dry-run --quiet all --configfile config/paper.yaml -- figures/all
	$(ACTIVE) snakemake --dry-run --quiet all --configfile config/tiny.yaml -- figures/all

# The table of all keys in config/README.md.
reference: $(VENV)/installed
	cd scripts && ../$(VENV)/bin/python -m snip.report.reference

# results/STUDY and Snakemake's records of it; scripts/archive.py restores them.
archive: $(VENV)/installed
	$(ACTIVE) python scripts/archive.py create --study $(STUDY) --output $(STUDY).tar

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; v = "%d.%d" % sys.version_info[:2]; (3, 11) <= sys.version_info[:2] <= (3, 13) or sys.exit("Python " + v + " found, 3.11 to 3.13 expected: make PYTHON=python3.13")'
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.txt constraints.txt | $(VENV)/bin/python
	@echo "Installing the pinned packages, some 6 GB: this takes minutes" >&2
	@$(PIP) --requirement requirements.txt
	touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	@$(PIP) --requirement requirements-dev.txt
	touch $@

clean:
	rm -rf $(VENV)
