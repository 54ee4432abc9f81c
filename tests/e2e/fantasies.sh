#!/usr/bin/env bash
# Fantasies: labels, chains that go on, exchanges along the training run, movies, imputation.
source "$(dirname "$0")/lib.sh"

options=(train mnist --limit 300 --layers "data - 20 - 20 + softmax 10 - 30" --epochs 4 --batch 30 --snapshots 8 --rate 0.1
  --quiet)
works "${options[@]}" --out net.st
[[ -s net.st.snapshots.safetensors ]] || fail "training keeps no snapshots"

# Snapshots are the same bytes for any number of threads, and after a run that was killed.
works "${options[@]}" --out three.st --threads 3
cmp net.st.snapshots.safetensors three.st.snapshots.safetensors || fail "3 threads keep other snapshots"
cp net.st whole.st
cp net.st.history.jsonl whole.st.history.jsonl
long=("${options[@]}" --limit 1500 --epochs 30 --checkpoint_minutes 0.0004)
works "${long[@]}" --out whole.st --force
RANDOM=7
killed_and_resumed 20 30 "${long[@]}"
cmp whole.st.snapshots.safetensors killed.st.snapshots.safetensors || fail "a killed run keeps other snapshots"
rm -f whole.st* killed.st* three.st*
# Snapshots of up-down learning come after those of greedy learning, or alone.
joint=("${options[@]}" --joint.epochs 3 --joint.batch 30 --joint.rate 0.02 --joint.snapshots 6)
works "${joint[@]}" --out joint.st
cmp net.st.snapshots.safetensors joint.st.snapshots.safetensors >/dev/null 2>&1 && fail "up-down learning keeps no snapshots"
works "${joint[@]}" --out three.st --threads 3
cmp joint.st.snapshots.safetensors three.st.snapshots.safetensors || fail "3 threads keep other snapshots of up-down learning"
works sample joint.st --mix trajectory --label 3 -n 2 --steps 5 --out fantasies.npy
has 'exchanges accepted: '
works "${joint[@]}" --snapshots 0 --out alone.st
works sample alone.st --mix trajectory -n 2 --steps 5 --out fantasies.npy
smaller=$(stat -c %s alone.st.snapshots.safetensors) larger=$(stat -c %s joint.st.snapshots.safetensors)
((smaller < larger)) || fail "without those of greedy learning the snapshots are not fewer"
long=("${joint[@]}" --limit 900 --joint.epochs 25 --joint.snapshots 12 --checkpoint_minutes 0.0004)
works "${long[@]}" --out whole.st
killed_and_resumed 20 30 "${long[@]}"
cmp whole.st.snapshots.safetensors killed.st.snapshots.safetensors || fail "a killed run keeps other snapshots of up-down learning"
rm -f joint.st* alone.st* whole.st* killed.st* three.st* fantasies.npy
# What is trained anew without snapshots does not keep the old ones.
cp net.st other.st
cp net.st.snapshots.safetensors other.st.snapshots.safetensors
works train mnist --limit 100 --layers "data - 8" --epochs 1 --quiet --out other.st --force
[[ ! -e other.st.snapshots.safetensors ]] || fail "snapshots of a model that is gone are left"
# One that is begun anew and fails before its first checkpoint leaves the earlier run as it was.
cp net.st anew.st
cp net.st.snapshots.safetensors anew.st.snapshots.safetensors
expect 1 'finite' train mnist --limit 100 --layers "data - 8" --epochs 20 --batch 10 --quiet --out anew.st --force --rate 1e38
works sample anew.st --mix trajectory -n 3 --steps 4 --out classes.npy

# All labels at once: a row a class.
works sample net.st --label all -n 3 --steps 4 --out classes.png
works sample net.st --label all -n 3 --steps 4 --out classes.npy --labels-out labels.csv --hidden-out hidden.csv
[[ $(wc -l <labels.csv) == 31 && $(wc -l <hidden.csv) == 31 ]] || fail "30 chains have $(wc -l <labels.csv) lines"
[[ $(tail -n 1 labels.csv) == 0,0,0,0,0,0,0,0,0,1 ]] || fail "the last chain is not held at 9: $(tail -n 1 labels.csv)"
[[ $(sed -n 2p labels.csv) == 1,0,0,0,0,0,0,0,0,0 ]] || fail "the first chain is not held at 0"

# Chains go on bit for bit, however they mix, with their labels.
for mix in gibbs tempering trajectory; do
  works sample net.st --mix $mix --temperatures 4 --label all -n 2 --steps 33 --seed 4 --out whole.npy
  [[ $mix == gibbs ]] || has 'exchanges accepted: '
  works sample net.st --mix $mix --temperatures 4 --label all -n 2 --steps 20 --seed 4 --out part.npy --save-state state.st
  works sample net.st --start-state state.st --steps 13 --out rest.npy --threads 1
  cmp whole.npy rest.npy || fail "$mix: a chain put aside goes on otherwise"
  json sample net.st --start-state state.st --steps 1 --out rest.npy
  has "\"mix\": \"$mix\""
done
expect 2 'no chains' sample net.st --start-state net.st
expect 2 'leave out --count' sample net.st --start-state state.st -n 5
expect 2 'of an RBM' sample other.st --start-state state.st --snapshots net.st.snapshots.safetensors
expect 2 'snapshots' sample other.st --mix trajectory
expect 2 'same training run' sample other.st --mix trajectory --snapshots net.st.snapshots.safetensors
expect 2 'label units' sample other.st --label all
expect 2 'label units' sample other.st --labels-out labels.csv

# Drift from data, probabilities and samples.
works sample net.st --start data -n 4 --looks 0,1,10 --out drift.png
works sample net.st --start data -n 4 --looks 0,1,10 --out drift.csv --samples
[[ $(wc -l <drift.csv) == 13 ]] || fail "three looks at four chains have $(wc -l <drift.csv) lines"
tail -n +2 drift.csv | grep -qE '0\.[0-9]' && fail "samples of binary pixels are not 0 or 1"
expect 2 'must ascend' sample net.st --looks 10,1

# Movies.
works sample net.st --label all -n 1 --steps 12 --every 4 --movie all.gif
[[ $(head -c 6 all.gif) == GIF89a && $(head -c 4 all.png | tail -c 3) == PNG ]] || fail "no movie"
works sample net.st --label 3 --steps 6 --every 2 --movie one.gif --fps 4 --mix trajectory
works sample net.st --label 3 --steps 6 --every 2 --movie again.gif --fps 4 --mix trajectory --threads 1
cmp one.gif again.gif || fail "the same chain gives another movie"
expect 2 'ends in .gif' sample net.st --movie one.mp4
expect 2 'belongs to --movie' sample net.st --every 3

# Imputation, of images and of a table.
works impute net.st mnist --part test --limit 6 --known rows=0:14 --steps 12 --completions 2 --out halves.png
works impute net.st mnist --part test --limit 6 --known rows=0:14,columns=0:3 --steps 12 --burn-in 2 --out halves.csv
works impute net.st mnist --part test --limit 6 --known units=0:392 --steps 12 --completions 3 --out thirds.csv
[[ $(wc -l <halves.csv) == 7 && $(wc -l <thirds.csv) == 19 ]] || fail "completions have other numbers of rows"
expect 2 'no missing value' impute net.st mnist --limit 3 --out none.csv
expect 2 'within 0:28' impute net.st mnist --limit 3 --known rows=0:29 --out none.csv
expect 2 'more steps' impute net.st mnist --limit 3 --known rows=0:2 --steps 5 --out none.csv
printf 'a,b,c\n' >table.csv
for i in $(seq 1 60); do echo "$((i % 2)),$((i % 2)),$((i % 3 == 0))" >>table.csv; done
works train table.csv --layers "data - 4" --epochs 400 --batch 10 --rate 0.2 --initial_deviation 0.1 --measure_every 100 --quiet --out table.st
printf 'a,b,c\n1,,0\n0,,0\n' >holes.csv
works impute table.st holes.csv --out filled.csv
awk -F, 'NR == 2 && ($1 != 1 || $2 < 0.8) { exit 1 } NR == 3 && ($1 != 0 || $2 > 0.2) { exit 1 }' filled.csv ||
  fail "b is a, but is filled in as $(cat filled.csv)"

# A report of a run shows the classes, the drift and the movie.
cat >small.toml <<'TOML'
name = "small"
[data]
train = "mnist"
limit = 200
[model]
layers = "data - 10 + softmax 10 - 20"
[train]
epochs = 1
[measure]
likelihood = "none"
[report]
fantasy_steps = [0, 2, 20]
fantasies_per_class = 4
movie = true
TOML
works run small.toml --out small --quiet
for file in fantasies.png fantasies-steps.png fantasies-drift.png fantasies-classes.png fantasies-movie.png \
  fantasies-movie.gif; do
  [[ -s small/$file ]] || fail "a run leaves no $file: $(ls small)"
done
has 'Told a class' small/report.html
# A table with categories, numbers and holes comes back in its own words.
{
  echo 'smoker,colour,weight'
  for i in $(seq 1 90); do
    echo "$([[ $((i % 3)) == 0 ]] && echo yes || echo no),$([[ $((i % 3)) == 0 ]] && echo red || echo blue),$((60 + 20 * (i % 3 == 0)))"
  done
} >people.csv
works train people.csv --layers "data - 6" --epochs 600 --batch 10 --rate 0.02 --measure_every 200 --quiet --out people.st
printf 'smoker,colour,weight\n,red,80\nno,,60\nyes,red,\n' >people-holes.csv
works impute people.st people-holes.csv --steps 1000 --out people-filled.csv
[[ $(head -n 1 people-filled.csv) == smoker,colour,weight ]] || fail "another header: $(head -n 1 people-filled.csv)"
[[ $(sed -n 2p people-filled.csv) == yes,red,80 && $(sed -n 3p people-filled.csv) == no,blue,60 ]] ||
  fail "filled in as $(cat people-filled.csv)"
awk -F, 'NR == 4 && ($3 < 72 || $3 > 88) { exit 1 }' people-filled.csv || fail "a weight as $(cat people-filled.csv)"
nothing_left
echo "fantasies with labels, exchanges, movies and imputation"
