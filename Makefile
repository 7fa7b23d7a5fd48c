# Two commands are enough to begin: `make demo` and `make test`. `make help` lists the others.

PYTHON ?= python3
PORT ?= 8000
ARGS ?=

VENV_PYTHON := .venv/bin/python
# What is compiled is kept: a run starts dozens of processes, and compiling Django and the portal takes each three seconds.
unexport PYTHONDONTWRITEBYTECODE

CODE := portal accounts clients enrollment ecomm reporting
CHECKS := check-lint check-format check-templates check-imports check-types check-migrations check-deploy

.DEFAULT_GOAL := help
.PHONY: help demo test test-long drill check $(CHECKS) fix bench messages styles check-pages reset-demo venv venv-demo python clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: venv-demo ## Run the portal with demo data in this terminal (PORT=8000)
	@$(PYTHON) scripts/bootstrap.py system demo
	@exec $(VENV_PYTHON) manage.py demo --port $(PORT) $(ARGS)

test: venv ## Run the whole test suite (ARGS="-k search" for a part)
	@$(PYTHON) scripts/bootstrap.py system tests
	@exec env PYTHONHASHSEED=0 $(VENV_PYTHON) -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS) # one seed: all workers must name the cases alike

test-long: venv ## Run what make test leaves out: every case of its tables, every page's contrast, second looks in the browser
	@$(PYTHON) scripts/bootstrap.py system tests
	@exec env PYTHONHASHSEED=0 $(VENV_PYTHON) -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "(long or browser) and not drill" --every-look $(ARGS)

drill: venv ## Run the fault drills and the full-size matrices
	@$(PYTHON) scripts/bootstrap.py system tests
	@exec $(VENV_PYTHON) -m pytest -m drill $(ARGS)

check: $(CHECKS) ## Lint, format, templates, imports, types, migrations, deployment settings (make -k check: all of them)

check-lint: venv
	$(VENV_PYTHON) -m ruff check .

check-format: venv
	$(VENV_PYTHON) -m ruff format --check .

check-templates: venv
	$(VENV_PYTHON) -m djlint templates --check
	$(VENV_PYTHON) -m djlint templates --lint

check-imports: venv
	.venv/bin/lint-imports --no-cache

check-types: venv
	$(VENV_PYTHON) -m mypy $(CODE) manage.py

check-migrations: venv
	DJANGO_SETTINGS_MODULE=portal.settings.test $(VENV_PYTHON) manage.py makemigrations --check --dry-run

check-deploy: venv
	$(VENV_PYTHON) scripts/with_throwaway_secrets.py $(VENV_PYTHON) manage.py check --deploy --fail-level WARNING

fix: venv ## Apply what linters and formatters can repair by themselves
	$(VENV_PYTHON) -m ruff check --fix .
	$(VENV_PYTHON) -m ruff format .
	-$(VENV_PYTHON) -m djlint templates --reformat --quiet

bench: venv ## Measure the portal against its own baseline pages
	@exec env DJANGO_SETTINGS_MODULE=portal.settings.bench $(VENV_PYTHON) -m bench $(ARGS)

messages: venv ## Collect what clients read into locale/es and compile it (needs gettext)
	@$(VENV_PYTHON) manage.py makemessages -l es --no-location --no-wrap --no-obsolete -i '.venv*' -i tests
	@$(VENV_PYTHON) manage.py compilemessages -l es

styles: venv ## Trim Bootstrap anew to what templates, forms and scripts use (needs npm)
	@$(VENV_PYTHON) scripts/trim_bootstrap.py $(ARGS)

check-pages: venv ## Look at every page of a running demo: axe, focus, width, console, titles (ARGS="--url ...")
	@exec $(VENV_PYTHON) scripts/check_pages.py $(ARGS)

reset-demo: venv-demo ## Drop the demo's database and files; the next `make demo` begins afresh
	@exec $(VENV_PYTHON) manage.py reset_demo $(ARGS)

venv: python ## Make or update .venv with everything for development
	@$(PYTHON) scripts/bootstrap.py venv dev

venv-demo: python
	@$(PYTHON) scripts/bootstrap.py venv demo

python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is missing. On Debian and Ubuntu: apt-get install -y python3 python3-venv"; exit 1; }

clean: ## Remove .venv and caches (demo data stays: see reset-demo)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache htmlcov .coverage
	find . -name __pycache__ -not -path './.venv/*' -type d -prune -exec rm -rf {} +
