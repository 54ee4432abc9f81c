#!/usr/bin/env bash
# `run --keys`: docs/recipes.md has the same table, and what the table says of values is what the program takes.
page=$(realpath "$(dirname "$0")/../../docs/recipes.md")
source "$(dirname "$0")/lib.sh"

works run --keys
cp out.txt keys.md
sed -n '/^<!-- keys -->$/,/^<!-- end of keys -->$/p' "$page" | sed '1d;$d' >page.md
diff page.md keys.md >difference.txt ||
  fail "docs/recipes.md differs from harmonium run --keys, which belongs between its marks: $(head -n 5 difference.txt)"
json run --keys
has '"key": "measure.mixing.steps"'
has '"default": "0.1"'
expect 2 'RECIPE is required' run
expect 2 "unknown option --kesy; did you mean '--keys'" run --kesy

# A value beside those that the table names is refused, with the name of its key, before anything is written.
printf '[data]\ntrain = "bars-and-stripes:2"\n[model]\nlayers = "data - 2 - 2"\n[train]\nepochs = 1\n[joint]\nepochs = 1\n' >tiny.toml
# refused KEY VALUE: as an error of this key.
refused() { expect 2 "^harmonium: $1[: ]" run tiny.toml --set "$1=$2" --out refused; }
number='^a (whole )?number, ([0-9.-]+) (or more|to below [0-9.]+|to [0-9.]+)'
checked=0
while IFS='|' read -r _ key _ values _; do
  key=${key//[\` ]/} values=${values# } values=${values% }
  [[ $key =~ ^(data|model|train|joint|measure|report)\.[a-z_0-9.]+$ ]] || continue
  checked=$((checked + 1))
  case $values in
    "a text" | "a list of texts") ;;
    "a number" | "a list of whole numbers"*) refused "$key" '"nonsense"' ;;
    "a number above 0") refused "$key" 0 ;;
    "a number, "* | "a whole number, "*)
      [[ $values =~ $number ]] || fail "$key takes $values"
      refused "$key" $((BASH_REMATCH[2] - 1))
      case ${BASH_REMATCH[3]} in
        "to below "*) refused "$key" "${BASH_REMATCH[3]#to below }" ;;
        "to "*) refused "$key" $((${BASH_REMATCH[3]#to } + 1)) ;;
      esac
      ;;
    *) refused "$key" nonsense ;;
  esac
done <keys.md
((checked > 100)) || fail "only $checked keys were tried"
[[ ! -e refused ]] || fail "a refused value left a folder"
nothing_left
