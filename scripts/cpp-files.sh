#!/usr/bin/env bash
# Prints our C++ files, one a line: those that git tracks or would track (not what .gitignore names).
set -euo pipefail
cd "$(dirname "$0")/.."
git ls-files --cached --others --exclude-standard -- '*.cpp' '*.h' | sort -u | while read -r file; do
  [[ ! -f $file ]] || echo "$file"
done
