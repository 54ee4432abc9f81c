#!/usr/bin/env bash
# The recipes of the tutorial's arguments, by the program: what each must show, and the same bytes for any number of threads.
recipes=$(realpath "$(dirname "$0")/../../recipes")
source "$(dirname "$0")/lib.sh"

# measure FOLDER NAME: a value of metrics.json.
measure() {
  local value
  value=$(awk -v name="\"$2\":" '$1 == name { found = 1 } found && $1 == "\"value\":" { gsub(",", "", $2); print $2; exit }' \
    "$1/metrics.json")
  [[ -n $value ]] || fail "no measure $2 in $1/metrics.json"
  echo "$value"
}
# holds CONDITION-OF-awk VALUES...: the values are a, b, c in it.
holds() {
  local condition=$1
  shift
  awk -v a="$1" -v b="${2:-0}" -v c="${3:-0}" "BEGIN { exit !($condition) }" || fail "not $condition: $*"
}
# idea RECIPE SETTINGS...: runs it on 1 and on 2 threads into one place each.
idea() {
  local name
  name=$(basename "$1" .toml)
  local settings=()
  for setting in "${@:2}"; do settings+=(--set "idea.$setting"); done
  works run "$recipes/$1" "${settings[@]}" --quiet --out "$name" --threads 1
  works run "$recipes/$1" "${settings[@]}" --quiet --out two --threads 2
  for file in "$name"/*; do
    cmp -s <(grep -av -- '--threads' "$file") <(grep -av -- '--threads' "two/$(basename "$file")") ||
      fail "$file differs between 1 and 2 threads"
  done
  rm -r two
  has '<svg' "$name/report.html"
  grep -qE '(src|href)="(http|/)' "$name/report.html" && fail "the report of $name fetches something"
  return 0
}

idea explaining-away.toml samples=100000 chains=4
holds 'a > 4.5395807735e-5 && a < 4.5395807737e-5' "$(measure explaining-away posterior_neither)"
holds 'a > 0.69 && a < 0.694' "$(measure explaining-away kl_variational)"
holds 'a < b' "$(measure explaining-away kl_independent_samples)" "$(measure explaining-away kl_gibbs)"

idea ideas/belief-net.toml updates=4000 runs=2
holds 'a < b && b < c' "$(measure belief-net kl_posterior_samples)" "$(measure belief-net kl_wake_sleep)" \
  "$(measure belief-net kl_at_start)"

idea ideas/combinations.toml parts=6 starts=2 steps=600
holds 'a < b && c < b' "$(measure combinations kl_product)" "$(measure combinations kl_mixture)" \
  "$(measure combinations kl_composition)"
holds 'a < b && b <= c' "$(measure combinations entropy_product)" "$(measure combinations entropy_part)" \
  "$(measure combinations entropy_mixture)"

idea ideas/directed-greedy.toml steps=500 runs=1 most_units=0
holds 'a < b' "$(measure directed-greedy kl_two_layers_undirected)" "$(measure directed-greedy kl_two_layers_directed)"
holds 'a < b' "$(measure directed-greedy kl_two_layers_undirected)" "$(measure directed-greedy kl_one_layer_undirected)"

idea ideas/tied-net.toml depth=30 looks=5
holds 'a < 1e-14' "$(measure tied-net largest_difference_from_gibbs)"
holds 'a < b' "$(measure tied-net kl_at_full_depth)" "$(measure tied-net kl_at_depth_1)"
holds 'a > b' "$(measure tied-net least_cosine_with_neglected_term)" "$(measure tied-net least_cosine_without_neglected_term)"

idea ideas/mixing.toml gibbs_steps=4000
holds 'a > 2 * b' "$(measure mixing changes_learning_on)" "$(measure mixing changes_learning_off)"
holds 'a > 2 * b' "$(measure mixing changes_fast_weights)" "$(measure mixing changes_learning_off)"

# Strict keys, and nothing is overwritten.
expect 2 "did you mean 'chains'" run "$recipes/explaining-away.toml" --set idea.chain=3 --out other
expect 2 "did you mean 'mixing'" run "$recipes/explaining-away.toml" --set idea.name=mixng --out other
expect 2 'train.epochs belongs to recipes that learn from data' run "$recipes/explaining-away.toml" --set train.epochs=3 --out other
expect 2 'is there already' run "$recipes/explaining-away.toml" --out explaining-away
[[ ! -e other ]] || fail "a refused run leaves a folder"
nothing_left
echo "six ideas, exact, and the same for any number of threads"
