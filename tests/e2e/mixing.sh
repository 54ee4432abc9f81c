#!/usr/bin/env bash
# [measure.mixing] on a finished run: the verdict in words, its numbers and pictures, and what is refused.
source "$(dirname "$0")/lib.sh"

cat >joint.toml <<'TOML'
name = "joint"
[data]
train = "mnist"
limit = 500
[model]
layers = "data - 30 + softmax 10 - 60"
[train]
epochs = 3
snapshots = 4
[measure]
cases = 300
[report]
fantasies = 0
features = 0
TOML
works run joint.toml --out run --quiet
if grep -q '"mixing"' run/metrics.json; then fail "a verdict that nobody asked for"; fi
judged=(--set measure.mixing.chains=20 --set measure.mixing.steps=60 --set measure.mixing.burn_in=20)
works run joint.toml --out run --resume "${judged[@]}"
has '"verdict": "The chains (mix|do not mix)' run/metrics.json
has '"grade": "(mixes|mixes slowly|does not mix)"' run/metrics.json
for name in mixing_r_hat mixing_effective_samples mixing_autocorrelation_time moments_first_ratio \
  moments_second_ratio class_share_7 class_share_distance; do
  has "\"$name\"" run/metrics.json
done
has 'Do the chains mix' run/report.html
has 'The chains (mix|do not mix)' run/report.html
has 'Classes among free fantasies' run/report.html
cp run/metrics.json first.json
works run joint.toml --out run --resume "${judged[@]}" --threads 3
cmp <(grep -v '"command"' run/metrics.json) <(grep -v '"command"' first.json) || fail "three threads judge otherwise"
# Where chains move by exchanges, these are counted.
for mix in tempering trajectory; do
  works run joint.toml --out run --resume "${judged[@]}" --set measure.mixing.mix=$mix --set measure.mixing.temperatures=4 --quiet
  has '"exchange_rates"' run/metrics.json
  has '"round_trips"' run/metrics.json
done
# Patterns learned so hard that Gibbs steps do not leave them.
works run joint.toml --out stuck --set data.train=bars-and-stripes:4 --set data.limit=0 --set 'model.layers="data - 24"' \
  --set train.batch=30 --set train.epochs=6000 --set train.rate=0.5 --set train.snapshots=0 --set measure.likelihood=none \
  "${judged[@]}" --quiet
has '"grade": "does not mix"' stuck/metrics.json
has '^warning: The chains do not mix: the largest R-hat of 4 statistics'
expect 2 'train.snapshots' run joint.toml --out other --set train.snapshots=0 "${judged[@]}" --set measure.mixing.mix=trajectory
expect 2 '4 or more' run joint.toml --out other --set measure.mixing.chains=2
nothing_left
