#!/bin/sh
# Creates .venv and installs the course into it. Run by `make setup`.
set -eu
PYTHON=${PYTHON:-python3}

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "The course needs Python 3.11 or newer; '$PYTHON' is older or missing." \
         "Name another one: make setup PYTHON=python3.11" >&2
    exit 2
}

# Debian and Ubuntu ship Python without the module that makes environments.
if ! "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null; then
    package=$("$PYTHON" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && apt-get install -y -qq "$package"
    else
        echo "Python's venv module is missing. Install it, then run make again:" >&2
        echo "    sudo apt-get install $package" >&2
        exit 2
    fi
fi

# Grading shuts student code in with these; everything else works without them.
if [ "$(uname -s)" = Linux ] && ! command -v bwrap >/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && apt-get install -y -qq bubblewrap libseccomp2
    else
        echo "To grade a class safely, install its sandbox: sudo apt-get install bubblewrap libseccomp2" >&2
    fi
fi

[ -x .venv/bin/python ] || "$PYTHON" -m venv .venv
echo "Installing into .venv (a few minutes the first time) ..."
.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
touch .venv/ready
