#!/usr/bin/env bash
# Tables of mixed columns with missing cells, from describing to encoding, and the other formats beside them: whatever
# the format, the same cases are the same data.
source "$(dirname "$0")/lib.sh"

# --- A table: yes/no, categories, counts, real values with gaps, names, a class.
header='smoker,colour,visits,weight,patient,ill'
for i in $(seq 1 80); do
  colour=$([[ $((i % 3)) == 0 ]] && echo red || echo '"sky, blue"')
  weight=$([[ $((i % 11)) == 0 ]] || echo "$((60 + i % 17)).5")
  echo "$((i % 2)),$colour,$((i * i % 5)),$weight,p$i,$([[ $((i % 4)) == 0 ]] && echo yes || echo no)"
done >rows.csv
{ echo "$header"; cat rows.csv; } >patients.csv
json data describe patients.csv
has '"cases": 80'
works data describe patients.csv --out columns.toml
has '^\[data.columns\]' columns.toml
for column in smoker colour visits weight patient ill; do has "^$column = " columns.toml; done
has '^patient = .*ignore' columns.toml
# The edit: counts that are Poisson, gaps that are sampled, a class.
sed -i -E '/^(smoker|colour|visits|weight|ill) = /d' columns.toml
cat >>columns.toml <<'TOML'
smoker = { kind = "bernoulli" }
colour = { kind = "softmax", categories = ["red", "sky, blue"] }
visits = { kind = "poisson" }
weight = { kind = "gaussian", standardise = true, missing = "unknown" }
ill = { role = "label" }
TOML
{
  printf '[data]\ntrain = "patients.csv"\nheld_out = 10\n[model]\nlayers = "data - 6"\n'
  printf '[train]\nepochs = 4\nrate = 0.01\nmeasure_every = 2\n'
  cat columns.toml
} >patients.toml
json run patients.toml --out run --quiet
has '"finished": true'
works run patients.toml --out run --quiet --resume
model=run/model.safetensors
json inspect $model
has 'poisson'
has 'softmax 2'

# --- New raw files by the model's own schema: without the class, without what is ignored, in another order.
works encode $model patients.csv --out codes.csv
[[ $(wc -l <codes.csv) == 81 && $(head -n 1 codes.csv) == code0,code1,code2,code3,code4,code5 ]] ||
  fail "codes: $(head -n 2 codes.csv)"
sed -E 's/,(ill|yes|no)$//' patients.csv >unlabelled.csv
sed -E 's/,(patient|p[0-9]+),(ill|yes|no)$//' patients.csv >bare.csv
{ echo 'weight,smoker,colour,visits'; sed -E 's/^(.*),([^,]*),p[0-9]+,.*$/\2,\1/' rows.csv; } >moved.csv
for table in unlabelled bare moved; do
  works encode $model $table.csv --out $table-codes.csv
  cmp codes.csv $table-codes.csv || fail "$table.csv has other codes than patients.csv"
done
works reconstruct $model unlabelled.csv --out back.npy
works evaluate $model unlabelled.csv --likelihood none
# One new case alone is standardised by the statistics of training, not by its own.
head -n 2 bare.csv >one.csv
works encode $model one.csv --out one-codes.csv
cmp <(head -n 2 codes.csv) one-codes.csv || fail "a case alone has other codes than among others"
# What the schema does not allow is refused by line and column.
sed '2s/"sky, blue"/green/' bare.csv >green.csv
expect 2 'green.csv:2.*green' encode $model green.csv --out x.csv
sed -E '3s/,([0-4]),/,-\1,/' bare.csv >count.csv
expect 2 'count.csv:3.*-4' encode $model count.csv --out x.csv
sed '1s/colour/color/' bare.csv >renamed.csv
expect 2 "renamed.csv has no column \"colour\".*did you mean 'color'" encode $model renamed.csv --out x.csv

# --- The same cases in every format have the same codes.
works train mnist --limit 60 --layers "data - 12" --epochs 1 --quiet --out digits.st
works encode digits.st mnist --limit 30 --out want.npy
for ending in npy idx idx.gz; do
  works data convert mnist --limit 30 --out digits.$ending
  works encode digits.st digits.$ending --out got.npy
  cmp want.npy got.npy || fail "digits.$ending has other codes than mnist itself"
done
json data convert mnist --limit 5 --out five.npy
has '"cases": 5'
# Counts of words, as svmlight and as Matrix Market.
printf '1 1:2 3:1\n0 2:4\n1 1:1 2:1 3:1\n' >words.svm
printf '%%%%MatrixMarket matrix coordinate integer general\n3 3 6\n1 1 2\n1 3 1\n2 2 4\n3 1 1\n3 2 1\n3 3 1\n' >words.mtx
works train words.svm --layers "data - 4" --epochs 2 --quiet --out words.st
json inspect words.st
has 'multinomial'
for ending in svm mtx; do works encode words.st words.$ending --out $ending.npy; done
cmp svm.npy mtx.npy || fail "svmlight and Matrix Market have other codes"

# --- NaN, infinity and values that a kind cannot have, in arrays.
floats() { # FILE BYTES: 3 x 2 of f4
  printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }" >"$1"
  printf "$2" >>"$1"
}
one='\x00\x00\x80\x3f' half='\x00\x00\x00\x3f' nan='\x00\x00\xc0\x7f' inf='\x00\x00\x80\x7f' more='\x00\x00\xc0\x3f'
tiny=(--layers "data - 2" --epochs 1 --quiet)
floats fine.npy "$one$half$half$one$one$half"
floats nan.npy "$one$half$nan$one$one$half"
floats inf.npy "$one$half$inf$one$one$half"
floats more.npy "$one$half$more$one$one$half"
works train fine.npy "${tiny[@]}" --out fine.st
expect 2 'nan.npy.*missing = "unknown"' train nan.npy "${tiny[@]}" --out x.st
works train nan.npy "${tiny[@]}" --missing unknown --out unknown.st
works train nan.npy "${tiny[@]}" --missing absent --out absent.st
works encode unknown.st nan.npy --out unknown-codes.csv
if grep -qi nan unknown-codes.csv; then fail "a missing value makes a code that is no number"; fi
works reconstruct absent.st nan.npy --out absent-back.csv
expect 2 'nan.npy' encode fine.st nan.npy --out x.csv
for missing in refuse unknown absent; do
  expect 2 'inf.npy' train inf.npy "${tiny[@]}" --missing $missing --out x.st
done
expect 2 'more.npy.*1.5' encode fine.st more.npy --out x.csv

for leftover in x.*; do [[ ! -e $leftover ]] || fail "left behind: $leftover"; done
nothing_left
echo "tables and arrays go in and come out"
