#!/usr/bin/env bash
# Formats all C++ files in place with clang-format; with --check, fails and names the places that differ.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t files < <(scripts/cpp-files.sh)
if [[ ${1:-} == --check ]]; then
  clang-format --dry-run -Werror "${files[@]}"
  echo "${#files[@]} files are formatted"
else
  clang-format -i "${files[@]}"
fi
