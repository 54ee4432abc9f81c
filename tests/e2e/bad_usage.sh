#!/usr/bin/env bash
# Mistakes at the keyboard, in recipes and in the place where results should go.
source "$(dirname "$0")/lib.sh"

bars=bars-and-stripes:3
tiny=(--layers "data - 3" --epochs 1 --quiet)
works train $bars "${tiny[@]}" --out good.st
printf 'name = "r"\n[data]\ntrain = "%s"\n[model]\nlayers = "data - 3"\n[train]\nepochs = 1\n' $bars >r.toml

# Commands and options, with the nearest that there is.
expect 2 "unknown command trian; did you mean 'train'" trian mnist
expect 2 "unknown command lst; did you mean 'list'" data lst
expect 2 'subcommand is required'
expect 2 'subcommand is required' data
expect 2 "unknown option --epohcs; did you mean '--epochs'" train $bars --epohcs 2 --out x.st
expect 2 "unknown option --jsno; did you mean '--json'" --jsno inspect good.st
expect 2 'one argument too many, extra' inspect good.st extra
expect 2 'DATA is required' train
expect 2 'out is required' encode good.st $bars
for number in -1 1.5 x 99999999999999999999999; do
  expect 2 "--threads $number must be a whole number, 0 to 1024" inspect good.st --threads "$number"
  expect 2 "--seed $number must be a whole number, 0 or more" inspect good.st --seed "$number"
  expect 2 "--limit $number must be a whole number, 0 or more" encode good.st $bars --limit "$number" --out x.npy
  expect 2 "--layer $number must be a whole number, 0 or more" encode good.st $bars --layer "$number" --out x.npy
  expect 2 "--steps $number must be a whole number, 0 or more" sample good.st --steps "$number" --out x.npy
  expect 2 "train.epochs" train $bars --epochs "$number" --out x.st
done
expect 2 '--count 0 must be a whole number, 1 to 1000000' sample good.st -n 0 --out x.npy
expect 2 '--cases 0 must be' evaluate good.st $bars --cases 0
expect 2 '--temperatures 1 must be' evaluate good.st $bars --likelihood annealed --temperatures 1
expect 2 'perhaps' evaluate good.st $bars --likelihood perhaps
expect 2 'bf16.*f32' train $bars "${tiny[@]}" --negative exact --precision bf16 --out x.st
expect 2 'precision.*bf17' train $bars "${tiny[@]}" --precision bf17 --out x.st
expect 2 'tset' encode good.st mnist --part tset --out x.npy

# An output of an unknown kind is refused before the work.
for command in "encode good.st $bars" "reconstruct good.st $bars" "sample good.st --steps 1000000000"; do
  expect 2 'x.gif' $command --out x.gif
done
expect 2 'x.png' encode good.st $bars --out x.png
expect 2 'f.jpg must end in .png' inspect good.st --features f.jpg
expect 2 'x.xyz' data convert $bars --out x.xyz

# Labels. A model with label units in its first hidden layer must load again.
works train mnist --limit 100 --layers "data - 6 + softmax 10 - 5" --epochs 1 --quiet --out labels.st
works sample labels.st -n 2 --steps 2 --label 3 --out three.png
expect 2 'label 12 .*0 to 9' sample labels.st --label 12 --out x.npy
expect 2 'label three is no class' sample labels.st --label three --out x.npy
expect 2 '9 label units.*10 classes' train mnist --limit 100 --layers "data - 6 + softmax 9 - 5" --epochs 1 --quiet --out x.st

# Layers.
while IFS='|' read -r layers why; do
  expect 2 "$why" train $bars --layers "$layers" --epochs 1 --quiet --out x.st
done <<'LAYERS'
|is empty
data|fewer than two layers
data -|is empty
data - 0|'0'
data - -3|is empty
data - 3 - - 4|is empty
3 - data|not the first layer
8 - 3|9 columns.*takes 8
data - 99999999999999999999|99999999999999999999
data - gausian 3|nearest is 'gaussian'
data - gaussian|has no size
data - binomial 3|number N of copies
data - softmax 3x|3x
LAYERS
(ulimit -v 4000000 && expect 1 'out of memory' train mnist --limit 50 --layers "data - 2000000000" --epochs 1 --quiet --out x.st) || exit 1

# Recipes: each key is checked when it is read, not after hours.
while IFS='|' read -r setting why; do
  expect 2 "$why" run r.toml --quiet --out x --set "$setting"
done <<'SETTINGS'
nonsense|KEY=VALUE
=3|KEY=VALUE
rate=0.5|unknown key rate; did you mean 'train.rate'
train.rates=0.5|unknown key train.rates; did you mean 'train.rate'
train.rate=fast|train.rate must be a number
train.rate=true|train.rate must be a number
train.rate=nan|train.rate must be a number
train.rate=[]|train.rate must be a list with at least one
train.batch=0|train.batch
train.batch=2.5|train.batch must be a whole number
train.l2=-1|train.l2
train.monitor_cases=0|train.monitor_cases
train.centring=yes|train.centring must be true or false
train.checkpoint_minutes=0|checkpoint_minutes
train.negative=pdc|did you mean 'pcd'
seed=-1|seed must be a whole number
name=a/b|without slashes
data.train=mnits|did you mean .*mnist
data.resize=[4]|two numbers
data.held_out=14|held-out
data.classes=[7]|no labels
data.missing=perhaps|data.missing must be one of
data.test=bars-and-stripes:4|16 columns.*9
layer.0.epochs=1|count from 1
layer.1.epohcs=1|did you mean 'train.epochs'
layer.2.epochs=1|only 1 RBM
measure.cases=0|measure.cases
measure.annealing_runs=0|annealing_runs
measure.one_class.class=7|test data
measure.likelihood=exactly|did you mean 'exact'
report.fantasy_steps=[10,5]|must ascend
report.fantasy_start=here|fantasy_start
SETTINGS
for measure in measure.kl=true measure.likelihood=exact; do
  expect 2 '2\^25' run r.toml --quiet --out x --set data.train=bars-and-stripes:6 --set "model.layers=data - 30" --set $measure
done
{ cat r.toml; printf '[sweep]\nseeds = [1, 1]\n'; } >twice.toml
expect 2 'each seed once' run twice.toml --quiet --out x
{ cat r.toml; printf '[[variant]]\nname = "a"\n[[variant]]\nname = "a"\n'; } >alike.toml
expect 2 'alike.toml:10:.*two variants' run alike.toml --quiet --out x
{ cat r.toml; printf '[[variant]]\nname = "a"\ntrain.raet = 1\n'; } >key.toml
expect 2 'key.toml:10:.*unknown key train.raet' run key.toml --quiet --out x
printf '\xff\xfe' >bytes.toml
expect 2 'bytes.toml' run bytes.toml --quiet --out x
# --set takes one setting, so that the recipe may follow it.
works run --set train.epochs=2 r.toml --out fine --quiet
works train --set train.epochs=2 $bars --layers "data - 3" --quiet --out fine.st

# What is finished stays what it is: --resume answers with it for the same recipe only.
works train $bars "${tiny[@]}" --checkpoint_minutes 9 --resume --out good.st
expect 2 'trained with train.rate = 0.1 and not 0.7' train $bars "${tiny[@]}" --resume --rate 0.7 --out good.st
expect 2 'trained with data.train' train bars-and-stripes:4 "${tiny[@]}" --resume --out good.st
works run r.toml --quiet --out again
works run r.toml --quiet --out again --resume --set measure.mixing_steps=10
expect 2 'trained with train.l2' run r.toml --quiet --out again --resume --set train.l2=0.1

# Places that cannot be written; a disk that is full, here by a limit on the size of files.
expect 1 'good.st' run r.toml --quiet --out good.st/x/y
expect 1 'good.st' train $bars "${tiny[@]}" --out good.st/x.st
expect 2 'is a folder' train $bars "${tiny[@]}" --out "$place"
for nameless in '' x/ ./; do expect 2 'has no name' train $bars "${tiny[@]}" --out "$nameless"; done
[[ ! -e .history.jsonl && ! -e .checkpoint ]] || fail "a model without a name leaves files"
expect 2 'layers' run r.toml --quiet --out x/y/z --set "model.layers=data"
big() { (ulimit -f 8 && expect 1 "$@") || exit 1; }
big 'x.st.*ulimit' train mnist --limit 50 --layers "data - 100" --epochs 1 --quiet --out x.st
big 'x/y/model.*ulimit' run r.toml --quiet --out x/y --set data.train=mnist --set data.limit=50 --set "model.layers=data - 100"
for file in x.npy x.idx x.csv; do big "$file.*ulimit" data convert mnist --limit 500 --out $file; done
big 'x.npy.*ulimit' sample labels.st -n 50 --steps 1 --out x.npy
for arguments in --help "train --help" --version "inspect good.st" "inspect good.st --json" "data list" \
  "data describe mnist" "evaluate good.st $bars"; do
  got=0
  "$program" $arguments >/dev/full 2>err.txt || got=$?
  [[ $got == 1 ]] || fail "a full disk behind standard output ends with $got: $arguments"
  grep -q 'standard output' err.txt || fail "a full disk behind standard output: $(cat err.txt)"
done
# A reader that has seen enough is no fault.
"$program" inspect good.st | head -n 1 >/dev/null || fail "a closed pipe is an error"

for leftover in x x.* x-labels.*; do [[ ! -e $leftover ]] || fail "left behind: $leftover"; done
nothing_left
echo "every mistake got its sentence"
