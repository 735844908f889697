#!/usr/bin/env bash
# An archive made by two nodes of a Ray cluster while one of them is killed, an actor, and whoever drives them.
# Everything is in a network and a process space of its own, so that nobody hears of it and nothing outlives it.
#   .ci/cluster.sh PYTHON FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=$(readlink -f "$(dirname "$1")")/$(basename "$1")
exec unshare -n --pid --mount-proc --fork --kill-child timeout --kill-after=5 300 \
    bash -c 'ip link set lo up && exec "$@"' cluster "$python" -P "$here/cluster.py" "$2"
