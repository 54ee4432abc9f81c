#!/usr/bin/env bash
# Each command on small data, as people use them.
source "$(dirname "$0")/lib.sh"

# Help.
works --help
has 'Examples'
for command in run train sample reconstruct impute encode evaluate inspect data; do
  works $command --help
  has 'Example'
done
for command in list describe convert; do
  works data $command --help
  has 'Example'
done
works --version
has '^[0-9]+\.[0-9]+\.[0-9]+'

# train, with labels; progress and warnings never on standard output.
works train mnist --limit 300 --layers "data - 30 - 30 + softmax 10 - 40" --epochs 3 --held_out 50 --out net.st
has 'net.st'
has '300 cases' err.txt
works train mnist --limit 300 --layers "data - 30" --epochs 1 --quiet --out quiet.st
[[ ! -s err.txt ]] || fail "--quiet is not quiet: $(cat err.txt)"
json train mnist --limit 100 --layers "data - 8" --epochs 1 --binarise sample --quiet --out small.st
has '"last_measures"'

# sample.
works sample net.st -n 12 --steps 5 --out dreams.png
[[ $(head -c 4 dreams.png | tail -c 3) == PNG ]] || fail "no PNG"
works sample net.st -n 4 --steps 5 --label 3 --out dreams.npy --seed 5
works sample net.st -n 4 --steps 5 --label 3 --out again.npy --seed 5 --threads 1
cmp dreams.npy again.npy || fail "the same seed gives other fantasies"
json sample net.st -n 4 --steps 2 --start data --out from-data.png
has '"fantasies": 4'
works data convert mnist --limit 3 --out three-cases.npy
works sample net.st -n 5 --steps 1 --start data --data three-cases.npy --out few.npy
[[ $(grep -c 'only 3 fantasies' err.txt) == 1 ]] || fail "not one warning of too few cases: $(cat err.txt)"

# reconstruct, encode, evaluate, inspect.
works reconstruct net.st mnist --part test --limit 20 --out back.png
works reconstruct net.st mnist --part test --limit 20 --layer 1 --out back.csv
[[ $(wc -l <back.csv) == 21 ]] || fail "back.csv has $(wc -l <back.csv) lines"
works encode net.st mnist --part test --limit 20 --layer 2 --out codes.csv
[[ $(head -n 1 codes.csv | tr ',' '\n' | wc -l) == 30 ]] || fail "codes of layer 2 have another width"
json encode net.st mnist --limit 5 --out codes.npy
has '"columns": 40'
json evaluate small.st mnist --part test --cases 50 --pseudo
has '"log_likelihood"'
has '"pseudo_log_likelihood"'
has 'exact'
works evaluate small.st mnist --cases 50 --likelihood annealed --temperatures 200 --runs 20
has 'annealed'
has '^log_likelihood_raise'
has '^log_likelihood_bracket'
has '^free_energy'
works train bars-and-stripes:4 --layers "data - 30" --epochs 1 --out small.st --force
has "^layer 1  epoch 1  " err.txt  # however short the run
works train bars-and-stripes:4 --layers "data - 30 - 40" --epochs 2 --quiet --out deep.st
works evaluate deep.st bars-and-stripes:4 --likelihood annealed --temperatures 200 --runs 20 --net-samples 50
has '^log_probability_bound'
has '^bound_gain'
works evaluate deep.st bars-and-stripes:4
! grep -q '^log_probability' out.txt || fail 'a likelihood that takes long was not asked for'
works inspect net.st --features features.png --layer 2
has 'deep belief net'
json inspect net.st
has '"label_units": 10'
json inspect --machine
has '"products_library": "(oneDNN|OpenBLAS)'
has '"precision": "f32"'
works inspect --machine
has '^processors +[1-9][0-9]* '
has '^ +products of training in f32: own kernels'
HARMONIUM_ISA=scalar works inspect --machine
has '^vectors .*capped by HARMONIUM_ISA=scalar'
has '^ +products of training in bf16: none'
! grep -qE '^vectors +(AVX|SSE)[0-9]' out.txt || fail "HARMONIUM_ISA=scalar is not obeyed: $(cat out.txt)"
HARMONIUM_ISA=mmx expect 2 'HARMONIUM_ISA.*must be scalar' inspect --machine

# data.
works data list
has '^mnist'
json data list
works data describe mnist
has '\[data.columns\]'
works data convert mnist --part test --limit 30 --out digits.npy
works encode quiet.st digits.npy --out from-npy.csv
works encode quiet.st mnist --part test --limit 30 --out from-idx.csv
cmp from-npy.csv from-idx.csv || fail "the same digits from .npy and IDX have other codes"

# A table with mixed columns: describe, give the columns back in a recipe, train, use the model on a new raw file
# without labels.
{
  echo 'smoker,colour,visits,weight,ill'
  for i in $(seq 1 80); do
    colour=$([[ $((i % 3)) == 0 ]] && echo red || echo blue)
    weight=$([[ $((i % 11)) == 0 ]] || echo "$((60 + i % 17)).5")
    echo "$((i % 2)),$colour,$((i * i % 5)),$weight,$([[ $((i % 4)) == 0 ]] && echo yes || echo no)"
  done
} >patients.csv
works data describe patients.csv --out columns.toml
has 'data.columns' columns.toml
{
  echo '[data]'
  echo 'train = "patients.csv"'
  echo 'label_column = "ill"'
  echo '[model]'
  echo 'layers = "data - 6"'
  echo '[train]'
  echo 'epochs = 4'
  echo 'rate = 0.01'
  cat columns.toml
} >patients.toml
works run patients.toml --out patients
has 'report.html'
[[ -s patients/report.html && -s patients/model.safetensors && -s patients/metrics.json && -s patients/history.jsonl ]] ||
  fail "a run leaves $(ls patients)"
cut -d, -f1-4 patients.csv >new.csv
works encode patients/model.safetensors new.csv --out new-codes.csv
[[ $(wc -l <new-codes.csv) == 81 ]] || fail "codes of a new table: $(wc -l <new-codes.csv) lines"
expect 2 'new' run patients.toml --out patients --set data.train=nosuchnew.csv --force

# svmlight, word counts, and a folder of images.
printf '1 1:2 3:1\n0 2:4\n1 1:1 2:1 3:1\n' >words.svm
works train words.svm --layers "data - 4" --epochs 2 --quiet --out words.st
json inspect words.st
has 'multinomial'

# A recipe with variants and seeds compares them.
cat >sweep.toml <<'TOML'
name = "sweep"
[data]
train = "bars-and-stripes:3"
[model]
layers = "data - 4"
[train]
epochs = 20
measure_every = 10
[measure]
kl = true
[sweep]
seeds = [1, 2]
[[variant]]
name = "one"
train.steps = 1
[[variant]]
name = "five"
train.steps = 5
TOML
json run sweep.toml --out sweep --quiet
has 'worst of 2'
[[ -s sweep/report.html && -s sweep/one-1/model.safetensors && -s sweep/five-2/model.safetensors ]] || fail "a sweep leaves $(ls sweep)"
works run sweep.toml --out sweep --resume --quiet
has 'median -'
! grep -q $'\xe2\x88\x92' out.txt || fail "a terminal shows a minus sign that nobody types"
# A finished run is not trained over by accident.
expect 2 'is there already' run sweep.toml --out sweep --quiet
nothing_left
echo "every command works"
