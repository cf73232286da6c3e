#!/bin/sh
# The Pythons of this machine that start and can make a virtual environment: a line each, newest
# first; of the versions that are named, or of all that Selfbill runs on.
#
# The first python3.13 on the path may be a shim of pyenv's for a version that is not chosen: it
# does not start.  So every folder of the path is tried, and then pyenv's own.
set -u

starts() { # PYTHON VERSION
    [ -x "$1" ] && "$1" -c "
import ensurepip, sys
sys.exit('%d.%d' % sys.version_info[:2] != '$2')" >/dev/null 2>&1
}

first() { # VERSION
    IFS=:
    for folder in $PATH; do
        for name in "python$1" python3; do
            starts "$folder/$name" "$1" && echo "$folder/$name" && return
        done
    done
    for python in "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
        starts "$python" "$1" && echo "$python" && return
    done
}

[ $# -gt 0 ] || set -- 3.13 3.12 3.11
for version; do
    first "$version"
done
exit 0
