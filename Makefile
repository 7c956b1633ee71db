# Thin: an environment of pinned packages, then snakemake or pytest.
#   make figures                              all seven figures at the default study
#   make figures CONFIG=config/tiny.yaml      another study
#   make report                               figures, claims and all about them in report.html
#   make benchmark                            speed, overhead: a table and results/benchmark.json
#   make archive STUDY=paper                  a study in one file
#   make figures ARGS="--config data_folder=/shared/idx"     more arguments for Snakemake
#   make figures PIP_ARGS="--index-url https://…"            and for pip
#   make test                                 the tests
#   make test TESTS=tests/slurm               through a real Slurm on this machine (root; apt-get
#                                             install slurm-wlm munge); TESTS=tests/faults: longer
VENV := .venv
PYTHON ?= python3
CORES ?= all
CONFIG ?=
STUDY ?= default
TESTS ?=
ARGS ?=
PIP_ARGS ?=
ACTIVE := PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
# On a terminal a bar per rule and one for all; in a pipe or a file, lines.
LOGGER := $(shell test -t 2 && echo --logger rich)
SNAKEMAKE = $(ACTIVE) snakemake $(if $(CONFIG),--configfile $(CONFIG)) $(ARGS)
# Once in silence, since pip warns of indexes that are none of the reader's business; if that fails,
# once more with all that pip has to say.
PIP = sh -c '"$$0" "$$@" --quiet --quiet || "$$0" "$$@"' \
	$(VENV)/bin/python -m pip install $(PIP_ARGS) --constraint constraints.txt

# The pip of a whole environment says that it lies there. One of a first call that failed half-way has
# none; that of a folder that was moved does not start; that of a copied one runs the original's.
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

# Formatting, lints, and dry-runs of the three studies.
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
	cd scripts && ../$(VENV)/bin/python -m snip.study.reference

# results/STUDY with all that Snakemake knows of it, in one file; unpack with scripts/archive.py.
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
