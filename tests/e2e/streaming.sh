#!/usr/bin/env bash
# A file that does not fit in memory: the same bytes for any number of threads and after SIGKILL, bounded memory, and
# one sentence for what goes wrong.
source "$(dirname "$0")/lib.sh"

works data convert mnist --limit 3000 --out digits.npy
rm digits-labels.npy

# Blocks of 10 cases, 4 of them mixed; nothing is kept in memory.
options=(train digits.npy --memory 0 --block 8 --mixed_blocks 4 --layers "data - 40 - 30" --epochs 12 --negative pcd
  --chains 20 --momentum 0.5 --average_epochs 2 --binarise sample --held_out 200 --checkpoint_minutes 0.0004 --quiet)
same_for_threads "2 3" "${options[@]}"
RANDOM=11
killed_and_resumed 12 25 "${options[@]}"

# The order is part of the recipe.
"$program" "${options[@]}" --out cut.st --epochs 2 >/dev/null
expect 2 "data.mixed_blocks = 4 and not 5" "${options[@]}" --out cut.st --epochs 2 --mixed_blocks 5 --resume

# Everything else reads the file too.
works evaluate whole.st digits.npy --cases 100 --likelihood none
works encode whole.st digits.npy --limit 50 --out codes.npy
works data describe digits.npy
has "u8 3000 x 28 x 28"

# What goes wrong is one sentence.
expect 2 "data.block must be a whole number, 1 or more" train digits.npy --block 0 --layers "data - 5" --out x.st
expect 2 "data.resize|stays on the disk" train digits.npy --memory 0 --resize "[14, 14]" --layers "data - 5" --out x.st
cp digits.npy short.npy
truncate -s -1000 short.npy
expect 2 "more than the file holds" train short.npy --memory 0 --layers "data - 5" --out x.st
# A file that is cut while it is learned ends the run, but not by a crash.
cp digits.npy shrinking.npy
got=0
"$program" train shrinking.npy --memory 0 --block 8 --mixed_blocks 4 --layers "data - 40" --epochs 100000 --quiet \
  --out shrinking.st >/dev/null 2>err.txt &
child=$!
sleep 1
truncate -s 1000000 shrinking.npy
wait $child || got=$?
[[ $got == 1 ]] || fail "a file that shrinks ends the run with $got instead of 1: $(cat err.txt)"
[[ $(grep -c '^harmonium: ' err.txt) == 1 ]] || fail "not one sentence: $(cat err.txt)"
grep -q "shorter since it was opened" err.txt || fail "another sentence: $(cat err.txt)"

# Memory does not grow with the file: of 329 MB more bytes, less than a tenth may be seen. The peak of a short
# run may not be seen: both files are read for equally long.
if [[ -r /proc/self/status ]]; then
  works data convert mnist --out once.npy
  rm once-labels.npy
  rows() { tail -c $((60000 * 784)) once.npy; }
  head -c $(($(stat -c %s once.npy) - 60000 * 784)) once.npy | sed 's/(60000, 28, 28)/(480000, 28, 28)/; s/ $//' >header
  # The header keeps its length: one digit more, one blank less.
  [[ $(stat -c %s header) == $(($(stat -c %s once.npy) - 60000 * 784)) ]] || fail "the header has changed its length"
  { cat header; for _ in 1 2 3 4 5 6 7 8; do rows; done; } >eight.npy
  small=(--memory 0 --layers "data - 4" --batch 1000)
  one=$(peak train once.npy "${small[@]}" --epochs 8 --out once.st)
  eight=$(peak train eight.npy "${small[@]}" --epochs 1 --out eight.st)
  ((eight < one + 32768)) || fail "memory grows with the file: $one kB for 47 MB, $eight kB for 376 MB"
  ((eight < 150000)) || fail "$eight kB for a small model"
fi
nothing_left
echo "same bytes for 1, 2 and 3 threads and after $kills kills; memory $one kB, and $eight kB for 8 times the data"
