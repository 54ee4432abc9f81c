#!/usr/bin/env bash
# What people get wrong: one sentence, the right exit code, and nothing half-written.
source "$(dirname "$0")/lib.sh"

train() { "$program" train "$@"; }
tiny=(--layers "data - 3" --epochs 1 --quiet)

# A good model and good files to damage.
works train bars-and-stripes:3 "${tiny[@]}" --out good.st
works data convert bars-and-stripes:3 --out good.npy
works data convert bars-and-stripes:3 --out good.idx
works data convert bars-and-stripes:3 --out good.csv

# Data that are not there, not whole, or not what they claim.
expect 2 'did you mean .*mnist' train mnits "${tiny[@]}" --out x.st
expect 2 'nosuch.csv' train nosuch.csv "${tiny[@]}" --out x.st
for file in good.npy good.idx; do
  size=$(stat -c %s "$file")
  for keep in 0 1 3 5 $((size / 2)) $((size - 1)); do
    head -c "$keep" "$file" >"cut.${file##*.}"
    expect 2 "cut.${file##*.}" train "cut.${file##*.}" "${tiny[@]}" --out x.st
  done
done
# Headers that claim 2^40 rows must be refused without taking the memory: 2 GB of address space are enough.
printf '\x93NUMPY\x01\x00\x4e\x00%-77s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (1099511627776, 16), }" >huge.npy
printf '\x00\x00\x08\x03\xff\xff\xff\xff\x00\x00\x00\x1c\x00\x00\x00\x1c' >huge.idx
printf '%%%%MatrixMarket matrix coordinate integer general\n1099511627776 16 1099511627776\n1 1 1\n' >huge.mtx
for file in huge.npy huge.idx huge.mtx; do
  (ulimit -v 2000000 && expect 2 "$file" train "$file" "${tiny[@]}" --out x.st)
done
printf 'a,b\n1,0\n1\n' >ragged.csv
expect 2 'ragged.csv:3' train ragged.csv "${tiny[@]}" --out x.st
printf 'a,b\n' >empty.csv
expect 2 'empty.csv' train empty.csv "${tiny[@]}" --out x.st
: >nothing.csv
expect 2 'nothing.csv' train nothing.csv "${tiny[@]}" --out x.st
printf '1 1:0.5 2:1\n1 2:x\n' >bad.svm
expect 2 'bad.svm:2' train bad.svm "${tiny[@]}" --out x.st
mkdir folder && printf 'no image' >folder/a.png
expect 2 'a.png' train folder "${tiny[@]}" --out x.st

printf '1 1:2 3:1\n' >alone.svm
expect 2 'one case, so none can be held out' train alone.svm "${tiny[@]}" --held_out 1 --out x.st

# NaN, infinity, empty cells; the error tells how to say that they are missing.
printf 'a,b,c\n1,0,1\n0,,1\n1,1,0\n0,1,0\n' >holes.csv
expect 2 'holes.csv:3.*missing' train holes.csv "${tiny[@]}" --out x.st
works train holes.csv "${tiny[@]}" --missing unknown --out holes.st
works train holes.csv "${tiny[@]}" --missing absent --out absent.st
printf 'a,b\n0.5,1.25\nnan,2.5\n1.5,3\n0.1,2.2\n' >nan.csv
expect 2 'nan.csv:3.*missing' train nan.csv "${tiny[@]}" --out x.st
printf 'a,b\n0.5,1.25\ninf,2.5\n1.5,3\n0.1,2.2\n' >inf.csv
expect 2 'inf.csv:3' train inf.csv "${tiny[@]}" --out x.st
expect 2 'inf.csv:3' train inf.csv "${tiny[@]}" --missing unknown --out x.st

# Values outside a kind's range.
columns() {
  printf '[data]\ntrain = "%s"\n[model]\nlayers = "data - 3"\n[train]\nepochs = 1\n[data.columns]\n%s\n' "$1" "$2" >columns.toml
}
printf 'x,y\n1.5,1\n0,0\n' >range.csv
columns range.csv $'x = { kind = "bernoulli" }\ny = { kind = "bernoulli" }'
expect 2 'range.csv:2.*1.5 is not between 0 and 1' run columns.toml --out x
printf 'x,y\n1,-2\n0,0\n' >range.csv
columns range.csv $'x = { kind = "bernoulli" }\ny = { kind = "poisson" }'
expect 2 'range.csv:2.*-2' run columns.toml --out x
printf 'x,y\n1,red\n0,pink\n' >range.csv
columns range.csv $'x = { kind = "bernoulli" }\ny = { kind = "softmax", categories = ["red", "blue"] }'
expect 2 'range.csv:3.*pink' run columns.toml --out x

# Data that do not fit the model.
printf 'a,b\n0.5,-1.25\n-2,2.5\n1.5,3\n' >real.csv
for visible in 2 "rectified 2" "softmax 2" "binomial(2) 2" "stepped(2) 2" "multinomial 2" "poisson 2"; do
  expect 2 'do not fit the visible layer.*in case 0 .*"gaussian 2"' train real.csv --layers "$visible - 3" --epochs 1 --out x.st
done
works train real.csv --layers "gaussian(learned) 2 - 3" --epochs 1 --quiet --out real.st
expect 2 '784 columns.*9' encode good.st mnist --limit 3 --out x.npy
expect 2 '9' encode good.st bars-and-stripes:4 --out x.npy

# Recipes.
printf '[train]\nraet = 0.1\n' >typo.toml
expect 2 'typo.toml:2:.*unknown key train.raet.*train.rate' run typo.toml --out x
printf '[train]\nrate = "fast"\n' >type.toml
expect 2 'type.toml:2:.*train.rate must be a number' run type.toml --out x
printf '[train\n' >broken.toml
expect 2 'broken.toml:1' run broken.toml --out x
printf '[train]\nnegative = "pdc"\n' >word.toml
expect 2 'word.toml:2:.*did you mean .pcd' run word.toml --out x
expect 2 'nothere.toml' run nothere.toml --out x
printf '[data]\ntrain = "bars-and-stripes:3"\n[model]\nlayers = "data - 3"\n[train]\nepochs = 1\n' >fine.toml
expect 2 'KEY=VALUE' run fine.toml --set nonsense --out x
expect 2 'unknown key nonsense' run fine.toml --set nonsense=1 --out x
expect 2 'train.batch' run fine.toml --set train.batch=0 --out x
expect 2 'train.momentum' run fine.toml --set train.momentum=1.5 --out x
expect 2 'layer' run fine.toml --set layer.2.epochs=3 --out x
expect 2 'bernuli.*bernoulli' run fine.toml --set 'model.layers=data - bernuli 3' --out x
expect 2 'tied' train bars-and-stripes:3 --layers "data - 4 - 4" --start tied --epochs 1 --quiet --out x.st
expect 2 '2\^20|summed' train mnist --limit 50 --layers "data - 100" --negative exact --epochs 1 --quiet --out x.st

expect 2 'must ascend' run fine.toml --set 'report.fantasy_steps=[10, 1]' --out x
# What a model cannot have is refused before it learns.
expect 2 '2\^20' run fine.toml --set 'model.layers=data - 21 - 3' --set measure.likelihood=exact --out x
expect 2 'report.image_shape' run fine.toml --set 'report.image_shape=[2, 2]' --out x
expect 2 'binarise' run fine.toml --set data.train=mnist --set data.limit=50 --set measure.likelihood=exact --out x

# A finished run is resumed as itself, not as another one.
works run fine.toml --quiet --out finished
works run fine.toml --quiet --out finished --resume --set 'title=Shown again'
expect 2 'train.epochs = 1 and not 2' run fine.toml --quiet --out finished --resume --set train.epochs=2
works train bars-and-stripes:3 "${tiny[@]}" --out good.st --resume
expect 2 'seed = 1 and not 2' train bars-and-stripes:3 "${tiny[@]}" --out good.st --resume --seed 2

# Model files.
expect 2 'nomodel.st' inspect nomodel.st
expect 2 'good.npy' inspect good.npy
size=$(stat -c %s good.st)
for keep in 0 7 8 100 $((size / 2)) $((size - 1)); do
  head -c "$keep" good.st >cut.st
  expect 2 'cut.st' inspect cut.st
done
sed 's/\\"format_version\\":1/\\"format_version\\":9/' good.st >newer.st
expect 2 'newer.st.*format version 9' inspect newer.st
sed 's/\\"layers\\":\\"9-3\\"/\\"layers\\":\\"9-4\\"/' good.st >shapes.st
expect 2 'shapes.st' inspect shapes.st
printf '\xff\xff\xff\xff\xff\x00\x00\x00{}' >claims.st
(ulimit -v 2000000 && expect 2 'claims.st' inspect claims.st)
expect 2 'folder' inspect folder

# Questions that have no answer.
expect 2 'no label units' sample good.st --label 1 --out x.png
expect 2 'layer' encode good.st bars-and-stripes:3 --layer 5 --out x.npy
expect 2 'npy' encode good.st bars-and-stripes:3 --out x.txt
works train mnist --limit 60 --layers "data - 30" --epochs 1 --binarise sample --quiet --out wide.st
expect 2 '2\^25|25 binary' evaluate wide.st mnist --cases 10 --likelihood exact
works train mnist --limit 60 --layers "data - 5" --epochs 1 --quiet --out grey.st
expect 2 'binarise' evaluate grey.st mnist --cases 10 --likelihood exact
works train bars-and-stripes:3 --layers "data - rectified 4" --epochs 1 --quiet --out rectified.st
expect 2 'no energy' evaluate rectified.st bars-and-stripes:3 --likelihood exact

works train bars-and-stripes:3 --layers "data - 3 - 3" --epochs 1 --quiet --out stack.st
works evaluate stack.st bars-and-stripes:3 --likelihood exact
works train bars-and-stripes:3 --layers "data - rectified 3 - 3" --epochs 1 --quiet --out stack2.st
expect 2 'no energy' evaluate stack2.st bars-and-stripes:3 --likelihood annealed
expect 2 'deep belief net' evaluate stack.st bars-and-stripes:3 --pseudo

# Usage.
expect 2 'rate needs a value.*harmonium train --help' train bars-and-stripes:3 --out x.st --rate
expect 2 'PATH is required.*harmonium data describe --help' data describe
expect 2 'frobnicate' frobnicate
expect 2 'frob' inspect good.st --frob
expect 2 'threads' inspect good.st --threads -1
expect 2 'f17' inspect good.st --precision f17
expect 2 'is there already' train bars-and-stripes:3 "${tiny[@]}" --out good.st
expect 2 'start' sample good.st --start somewhere --out x.png

# The world fails: no such folder, a folder that is a file, a full disk.
expect 1 'nofolder' train bars-and-stripes:3 "${tiny[@]}" --out nofolder/x.st
expect 1 'good.csv' run fine.toml --out good.csv/x
expect 1 'nofolder' encode good.st bars-and-stripes:3 --out nofolder/x.npy
seq -s, 1 3000 | sed 'p; s/[0-9]*/1/g' >broad.csv
for command in "inspect good.st" "data describe broad.csv"; do
  got=0
  "$program" $command >/dev/full 2>err.txt || got=$?
  [[ $got == 1 ]] || fail "a full disk behind standard output ends with $got: $command"
done
# A reader that has seen enough is no fault.
set +o pipefail
got=$("$program" data describe broad.csv 2>err.txt | head -n 1 >/dev/null; echo "${PIPESTATUS[0]}")
set -o pipefail
[[ $got == 0 ]] || fail "a closed pipe ends with $got: $(cat err.txt)"
if [[ $(id -u) == 0 ]] && mkdir small && mount -t tmpfs -o size=64k tmpfs small 2>/dev/null; then
  trap 'umount "$place/small"; rm -rf "$place"' EXIT
  got=0
  "$program" train mnist --limit 100 --layers "data - 100" --epochs 1 --quiet --out small/x.st >/dev/null 2>err.txt || got=$?
  [[ $got == 1 ]] || fail "a full disk ends with $got: $(cat err.txt)"
  grep -q 'small/x.st' err.txt || fail "a full disk is not named: $(cat err.txt)"
  [[ $(find small -type f -size +0 | wc -l) == 0 ]] || fail "a full disk leaves $(ls -A small)"
fi

# Odd sizes that are fine: one case, one unit, a batch larger than the data, no epochs.
printf 'a\n1\n' >one.csv
columns one.csv 'a = { kind = "bernoulli" }'
works run columns.toml --set 'model.layers=data - 1' --out one
works train bars-and-stripes:3 --layers "data - 1" --batch 1000 --epochs 2 --quiet --out batch.st
works train bars-and-stripes:3 --layers "data - 2 - 1" --epochs 0 --quiet --out untrained.st

for leftover in x.st x.npy x.png x.txt x; do [[ ! -e $leftover ]] || fail "left behind: $leftover"; done
nothing_left
echo "every wrong input got its sentence"
