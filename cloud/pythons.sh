#!/bin/sh
# The Pythons of this machine that start: a line each, newest first; of the versions that are named,
# or of all that Selfbill runs on.  They can make a virtual environment, unless --bare is first.
#
# The first python3.13 on the path may be a shim of pyenv's for a version that is not chosen: it
# does not start.  So every folder of the path is tried, and then pyenv's own.
set -u
needed=ensurepip

starts() { # PYTHON VERSION
    [ -x "$1" ] && "$1" -c "
import $needed, sys
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

if [ "${1:-}" = --bare ]; then needed=sys; shift; fi
[ $# -gt 0 ] || set -- 3.13 3.12 3.11
for version; do
    first "$version"
done
exit 0
