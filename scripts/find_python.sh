#!/bin/sh
# Usage: find_python.sh VERSION [INTERPRETER]
#
# Prints the path of an interpreter of that Python VERSION (such as 3.13), or
# one message about what is missing, and fails. INTERPRETER, when given, is the
# only one tried.
#
# Candidates are run and asked, not looked up: pyenv leaves a `python3.13` on
# the PATH that fails when run in a folder that is set to another version.
set -u

wanted=$1
if [ -n "${2:-}" ]; then
    set -- "$2"
else
    set -- "python$wanted" python3
fi

fail() {
    printf '\n%s\n\n' "$1" >&2
    exit 1
}

found=
python=
for candidate in "$@"; do
    version=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null </dev/null)
    if [ "$version" = "$wanted" ]; then
        python=$candidate
        break
    fi
    found="${found:+$found; }$candidate (${version:+Python }${version:-does not run})"
done

if [ -z "$python" ]; then
    fail "Python $wanted is wanted, and was not found. Tried: $found.
To get it, do one of these, then give the same make command again:
  pyenv install $wanted                  (the file .python-version selects it in this folder)
  uv python install $wanted              (then: make PYTHON=\"\$(uv python find $wanted)\" ...)
  sudo apt install python$wanted-venv    (Debian and Ubuntu releases that carry $wanted)
  an installer from python.org
When it is installed elsewhere, name it: make PYTHON=/path/to/python$wanted ..."
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null </dev/null; then
    fail "Python $wanted was found ($python), but not its modules venv and ensurepip, which
make the environment in .venv. Debian and Ubuntu keep them in a package of their own:
  sudo apt install python$wanted-venv
Install them, then give the same make command again."
fi

"$python" -c 'import sys; print(sys.executable)' </dev/null
