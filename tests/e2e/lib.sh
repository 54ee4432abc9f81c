# What the end-to-end scripts share: a folder of their own, and checks that say what failed.
set -euo pipefail
program=$(realpath "$1")
place=$(mktemp -d)
trap '[[ -n ${KEEP:-} ]] || rm -rf "$place"' EXIT
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

# json ARGUMENTS...: exit 0, and one JSON object, nothing else, on standard output (in out.txt).
json() {
  "$program" "$@" --json >out.txt 2>err.txt || fail "exit $? of: $* --json ($(head -c 300 err.txt))"
  if command -v jq >/dev/null; then
    jq -es 'length == 1 and (.[0] | type == "object")' out.txt >/dev/null || fail "--json prints no single object: $*"
    return
  fi
  [[ $(head -c 1 out.txt) == "{" ]] || fail "--json prints something before the object: $*"
  # A whole file of one object opens and closes once at depth 0 (strings hold no lone braces here).
  awk '{ for (i = 1; i <= length($0); ++i) { c = substr($0, i, 1); if (c == "{") ++d; if (c == "}" && --d == 0) ++ends } }
       END { exit !(d == 0 && ends == 1) }' out.txt || fail "--json prints no single object: $*"
}

# has PATTERN [FILE]: the file, or else what was printed, holds it.
has() { grep -qE -- "$1" "${2:-out.txt}" || fail "no \"$1\" in ${2:-out.txt}: $(head -c 300 "${2:-out.txt}")"; }

# No temporary and no half-written file may be left.
nothing_left() {
  local left
  left=$(find . -name '.*.tmp' -o -name '*.tmp' | head -n 3)
  [[ -z $left ]] || fail "left behind: $left"
}
