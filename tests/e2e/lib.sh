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

# same_for_threads "N ..." OPTIONS...: training (into whole.st on one thread) ends with the same bytes on N threads.
same_for_threads() {
  local numbers=$1 threads
  shift
  "$program" "$@" --out whole.st --threads 1 >/dev/null
  for threads in $numbers; do
    "$program" "$@" --out threads.st --threads "$threads" --force >/dev/null
    cmp whole.st threads.st || fail "$threads threads give another model"
    cmp whole.st.history.jsonl threads.st.history.jsonl || fail "$threads threads give another history"
  done
}

# killed_and_resumed SHORTEST SPREAD OPTIONS...: killed at random moments, SHORTEST to SHORTEST + SPREAD hundredths of a
# second after each start, until training ends; the bytes are those of whole.st. Sets `kills`. RANDOM is to be seeded
# before, so that a failure can be repeated.
killed_and_resumed() {
  local shortest=$1 spread=$2 child
  shift 2
  kills=0
  for _ in $(seq 1 60); do
    "$program" "$@" --out killed.st --resume >/dev/null 2>&1 &
    child=$!
    sleep "0.$((RANDOM % spread + shortest))"
    if kill -KILL $child 2>/dev/null; then kills=$((kills + 1)); fi
    wait $child 2>/dev/null || true
    [[ -e killed.st && ! -e killed.st.checkpoint ]] && break
  done
  [[ -e killed.st ]] || "$program" "$@" --out killed.st --resume >/dev/null
  cmp whole.st killed.st || fail "a run killed $kills times ends with another model"
  cmp whole.st.history.jsonl killed.st.history.jsonl || fail "a killed run ends with another history"
  ((kills >= 2)) || fail "only $kills kills: the run is too short for this test"
}

# peak ARGUMENTS...: exit 0; prints the most memory that was resident, in kB. It is read every 20 ms, so that a short run
# can end before its own is seen.
peak() {
  "$program" "$@" --quiet >/dev/null 2>err.txt &
  local child=$! high=0 now
  while now=$(awk '/VmHWM/ { print $2 }' /proc/$child/status 2>/dev/null) && [[ -n $now ]]; do
    high=$now
    sleep 0.02
  done
  wait $child || fail "exit $? of: $* ($(head -c 300 err.txt))"
  echo "$high"
}
