# The commands of this project; `make` alone lists them.
# Nothing needs to be activated: every command runs with .venv's own Python.

PYTHON_VERSION := 3.13
# An interpreter to use instead of searching the PATH: make PYTHON=/path/to/python3.13 ...
PYTHON :=
QUANTITY ?= 1000000
FORMAT ?= csv
SEED ?= 1
# Where `make web` listens
PORT ?= 8000
# What runs under Kodosumi: make kodosumi-demo FLOW=games
FLOW ?= insights
# How long `make soak` lasts
MINUTES ?= 30
# Options for pip-compile: make pins ARGS=--upgrade
ARGS :=
# Of each half of `make test`
PROCESSES ?= 2

SERVICES := sentiment_analyzer garch_predictor portfolio_manager intraday_strategy

VENV := .venv
# What brings many packages that nobody else needs has an environment of its own.
KODOSUMI := .venv-kodosumi
AGENTS := .venv-agents
PEERS := .venv-peers
LOAD := .venv-load
PY := $(VENV)/bin/python
PRODUCTION := $(VENV)/.production
DEVELOPMENT := $(VENV)/.development
WARM := $(VENV)/.warm
make_env = python=$$(sh scripts/find_python.sh $(PYTHON_VERSION) "$(PYTHON)") && \
	"$$python" scripts/make_env.py
# Checks run on databases and clusters of their own, whatever this shell points to.
isolated = unset DATABASE_URL DJANGO_SETTINGS_MODULE RAY_ADDRESS;
tests = $(PY) -m pytest --numprocesses $(PROCESSES) --dist loadgroup
compile = CUSTOM_COMPILE_COMMAND="make pins" $(PY) -m piptools compile --quiet --strip-extras \
	--allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(ARGS)

# A link that leads nowhere and a page that no list leads to are errors.
build_docs = $(isolated) $(PY) -m sphinx --builder html --conf-dir docs --fail-on-warning \
	--keep-going --quiet . site

# Modules from elsewhere must not shadow the pinned ones.
unexport PYTHONPATH PYTHONHOME
# Each of the hundreds of processes that tests start would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev setup-peers setup-load demo worker web up test test-sqlite test-postgresql test-fast test-security test-images test-agents test-docs test-faults test-cluster coverage mutants examples kodosumi-demo lint format docs docs-serve reference bench bench-full load soak screenshots messages pins wheel clean

help: ## List these commands
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

setup: $(PRODUCTION) ## Create .venv with what the project needs to run

setup-dev: $(DEVELOPMENT) ## Add the tools that test and check it

setup-peers: $(PEERS)/.ready ## Create .venv-peers with the queues that bench_queue compares with

setup-load: $(LOAD)/.ready ## Create .venv-load with Locust, for load and soak

# A database, a Ray and a folder of its own: it touches nothing else.
demo: export DATABASE_URL = sqlite:///demo/demo.sqlite3
demo: export RAY_ADDRESS = local
demo: export RESULTS_DIR = demo/results
demo: setup ## Generate QUANTITY=1000000 games as FORMAT=csv through the queue, on Ray
	@mkdir -p demo && rm -f demo/demo.sqlite3*
	@$(PY) manage.py demo --quantity $(QUANTITY) --format $(FORMAT) --seed $(SEED)

worker: $(WARM) ## Migrate the database and run a worker until Ctrl-C
	@$(PY) manage.py migrate
	@$(PY) manage.py run_ray_worker

web: $(WARM) ## Migrate the database and serve the web part on 127.0.0.1:PORT (8000)
	@$(PY) manage.py migrate
	@if [ -z "$$SECRET_KEY" ]; then \
		echo "SECRET_KEY is not set: a random one for this run, logins end with it."; \
		SECRET_KEY=$$($(PY) -c "import secrets; print(secrets.token_urlsafe(50))"); \
	fi; export SECRET_KEY; \
	PORT=$(PORT) exec $(PY) -m gunicorn

up: $(WARM) ## Start all of it at http://127.0.0.1:PORT (8000), with a user whose password is printed once
	@$(PY) manage.py up --port $(PORT)

# Side by side: each waits for workers and servers most of the time.
test: setup-dev ## Run the tests on SQLite and, beside that, those with a database on PostgreSQL
	@echo "Running on SQLite and on PostgreSQL at once; each reports when it is done."
	@$(MAKE) --no-print-directory -j2 --output-sync=target test-sqlite test-postgresql

# Of the faults those that are SQLite's own; the others, and what takes real workers long, are put
# to PostgreSQL meanwhile, and to both by test-faults.
test-sqlite: setup-dev ## The half of `make test` on SQLite
	@$(isolated) unset TEST_DATABASE_URL; $(tests) -m "not long and not postgresql_first" \
		$(foreach file,$(filter-out %/test_sqlite_load.py,$(wildcard tests/faults/test_*.py)),--ignore=$(file))

test-postgresql: setup-dev ## The half of `make test` on PostgreSQL
	@$(isolated) $(PY) -m tests.with_postgres $(tests) -m "database and not any_database and not sqlite_first and not long"

test-fast: setup-dev ## Run the tests that need neither a process nor a page, for a minute
	@$(isolated) unset TEST_DATABASE_URL; \
		$(tests) tests/unit tests/properties tests/contracts tests/workflows -m "not slow and not ray"

test-security: setup-dev ## Attack the project as somebody on the internet would
	@$(isolated) unset TEST_DATABASE_URL; $(PY) -m pytest -m security

test-images: setup-dev ## Follow every Dockerfile in an empty folder, for ten minutes
	@$(isolated) $(PY) -m pytest tests/deploy/test_composed.py tests/services/test_images.py \
		tests/services/test_same_everywhere.py -m "not brief"

test-agents: $(AGENTS)/.ready ## Run real CrewAI agents in parallel, offline
	@$(isolated) $(AGENTS)/bin/python -m pytest tests/workflows/test_crewai.py

test-docs: setup-dev ## Follow every page that shows commands, and the examples on two nodes, also where it takes minutes or asks the package index
	@$(isolated) $(PY) -m pytest tests/docs tests/examples

test-faults: setup-dev ## Kill, freeze and cut off everything on both databases, for an hour
	@$(isolated) $(PY) -m tests.with_postgres $(PY) -m pytest tests/faults -m "not brief"
	@$(isolated) $(PY) -m tests.with_postgres $(PY) -m pytest tests/acceptance -m "long or sqlite_first"
	@$(isolated) unset TEST_DATABASE_URL; $(PY) -m pytest tests/faults -m "not brief" && \
		$(PY) -m pytest tests/acceptance -m "long or postgresql_first"

# In a network of its own, which needs root on Linux and leaves this machine's as it is.
test-cluster: setup-dev ## Run Ray and workers on three hosts (network namespaces), and cut a cable
	@$(isolated) $(PY) -m tests.with_network $(PY) -m tests.with_postgres \
		$(PY) -m pytest tests/acceptance/test_hosts.py tests/contracts/test_ray_entry.py

# Not side by side: each process that ends writes what it went through.
coverage: setup-dev ## Which branches of the runtime and of generation the tests go through, at least 90 %
	@rm -f .coverage .coverage.*
	@$(isolated) unset TEST_DATABASE_URL; $(PY) -m coverage run -m pytest tests/unit tests/properties \
		tests/contracts tests/web tests/acceptance -m "not long"; failed=$$?; \
		$(PY) -m coverage combine --quiet && $(PY) -m coverage report && exit $$failed

mutants: setup-dev ## Change the code in a thousand places and see which changes no test notices, for two hours
	@$(isolated) unset TEST_DATABASE_URL; $(PY) -m mutmut run --max-children 2
	@$(PY) -m mutmut results

examples: setup ## Run the examples of Ray, which check their own results
	@$(isolated) $(PY) examples/ray/run_all_examples.py

kodosumi-demo: $(KODOSUMI)/.ready ## Run FLOW=insights (or games) under Kodosumi, and end everything
	@$(KODOSUMI)/bin/python scripts/kodosumi_demo.py $(FLOW)

lint: setup-dev ## Check style, types, layers, migrations, settings, manifests and vulnerabilities
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m bandit --quiet --configfile pyproject.toml --recursive .
	$(isolated) $(PY) -m mypy
	$(VENV)/bin/lint-imports --no-logo
	$(isolated) $(PY) manage.py makemigrations --check --dry-run
	$(isolated) $(PY) manage.py check
	$(build_docs)
	$(VENV)/bin/hadolint Dockerfile ray_services/*/Dockerfile
	$(PY) -m check_jsonschema --builtin-schema vendor.compose-spec docker-compose*.yml
	$(PY) scripts/check_manifests.py
	$(PY) scripts/audit.py

format: setup-dev ## Rewrite the code in the style that lint expects
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

docs: setup-dev ## Build the documentation as a site of files, in site/
	$(build_docs)
	@echo "Open site/index.html"

reference: setup-dev ## Write the pages of the reference that the code makes
	@$(isolated) $(PY) -m scripts.reference

docs-serve: docs ## Serve the documentation on 127.0.0.1:PORT (8000)
	@$(PY) -m http.server --bind 127.0.0.1 --directory site $(PORT)

bench: setup-dev ## Measure generation, fan-out, services, the queue and its recovery, briefly
	@$(PY) -m benchmarks.bench_generation --quick
	@$(PY) -m benchmarks.bench_constraints --quick
	@$(PY) -m benchmarks.bench_jobs --quick
	@$(PY) -m benchmarks.bench_fanout --quick
	@$(PY) -m benchmarks.ray_comparison_benchmark --quick
	@$(PY) -m benchmarks.ray_performance_benchmark --quick
	@$(PY) -m benchmarks.bench_queue --quick
	@$(PY) -m benchmarks.bench_backlog --quick
	@$(PY) -m benchmarks.bench_pages --quick
	@$(PY) -m benchmarks.bench_web --quick
	@$(PY) -m benchmarks.simulate_scaling --quick
	@$(PY) -m benchmarks.bench_faults --quick

load: setup-dev $(LOAD)/.ready ## Put the whole site under load for some minutes, and count what was lost
	@$(isolated) $(PY) -m benchmarks.load --json benchmarks/results/load.json

soak: setup-dev $(LOAD)/.ready ## Everything at once for MINUTES=30, and whether memory or anything else grows
	@$(isolated) $(PY) -m benchmarks.load.soak --minutes $(MINUTES) \
		--json benchmarks/results/soak.json --svg docs/explanation/soak.svg
# Alone on the machine: what runs beside it is in the figures.
bench-full: results = benchmarks/results
bench-full: setup-dev setup-peers ## Measure all of it as published, for some hours, and write the page of all figures
	@$(PY) -m benchmarks.bench_generation --json $(results)/generation.json
	@$(PY) -m benchmarks.bench_constraints --json $(results)/constraints.json
	@$(PY) -m benchmarks.bench_jobs --json $(results)/jobs.json
	@$(PY) -m benchmarks.bench_fanout --json $(results)/fanout.json
	@$(PY) -m benchmarks.fanout_chart $(results)/fanout.json docs/explanation/fanout.svg
	@$(PY) -m benchmarks.bench_queue --json $(results)/queue.json --svg docs/explanation/queue.svg
	@$(PY) -m benchmarks.bench_faults --json $(results)/faults.json
	@$(PY) -m benchmarks.ray_comparison_benchmark --json $(results)/services.json --svg docs/explanation/services.svg
	@$(PY) -m benchmarks.bench_pages --json $(results)/pages.json
	@$(PY) -m benchmarks.simulate_scaling --json $(results)/scaling.json --svg docs/explanation/scaling.svg
	@$(PY) -m benchmarks.bench_web --json $(results)/web.json
	@$(MAKE) --no-print-directory load soak
	@$(PY) -m benchmarks.page
	@$(PY) -m benchmarks.load.table

screenshots: setup-dev ## Draw docs/images anew: the pages in Chromium, over a worker
	@$(isolated) $(PY) scripts/screenshots.py

# Needs GNU gettext. A test tells when a catalogue lacks something, or was not compiled.
messages: setup-dev ## Bring the catalogues of translations up to date, and compile them
	@$(PY) manage.py makemessages -l pt_BR -l es --no-obsolete --add-location file --no-wrap \
		-i ".venv*" -i docs -i tests -i django_ray_runtime -i benchmarks -i "project/templates" > /dev/null
	@cd django_ray_runtime && $(abspath $(PY)) ../manage.py makemessages -l pt_BR -l es \
		--no-obsolete --add-location file --no-wrap > /dev/null
	@$(PY) manage.py compilemessages --locale pt_BR --locale es --ignore ".venv*" > /dev/null

pins: setup-dev ## Pin requirements*.in again (ARGS=--upgrade for newer versions)
	$(compile) --output-file requirements.txt requirements.in
	$(compile) --output-file requirements-dev.txt requirements-dev.in
	$(compile) --no-annotate --output-file requirements-peers.txt requirements-peers.in
	$(compile) --no-annotate --output-file requirements-load.txt requirements-load.in
	for service in $(SERVICES); do $(compile) --no-annotate --constraint requirements-dev.txt \
		--output-file ray_services/$$service/requirements.txt \
		ray_services/$$service/requirements.in || exit; done
	for extra in kodosumi agents; do $(compile) --no-annotate \
		--output-file workflows/$$extra/requirements.txt \
		workflows/$$extra/requirements.in || exit; done

# Built in a copy: setuptools leaves folders where it works.
wheel: setup-dev ## Build the runtime's wheel into ray_services/wheels, for the services' images
	@rm -rf ray_services/wheels && mkdir -p ray_services/wheels
	@copy=$$(mktemp -d) && trap 'rm -rf "$$copy"' EXIT && \
		cp -R pyproject.toml LICENSE django_ray_runtime "$$copy" && \
		$(PY) -m pip wheel --quiet --no-deps --no-build-isolation --no-index \
			--wheel-dir ray_services/wheels "$$copy"
	@ls ray_services/wheels

clean: ## Remove .venv, the demo's output and all caches
	rm -rf $(VENV) $(KODOSUMI) $(AGENTS) $(PEERS) $(LOAD) demo site ray_services/data/files ray_services/wheels mutants .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -f .test.*sqlite3* .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A missing or dangling interpreter counts as changed, and so makes setup run.
$(PY): ;

$(PRODUCTION): requirements.txt .python-version $(PY)
	@$(make_env) $(VENV) requirements.txt $@

# What the services compile is kept beside their source.
$(WARM): $(PRODUCTION)
	@echo "Compiling the inner loops of the services, once."
	@$(PY) -m ray_services.warming
	@touch $@

# One after the other, also under make -j: both write to .venv.
$(DEVELOPMENT): requirements-dev.txt $(PRODUCTION)
	@$(make_env) $(VENV) requirements-dev.txt $@

$(KODOSUMI)/.ready $(AGENTS)/.ready: .venv-%/.ready: workflows/%/requirements.txt .python-version
	@$(make_env) .venv-$* $< $@

$(PEERS)/.ready $(LOAD)/.ready: .venv-%/.ready: requirements-%.txt .python-version
	@$(make_env) .venv-$* $< $@
