# Verbs without logic. Each sets up what it needs, and is quick when nothing has changed.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

.PHONY: setup demo test test-browser mutants lab build check shots bench site slides

setup: $(READY)

$(READY): pyproject.toml constraints.txt setup.sh
	PYTHON=$(PYTHON) sh setup.sh

demo: $(READY)
	$(BIN)/autograder demo demo-class

test: $(READY)
	$(BIN)/python -m pytest

test-browser: $(READY)
	$(BIN)/python -m pytest tests/browser --dist loadfile

bench: $(READY)
	$(BIN)/python -m bench

mutants: $(READY)
	$(BIN)/autograder mutants

lab: $(READY)
	$(BIN)/jupyter lab course $(if $(filter 0,$(shell id -u)),--allow-root)

build: $(READY)
	$(BIN)/autograder build

check: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/autograder build --check

site: $(READY)
	$(BIN)/python docs/export.py site build/site

slides: $(READY)
	$(BIN)/python docs/export.py slides build/slides

shots: $(READY)
	$(BIN)/python tests/browser/shots.py docs/shots
	cp docs/shots/wrong-answer.png docs/shots/window-explorer.png docs/shots/class-page.png docs
