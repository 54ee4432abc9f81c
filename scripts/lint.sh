#!/usr/bin/env bash
# Runs clang-tidy on the .cpp files below src/ and apps/ that changed, with the compile commands of build/release.
#
# usage: scripts/lint.sh [--all] [--most N] [--seconds N]
#   --all        every such file
#   --most N     at most N files, those that changed most first (0: no limit, the default)
#   --seconds N  stop after N seconds and say so (0: no limit, the default)
#
# "Changed" is against HARMONIUM_LINT_BASE, else the branch's common ancestor with origin/main, else the commit
# before; uncommitted changes and new files count. Where there is no earlier commit nothing is linted.
set -euo pipefail
cd "$(dirname "$0")/.."

build=build/release all= most=0 seconds=0
while (($# > 0)); do
  case $1 in
    --all) all=yes ;;
    --most) most=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    *)
      echo "lint.sh: unknown option \"$1\"; known are --all, --most N, --seconds N" >&2
      exit 2
      ;;
  esac
  shift
done
if [[ ! -f $build/compile_commands.json ]]; then
  echo "lint.sh: $build/compile_commands.json is missing; run \`cmake --preset release\` first" >&2
  exit 1
fi

base_commit() {
  local base
  if [[ -n ${HARMONIUM_LINT_BASE:-} ]]; then echo "$HARMONIUM_LINT_BASE"; return; fi
  base=$(git merge-base HEAD origin/main 2>/dev/null || true)
  if [[ -z $base || $base == $(git rev-parse HEAD) ]]; then
    base=$(git rev-parse --verify --quiet HEAD~1 || true)
  fi
  echo "$base"
}

# Files that the build compiles, by lines changed.
if [[ -n $all ]]; then
  candidates=$(git ls-files --cached --others --exclude-standard -- 'src/*.cpp' 'apps/*.cpp')
else
  base=$(base_commit)
  if [[ -z $base ]]; then
    echo "there is no earlier commit to compare with: nothing linted"
    exit 0
  fi
  candidates=$(
    git diff --numstat --no-renames --diff-filter=d "$base" -- 'src/*.cpp' 'apps/*.cpp' | sort -k1,1nr -k3 | cut -f3
    git ls-files --others --exclude-standard -- 'src/*.cpp' 'apps/*.cpp'
  )
fi
files=()
for file in $candidates; do
  if [[ -f $file ]] && grep -qF "\"file\": \"$PWD/$file\"" "$build/compile_commands.json"; then
    files+=("$file")
  fi
done
if ((${#files[@]} == 0)); then
  echo "no compiled .cpp file changed: nothing linted"
  exit 0
fi
left_out=0
if ((most > 0 && ${#files[@]} > most)); then
  left_out=$((${#files[@]} - most))
  files=("${files[@]:0:most}")
fi

status=0
printf '%s\0' "${files[@]}" |
  timeout "$seconds" xargs -0 -n 1 -P "$(nproc)" clang-tidy -p "$build" --quiet \
    2> >(grep -vE '^[0-9]+ warnings? ' >&2) || status=$?
if ((status == 124)); then
  echo "lint stopped after $seconds seconds; what was not reached was not linted"
  status=0
fi
if ((left_out > 0)); then echo "$left_out more changed files were not linted (limit $most)"; fi
echo "linted ${#files[@]} files"
exit "$status"
