#!/usr/bin/env bash
# Up-down learning through the command line: threads, kills, the best epoch, refusals, and recognition of what it made.
source "$(dirname "$0")/lib.sh"

options=(train mnist --limit 6000 --held_out 500 --layers "data - 60 - 40 + softmax 10 - 80" --epochs 3
  --joint.epochs 15 --joint.steps "[1, 2, 3]" --joint.steps_schedule stages --joint.average_epochs 2
  --joint.momentum 0.5 --joint.keep best --joint.rate 0.05 --checkpoint_minutes 0.0004 --quiet)

same_for_threads "2 3" "${options[@]}"
RANDOM=11
killed_and_resumed 20 40 "${options[@]}"

# The kept parameters are those of the measured epoch with the fewest held-out errors; the last iterate stands beside.
grep -c '"layer":3,' whole.st.history.jsonl | grep -qx 15 || fail "the joint stage has no line an epoch"
works inspect whole.st
grep -q "a deep belief net" out.txt || fail "inspect does not know an untied net"
works classify whole.st mnist --part test --limit 500 --out labels.csv
[[ $(wc -l <labels.csv) == 501 ]] || fail "classify did not write a line a case"
grep -Eq "^[0-9]+ of 500 labelled cases misread" out.txt || fail "classify does not say how many are misread"
for way in up-passes settling; do
  works classify whole.st mnist --part test --limit 300 --way $way --passes 3 --threads 1 --out one.csv
  works classify whole.st mnist --part test --limit 300 --way $way --passes 3 --threads 3 --out three.csv
  cmp one.csv three.csv || fail "$way depends on the number of threads"
done
works encode whole.st mnist --limit 10 --layer 2 --out codes.npy
works sample whole.st -n 4 --steps 3 --label 3 --out fantasies.npy

# What greedy learning made of the layers is kept, and is not what they have learned together.
works classify whole.st.greedy.safetensors mnist --part test --limit 500 --out greedy.csv
! cmp -s labels.csv greedy.csv || fail "the model of greedy learning is the one of all layers"
cmp whole.st.greedy.safetensors killed.st.greedy.safetensors || fail "a killed run keeps another model of greedy learning"
works inspect whole.st.greedy.safetensors
! grep -q "^all layers$" out.txt || fail "the model of greedy learning knows of what came after it"

# A run measures the three ways of recognition, and what greedy learning alone would read; `classify` agrees.
cat >tiny.toml <<'END'
name = "tiny"
[data]
train = "mnist"
limit = 4000
[model]
layers = "data - 30 - 20 + softmax 10 - 40"
[train]
epochs = 10
negative = "cd"
rate_schedule = "constant"
[joint]
epochs = 20
rate = 0.05
stop_error = 0.7
measure_every = 2
[measure]
cases = 1000
END
works run tiny.toml --out tiny
for name in test_error test_error_up_passes test_error_settling test_error_greedy train_error; do
  grep -q "\"$name\"" tiny/metrics.json || fail "a run does not measure $name"
done
works classify tiny/model.safetensors mnist --part test --limit 1000 --out tiny.csv
misread=$(sed -nE 's/^([0-9]+) of 1000 labelled cases misread.*/\1/p' out.txt)
python3 - "$misread" <<'END' || fail "a run and classify count other errors"
import json, sys
measures = json.load(open("tiny/metrics.json"))["measures"]
sys.exit(abs(measures["test_error"]["value"] - int(sys.argv[1]) / 1000) > 1e-9)
END
# Seven tenths misread are soon reached, and end the stage.
grep -c '"layer":3,' tiny/history.jsonl | grep -qx 1 || fail "joint.stop_error does not end the stage"

# Chains that are not restarted are the same for any number of threads and after kills.
rm -f whole.st* killed.st*
persistent=("${options[@]}" --joint.negative pcd --joint.persistent_share 0.5 --joint.chains 60)
same_for_threads "2" "${persistent[@]}"
killed_and_resumed 20 40 "${persistent[@]}"

# Probabilities in the sleep phase, and no labels.
works train mnist --limit 300 --layers "data - 12 - 10 - 14" --epochs 1 --joint.epochs 2 --joint.states probabilities \
  --quiet --out unlabelled.st

expect 2 "single RBM" train mnist --limit 100 --layers "data - 12" --epochs 1 --joint.epochs 1 --out no.st
expect 2 "held_out" train mnist --limit 100 --layers "data - 12 - 9" --epochs 1 --joint.epochs 1 --joint.keep best --out no.st
expect 2 "label units" train mnist --limit 100 --layers "data - 12 - 9" --epochs 1 --joint.epochs 1 --joint.stop_error 0.1 --out no.st
expect 2 "joint.rate = -1" train mnist --limit 100 --layers "data - 12 - 9" --joint.epochs 1 --joint.rate -1 --out no.st
expect 2 'has none; set joint.negative = "pcd"' train mnist --limit 100 --layers "data - 12 - 9" --joint.epochs 1 \
  --joint.persistent_share 0.5 --out no.st
expect 2 'joint.negative = "exact" sums' train mnist --limit 100 --layers "data - 12 - 30 - 40" --joint.epochs 1 \
  --joint.negative exact --out no.st
expect 2 "from 0 to 1" train mnist --limit 100 --layers "data - 12 - 9" --joint.persistent_share 2 --out no.st
expect 2 "one value a stage" train mnist --limit 100 --layers "data - 12 - 9" --joint.steps_schedule stages --out no.st
expect 2 "label units" classify unlabelled.st mnist
expect 2 "must end in .csv" classify whole.st mnist --out labels.txt
[[ ! -e no.st && ! -e no.st.history.jsonl ]] || fail "a refused run leaves files"
