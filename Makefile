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
#   make test TESTS=tests/gridengine          a real Grid Engine: root, and apt-get install
#                                             gridengine-{master,exec,client} iproute2
#   make test TESTS=tests/faults              kills and full disks, which take longer
#   make mutants                              changed operators and numbers that no unit test notices
#                                             (many hours)
#   make mutants MUTANTS='snip.masks.controls*'              those of a module
#   make mutants MUTANTS='*_13'                              a sample: the 13th of every function
#   make reference                            the table of all keys in config/README.md
#   make clean                                removes the environment
VENV := .venv
PYTHON ?= python3
CORES ?= all
CONFIG ?=
STUDY ?= default
TESTS ?=
MUTANTS ?=
ARGS ?=
PIP_ARGS ?=
# Programs are called as modules: those of an environment that was moved or copied name the old place.
ACTIVE := PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
# Bars on a terminal, lines in a pipe or a file.
LOGGER := $(shell test -t 2 && echo --logger rich)
SNAKEMAKE = $(ACTIVE) python -m snakemake $(if $(CONFIG),--configfile $(CONFIG)) $(ARGS)
PYTHON_HERE := $(VENV)/bin/python
# Installs the pinned packages of a file. The first call of pip is silent, because it warns of indexes
# that do not concern the reader. If it fails, the second call says why.
define INSTALL
@$(PYTHON_HERE) -c $(FITS)
@if $(PYTHON_HERE) -m pip --version > /dev/null 2>&1; then \
	set -- $(PYTHON_HERE) -m pip install $(PIP_ARGS) --constraint constraints.txt --requirement $(1); \
	"$$@" --quiet --quiet || "$$@"; \
elif command -v uv > /dev/null; then \
	uv pip install --quiet --python $(PYTHON_HERE) $(PIP_ARGS) --constraint constraints.txt --requirement $(1); \
else \
	echo "$(VENV) has no pip, and no uv is here, expected one of both: delete $(VENV), and make makes another" >&2; \
	exit 1; \
fi
touch $@
endef
FITS = 'import sys; v = "%d.%d" % sys.version_info[:2]; (3, 11) <= sys.version_info[:2] <= (3, 13) or sys.exit("Python " + v + " found, 3.11 to 3.13 expected: make PYTHON=python3.13")'
# `cd` would search it.
unexport CDPATH PYTHONSAFEPATH

.PHONY: figures report benchmark test check mutants reference archive clean

figures: $(VENV)/installed
	$(SNAKEMAKE) $(LOGGER) --cores $(CORES) -- figures/all

report: $(VENV)/installed
	$(SNAKEMAKE) $(LOGGER) --cores $(CORES) -- figures/report
	$(SNAKEMAKE) --report report.html -- describe

benchmark: $(VENV)/installed
	$(SNAKEMAKE) --quiet all --cores $(CORES) -- results/datasets/mnist/summary.npz
	$(ACTIVE) python scripts/benchmark.py

test: $(VENV)/installed-dev
	$(ACTIVE) python -m pytest $(TESTS)

# .pre-commit-config.yaml repeats the first four.
check: $(VENV)/installed-dev
	$(ACTIVE) python -m ruff format --check scripts tests
	$(ACTIVE) python -m ruff check scripts tests
	$(ACTIVE) python -m mypy
	$(ACTIVE) python -m snakefmt --check Snakefile workflow
	$(ACTIVE) python -m snakemake --lint
	$(ACTIVE) python -m snakemake --dry-run --quiet all -- figures/all
	$(ACTIVE) python -m snakemake --dry-run --quiet all --configfile config/paper.yaml -- figures/all
	$(ACTIVE) python -m snakemake --dry-run --quiet all --configfile config/tiny.yaml -- figures/all

# mutmut tests a changed copy in mutants/. See [tool.mutmut] in pyproject.toml.
mutants: $(VENV)/installed-dev
	mkdir -p mutants
	ln -sfn scripts src
	ln -sfn src mutants/scripts
	$(ACTIVE) python -m mutmut run --max-children 1 $(MUTANTS)
	$(ACTIVE) python -m mutmut results

# The table of all keys in config/README.md.
reference: $(VENV)/installed
	cd scripts && ../$(PYTHON_HERE) -m snip.report.reference

# results/STUDY and the data sets in a BagIt bag; scripts/archive.py restores them.
archive: $(VENV)/installed
	$(ACTIVE) python scripts/archive.py create --study $(STUDY) --output $(STUDY).tar

# An environment that is there is used, whoever made it, and never removed.
$(PYTHON_HERE):
	@$(PYTHON) -c $(FITS)
	@if [ -n "$$(ls -A $(VENV) 2>&1)" ] && [ -e $(VENV) -o -L $(VENV) ]; then \
		echo "$(VENV) has no Python that runs, expected an environment or nothing: delete it, and make makes another" >&2; \
		exit 1; \
	fi
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.txt constraints.txt | $(PYTHON_HERE)
	@echo "Installing the pinned packages, some 6 GB: this takes minutes" >&2
	$(call INSTALL,requirements.txt)

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	$(call INSTALL,requirements-dev.txt)

clean:
	rm -rf $(VENV)
