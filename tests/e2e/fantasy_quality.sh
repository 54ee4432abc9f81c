#!/usr/bin/env bash
# [measure.fantasies] on a few digits: measures, the reader that is kept, and going on from a finished run.
source "$(dirname "$0")/lib.sh"

cat >joint.toml <<'TOML'
name = "joint"
[data]
train = "mnist"
limit = 400
[model]
layers = "data - 30 + softmax 10 - 60"
[train]
epochs = 4
[measure]
cases = 300
[report]
fantasies = 0
features = 0
TOML
works run joint.toml --out run --quiet
[[ ! -e run/reader.safetensors ]] || fail "a reader, though nobody asked for fantasies"
judged=(--set measure.fantasies.cases=8 --set measure.fantasies.steps=10 --set measure.fantasies.looks=3
  --set measure.fantasies.reader_units=50 --set measure.fantasies.reader_epochs=5)
works run joint.toml --out run --resume "${judged[@]}" --quiet
for name in fantasies_read_as_label fantasies_read_as_7 reader_test_error fantasies_precision fantasies_recall \
  real_precision real_recall fantasies_nearest_distance test_nearest_distance; do
  has "\"$name\"" run/metrics.json
done
has 'nearest training cases' run/report.html
[[ -s run/fantasies-nearest.png ]] || fail "no sheet of nearest training cases"
cp run/metrics.json first.json
cp run/reader.safetensors reader.st
# Once more: the reader is read, not learned. Without it, and on other threads, it is learned to the same bytes.
works run joint.toml --out run --resume "${judged[@]}" --quiet
cmp run/metrics.json first.json || fail "a reader that is read again reads otherwise"
rm run/reader.safetensors
works run joint.toml --out run --resume "${judged[@]}" --quiet --threads 3
cmp run/reader.safetensors reader.st || fail "three threads learn another reader"
# A damaged reader is an error that names it.
echo broken >run/reader.safetensors
expect 2 'reader.safetensors' run joint.toml --out run --resume "${judged[@]}" --quiet
expect 2 'data.held_out|data.test' run joint.toml --out other --set measure.fantasies.cases=8 --set data.train=bars-and-stripes:3 \
  --set 'model.layers="data - 5"' --set data.limit=0
nothing_left
