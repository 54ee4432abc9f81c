#!/usr/bin/env bash
# A run that is killed and resumed, or that has other threads, ends with the same bytes.
source "$(dirname "$0")/lib.sh"

# Two layers, persistent chains, averages, momentum, binarising by sampling, a held-out set: all that has state.
options=(train mnist --limit 1500 --held_out 200 --layers "data - 40 - 30" --epochs 14 --negative pcd --chains 20
  --momentum 0.5 --average_epochs 2 --binarise sample --pass samples --centring true --sparsity_target 0.1
  --likelihood_every 3 --checkpoint_minutes 0.0004 --quiet)

same_for_threads "2 3 5" "${options[@]}"
RANDOM=7
killed_and_resumed 25 40 "${options[@]}"

# Ctrl-C saves, says how to go on and ends with 130. Background jobs of a script ignore SIGINT, so a child shell with
# job control starts the program.
stopped=no
for delay in 0.6 0.4 0.25 0.15 0.1 0.07; do
  rm -f stopped.st*
  got=0
  bash -mc 'delay=$1; shift; "$0" "$@" & child=$!; sleep "$delay"; kill -INT $child; wait $child' "$program" "$delay" \
    "${options[@]}" --out stopped.st >/dev/null 2>err.txt || got=$?
  [[ $got == 0 || $got == 130 ]] || fail "Ctrl-C ends with $got instead of 130"
  if [[ $got == 130 && -e stopped.st.checkpoint ]]; then
    stopped=yes
    break
  fi
done
[[ $stopped == yes ]] || fail "no Ctrl-C came in time: the run is too short for this test"
grep -q -- --resume err.txt || fail "Ctrl-C does not say how to go on"
[[ ! -e stopped.st ]] || fail "Ctrl-C leaves a model that is not finished"
cp stopped.st.checkpoint other.st.checkpoint
cp stopped.st.history.jsonl other.st.history.jsonl
expect 2 "unfinished run" "${options[@]}" --out stopped.st
expect 2 "another recipe.*train.epochs = [0-9]+ and not train.epochs = 15" "${options[@]}" --out stopped.st --resume --epochs 15
expect 2 "another recipe.*seed = 1 and not seed = 2" "${options[@]}" --out stopped.st --resume --seed 2
works "${options[@]}" --out stopped.st --resume
cmp whole.st stopped.st || fail "a run stopped by Ctrl-C ends with another model"
cmp whole.st.history.jsonl stopped.st.history.jsonl || fail "a run stopped by Ctrl-C ends with another history"
# checkpoint_minutes alone may differ on the way: the header keeps it, the tensors behind do not know it.
works "${options[@]}" --out other.st --resume --checkpoint_minutes 5
tensors() { tail -c +$((9 + $(od -An -tu8 -N8 "$1"))) "$1"; }
cmp <(tensors whole.st) <(tensors other.st) || fail "other minutes between checkpoints give other numbers"

# Where there is nothing to save, Ctrl-C ends at once.
begin=$SECONDS
got=0
bash -mc '"$0" "$@" & child=$!; sleep 0.5; kill -INT $child; wait $child' "$program" sample whole.st -n 1000 \
  --steps 10000000 --quiet --out endless.npy >/dev/null 2>err.txt || got=$?
[[ $got == 130 ]] || fail "Ctrl-C in sample ends with $got"
((SECONDS - begin < 20)) || fail "Ctrl-C in sample took $((SECONDS - begin)) s"
grep -q checkpoint err.txt && fail "sample has no checkpoint to save: $(cat err.txt)"
[[ ! -e endless.npy ]] || fail "an interrupted sample leaves a file"

# Every negative phase, with missing values where they are allowed.
printf 'a,b,c,d\n' >table.csv
for i in $(seq 1 60); do echo "$((i % 2)),$((i % 3 == 0)),$([[ $((i % 7)) == 0 ]] || echo $((i % 5 > 2))),$((i % 4 > 1))" >>table.csv; done
for negative in cd pcd fpcd tempering exact; do
  for threads in 1 3; do
    "$program" train table.csv --missing unknown --layers "data - 5" --negative $negative --epochs 3 --batch 25 \
      --chains 30 --temperatures 3 --quiet --threads $threads --out "$negative-$threads.st" >/dev/null
  done
  cmp "$negative-1.st" "$negative-3.st" || fail "$negative depends on the number of threads"
done
nothing_left
echo "same bytes for 1, 2, 3 and 5 threads, after $kills kills and after Ctrl-C"
