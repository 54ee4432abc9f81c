#!/usr/bin/env bash
# Installs what `make bench` compares harmonium with into a Python environment of its own, build/bench-venv.
#
# usage: scripts/install-benchmark-peers.sh [FOLDER]
#
# Versions are pinned in benchmarks/compare/requirements/. Does nothing where an environment from the same lists is
# there. A peer that does not install is reported here and in the table; only scikit-learn's list must install, as
# the others need NumPy too. HARMONIUM_NO_INSTALL=1 skips it.
set -euo pipefail
cd "$(dirname "$0")/.."

environment=${1:-build/bench-venv}
lists=benchmarks/compare/requirements
stamp=$environment/installed-lists

if [[ -n ${HARMONIUM_NO_INSTALL:-} ]]; then exit 0; fi
if [[ -f $stamp ]] && cat "$lists"/*.txt | cmp -s - "$stamp"; then exit 0; fi

python=${PYTHON:-python3}
if [[ ! -x $environment/bin/pip ]] && ! "$python" -m venv "$environment"; then
  echo "install-benchmark-peers.sh: $python makes no virtual environments; on Debian, apt-get install python3-venv" >&2
  exit 1
fi

add() {
  echo "installing $1 into $environment" >&2
  "$environment/bin/pip" install --quiet --no-deps --disable-pip-version-check --requirement "$lists/$1.txt"
}
add base
missing=
for list in pytorch rbms learnergy; do
  add "$list" || missing+=" $list"
done
if [[ -n $missing ]]; then
  echo "install-benchmark-peers.sh: these peers could not be installed:$missing; the table says so" >&2
else
  cat "$lists"/*.txt >"$stamp"
fi
