# Needs Python 3.11+, make, and access to Python packages. Nothing else: no database, broker or mail server.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run demo test test-rest test-all check bench soak weights lock

# What Python packages alone do not allow, or what takes long.
REST := browser or mta or faults or programs or long

help:  ## Show what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1	/' | expand -t 20

run: .venv/installed  ## Start Candor on this machine, with a local inbox; Ctrl-C stops it
	@$(BIN)/python manage.py run

demo: .venv/installed  ## Show the whole story on real parts and check every promise (RECIPIENTS=200)
	@$(BIN)/python manage.py demo --recipients $(or $(RECIPIENTS),200)

test: .venv/installed-dev  ## Run the tests that Python packages allow
	$(BIN)/pytest -n 4 --dist loadfile -m "not ($(REST))" --durations 15 --durations-min 2

test-rest: .venv/installed-dev  ## Run the others: they need Chromium, curl and Postfix's smtp-sink (.ci/run installs them)
	$(BIN)/pytest -n 2 --dist loadfile -m "$(REST)" --durations 40 --durations-min 5

test-all: test test-rest  ## Run every test

check: .venv/installed-dev  ## Style, types, layers, migrations, generated docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy mailer project
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py print_settings | diff docs/settings.md -
	$(BIN)/python manage.py print_compliance | diff docs/compliance.md -

bench: .venv/installed-dev  ## Measure, all or one by name (NAME=dispatch RUNS=3 ROWS=…): JSON lines
	@$(BIN)/python -m bench $(NAME) $(addprefix --runs ,$(RUNS)) $(addprefix --rows ,$(ROWS))

soak: .venv/installed-dev  ## Kill every part again and again through campaigns (HOURS=1 or SECONDS=600, AUDIENCE=20000, LEAST=20, BROKER=pgmq)
	@$(BIN)/python -m tests.faults.soak --seconds $(or $(SECONDS),$$(( $(or $(HOURS),1) * 3600 ))) \
	    --audience $(or $(AUDIENCE),20000) --least $(or $(LEAST),20) $(if $(BROKER),--broker $(BROKER))

weights: .venv/installed-dev  ## Learn again what subjects are weighed by, after a change of the labelled cases or of the rules
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-learn.txt
	bench/get_real_mail
	@$(BIN)/python manage.py shell --no-imports -c "from tests.mailer.subjects.learning import main; main()"

lock: .venv/installed-dev  ## Choose newer versions of the dependencies, hashed
	$(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-emit-index-url --extra local \
	    pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-emit-index-url --extra local --extra dev \
	    -c requirements.txt pyproject.toml -o requirements-dev.txt
	$(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-emit-index-url --extra local --extra dev --extra learn \
	    -c requirements-dev.txt pyproject.toml -o requirements-learn.txt

.venv/installed: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
