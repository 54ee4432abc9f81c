#!/usr/bin/env bash
# Deep Boltzmann machines through the command line: learning with threads and kills, what the commands make of one, refusals.
source "$(dirname "$0")/lib.sh"

options=(train mnist --limit 3000 --held_out 300 --binarise sample --model.kind dbm --layers "data - 50 - 60" --epochs 2
  --train.rate 0.005 --negative pcd --train.steps 2 --joint.epochs 12 --joint.steps 3 --joint.rate 0.02 --joint.average_epochs 2
  --joint.momentum 0.5 --joint.centring true --joint.mean_field_sweeps 5 --checkpoint_minutes 0.0004 --quiet)

same_for_threads "2 3" "${options[@]}"
RANDOM=5
killed_and_resumed 20 40 "${options[@]}"
grep -c '"layer":2,' whole.st.history.jsonl | grep -qx 12 || fail "the joint stage has no line an epoch"
has '"free_energy_gap":' whole.st.history.jsonl

works inspect whole.st
has "a deep Boltzmann machine, 784-50-60"
has "^all layers$"
json inspect whole.st
has '"kind": "dbm"'
works encode whole.st mnist --part test --limit 30 --out top.npy
has "30 cases as 60 means of layer 2"
works encode whole.st mnist --part test --limit 30 --layer 1 --threads 1 --out one.csv
works encode whole.st mnist --part test --limit 30 --layer 1 --threads 3 --out three.csv
cmp one.csv three.csv || fail "codes depend on the number of threads"
works reconstruct whole.st mnist --part test --limit 20 --out back.png
works sample whole.st -n 9 --steps 20 --out fantasies.png
works sample whole.st -n 4 --steps 3 --hidden-out top.csv --out four.npy
[[ $(head -n 1 top.csv | tr , '\n' | wc -l) == 60 ]] || fail "the top layer of 60 units is written as $(head -c 200 top.csv)"
works sample whole.st --steps 4 --every 2 --movie dreams.gif
works sample whole.st -n 4 --steps 6 --start data --out whole.npy
works sample whole.st -n 4 --steps 2 --start data --save-state half.safetensors --out half.npy
works sample whole.st --start-state half.safetensors --steps 4 --out rest.npy
cmp whole.npy rest.npy || fail "chains that were put aside go on differently"
works sample whole.st -n 4 --steps 2 --mix tempering --temperatures 4 --out tempered.npy
works evaluate whole.st mnist --part test --cases 50 --likelihood annealed --runs 20 --temperatures 200 --net-cases 4 \
  --net-samples 20 --net-temperatures 20
has "^log_probability_bound +-"
has "^log_probability_bound_paired +-"
has "^log_probability +-"
has "^effective_runs"

# A run as a whole: three of eight states, whose likelihood is summed.
cat >triples.csv <<'CSV'
a,b,c
1,1,0
0,1,1
1,0,1
1,1,0
0,1,1
1,0,1
CSV
cat >triples.toml <<'TOML'
name = "triples"
[data]
train = "triples.csv"
[model]
kind = "dbm"
layers = "data - 4 - 3"
[train]
epochs = 2000
batch = 6
rate = 0.1
negative = "pcd"
measure_every = 1000
[joint]
epochs = 4000
batch = 6
rate = 0.1
negative = "exact"
average_epochs = 0
measure_every = 1000
[measure]
likelihood = "exact"
mixing_steps = 100
mixing.chains = 20
mixing.burn_in = 50
mixing.steps = 100
TOML
works run triples.toml --out learned --quiet
works run triples.toml --out started --set joint.epochs=0 --quiet
value() { sed -n "/\"train_log_probability\"/,/value/s/.*\"value\": \(-[0-9.e-]*\).*/\1/p" "$1/metrics.json"; }
awk -v a="$(value started)" -v b="$(value learned)" 'BEGIN { exit !(b > a + 0.05 && b > -1.2 && b < -1.0986 + 1e-6) }' ||
  fail "learning on from $(value started) gives $(value learned); log p of a perfect model is -1.0986"
has '"train_log_probability_bound"' learned/metrics.json
has '"mixing_r_hat"' learned/metrics.json
has '"moments_first_distance"' learned/metrics.json

expect 2 "Bernoulli units in all layers" train mnist --limit 100 --model.kind dbm --layers "data - 12 - rectified 9" --out no.st
expect 2 "label units" train mnist --limit 100 --model.kind dbm --layers "data - 12 + softmax 10 - 9" --out no.st
expect 2 "whole states" train mnist --limit 100 --model.kind dbm --layers "data - 12 - 9" --out no.st
expect 2 "bf16" train mnist --limit 100 --model.kind dbm --layers "data - 12 - 9" --binarise sample --train.precision bf16 --out no.st
expect 2 "snapshots" train mnist --limit 100 --model.kind dbm --layers "data - 12 - 9" --binarise sample --train.snapshots 3 --out no.st
expect 2 "must be pcd, tempering or exact" train mnist --limit 100 --binarise sample --model.kind dbm --layers "data - 12 - 9" \
  --joint.epochs 1 --joint.negative cd --out no.st
expect 2 'joint.negative = "exact" sums' train mnist --limit 100 --binarise sample --model.kind dbm --layers "data - 30 - 9" \
  --joint.epochs 1 --joint.negative exact --out no.st
expect 2 "one of dbn, dbm" train mnist --limit 100 --model.kind rbn --out no.st
expect 2 "cannot be summed" run triples.toml --out no --set 'model.layers="data - 30 - 30"'
expect 2 "pseudo" evaluate whole.st mnist --part test --cases 10 --pseudo
expect 2 "deep Boltzmann machine" impute whole.st mnist --limit 3 --out no.npy
expect 2 "label units" classify whole.st mnist --limit 3
expect 2 "means of mean field" encode whole.st mnist --limit 3 --samples --out no.npy
expect 2 "leave it out" reconstruct whole.st mnist --limit 3 --layer 1 --out no.npy
expect 2 "snapshots" sample whole.st --mix trajectory --out no.npy
expect 2 "label units" sample whole.st --label 3 --out no.npy
[[ ! -e no.st && ! -e no.st.history.jsonl && ! -e no.npy ]] || fail "a refused run leaves files"
nothing_left
