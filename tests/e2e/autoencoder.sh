#!/usr/bin/env bash
# An autoencoder through the command line: threads, kills, codes and back, and what it refuses.
source "$(dirname "$0")/lib.sh"

options=(train mnist --limit 2000 --held_out 300 --layers "data - 60 - gaussian 10" --epochs 2 --rate 0.02 --negative cd
  --fine_tune.task reconstruct --fine_tune.epochs 10 --fine_tune.rate 0.01 --fine_tune.momentum 0.9 --fine_tune.keep best
  --checkpoint_minutes 0.0004 --quiet)

same_for_threads "3" "${options[@]}"
RANDOM=7
killed_and_resumed 10 30 "${options[@]}"

works inspect whole.st
has "an autoencoder: 784 - logistic 60 - linear 10 - logistic 60 - logistic 784"
works reconstruct whole.st mnist --part test --limit 50 --out back.npy
has "50 cases through layer 2 and back"
works reconstruct whole.st mnist --part test --limit 50 --out back.png
works encode whole.st mnist --part test --limit 50 --out codes.npy
has "50 cases as 10 outputs of layer 2"
works decode whole.st codes.npy --out again.npy
cmp back.npy again.npy || fail "encode and decode are not reconstruct"
works encode whole.st mnist --part test --limit 50 --out codes.csv
works decode whole.st codes.csv --out again.csv
json decode whole.st codes.csv --out again.png

# The same of the stack from which it started.
stack=whole.st.stack.safetensors
works encode $stack mnist --part test --limit 50 --out codes.npy
works decode $stack codes.npy --out again.npy
works reconstruct $stack mnist --part test --limit 50 --out back.npy
cmp back.npy again.npy || fail "encode and decode of a stack are not reconstruct"
works encode $stack mnist --part test --limit 50 --layer 1 --out codes.npy
works decode $stack codes.npy --layer 1 --out again.npy

expect 2 'autoencoder' classify whole.st mnist
expect 2 'turns round' reconstruct whole.st mnist --layer 1 --out no.npy
expect 2 'has 60 numbers a code' decode whole.st codes.npy --out no.npy
expect 2 'no layer after it' decode whole.st codes.npy --layer 4 --out no.npy
printf 'a,b\n1,x\n' >bad.csv
expect 2 'bad.csv:2: "x" is no number' decode whole.st bad.csv --out no.npy
printf 'a,b\n' >bad.csv
expect 2 'no codes' decode whole.st bad.csv --out no.npy
printf '1,2\n3,4\n' >bad.csv
expect 2 'names of columns' decode whole.st bad.csv --out no.npy
printf 'a,b\n1,nan\n' >bad.csv
expect 2 'finite' decode whole.st bad.csv --out no.npy
expect 2 'ends in' decode whole.st codes.npy --layer 1 --out no.txt
[[ ! -e no.npy ]] || fail "what was refused has left files"
nothing_left
