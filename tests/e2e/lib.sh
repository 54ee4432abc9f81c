# What the end-to-end scripts share: a folder of their own, and checks that say what failed.
set -euo pipefail
program=$(realpath "$1")
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# expect CODE TEXT ARGUMENTS...: the program ends with CODE and says TEXT (a pattern) on standard error, in one sentence.
expect() {
  local code=$1 text=$2 got=0
  shift 2
  "$program" "$@" >out.txt 2>err.txt || got=$?
  [[ $got == "$code" ]] || fail "exit $got instead of $code: $* ($(head -c 300 err.txt))"
  grep -qE -- "$text" err.txt || fail "no \"$text\" in the error of: $* ($(head -c 300 err.txt))"
  local lines
  lines=$(grep -c '^harmonium: ' err.txt || true)
  [[ $lines == 1 ]] || fail "$lines error sentences instead of one: $* ($(cat err.txt))"
}

# works ARGUMENTS...: exit 0.
works() {
  "$program" "$@" >out.txt 2>err.txt || fail "exit $? of: $* ($(head -c 400 err.txt))"
}

# No temporary and no half-written file may be left.
nothing_left() {
  local left
  left=$(find . -name '.*.tmp' -o -name '*.tmp' | head -n 3)
  [[ -z $left ]] || fail "left behind: $left"
}
