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
for components in 0 6; do
  works train mnist --limit 300 --binarise threshold --layers "data - 12" --components $components --epochs 1 --rate 0.0001 \
    --out start.st --force --quiet
  json evaluate start.st mnist --part test --cases 100 --quiet
  tr -d '\n ' <out.txt | grep -oE '"log_likelihood":\{"value":-[0-9.]+' | grep -oE -- '-[0-9.]+' >nats-$components.txt ||
    fail "no log-likelihood of $components components"
done
awk 'NR == FNR { noise = $1; next } { exit !($1 > noise + 5) }' nats-0.txt nats-6.txt ||
  fail "components start at $(cat nats-6.txt) nats, noise at $(cat nats-0.txt)"
expect 2 'at most 20' train mnist --limit 300 --layers "data - 20" --components 21 --epochs 1 --out no.st
expect 2 'binary units' train mnist --limit 300 --layers "data - rectified 20" --components 2 --epochs 1 --out no.st
nothing_left
