#!/usr/bin/env bash
# Learning that starts from principal components: the option and the key, threads and resuming, and what is refused.
source "$(dirname "$0")/lib.sh"

small=(train mnist --limit 300 --layers "data - 20 + softmax 10 - 30" --components 6 --rate 0.02 --average_epochs 3 --epochs 40
  --quiet)
same_for_threads "3" "${small[@]}"
RANDOM=11
killed_and_resumed 5 30 "${small[@]}"
works inspect whole.st
# The start is another one than from noise.
works train mnist --limit 300 --layers "data - 20" --components 6 --epochs 1 --rate 0.0001 --out components.st
works train mnist --limit 300 --layers "data - 20" --epochs 1 --rate 0.0001 --out random.st
for start in components random; do
  json evaluate $start.st mnist --part test --cases 200 --quiet
  tr -d '\n ' <out.txt | grep -oE '"log_likelihood":\{"value":-?[0-9.]+|log_likelihood":\{[^}]*"value":-?[0-9.]+' | grep -oE -- '-[0-9.]+' >$start.txt
done
awk 'NR == FNR { a = $1; next } { exit !(a > $1 + 10) }' components.txt random.txt ||
  fail "components start at $(cat components.txt) nats, noise at $(cat random.txt)"
expect 2 'at most 20' train mnist --limit 300 --layers "data - 20" --components 21 --epochs 1 --out no.st
expect 2 'binary units' train mnist --limit 300 --layers "data - rectified 20" --components 2 --epochs 1 --out no.st
nothing_left
