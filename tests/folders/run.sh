#!/usr/bin/env bash
# Reads every include of src/, include/harmonium/ and apps/ and names those that break the folder rule.
#
# usage: run.sh SOURCE RULE    RULE has a line "FOLDER USES..." a folder, lowest first (CMake writes it)
#
# A folder may include itself, what it uses and everything below that. Public headers may include the standard
# library and public headers; the program may include public headers of ours.
set -euo pipefail
cd "$1"
rule=$2

# The rule first, then lines "FILE:NUMBER:#include ...".
{
  cat "$rule"
  echo "--"
  grep -rnE '^ *# *include' --include='*.h' --include='*.cpp' src include/harmonium apps
} | awk '
  !includes && $0 == "--" { includes = 1; next }
  !includes {
    may[$1, $1] = 1; known[$1] = 1
    for (i = 2; i <= NF; ++i) for (below in known) if (may[$i, below]) may[$1, below] = 1
    next
  }
  {
    split($0, part, ":"); file = part[1]; place = part[1] ":" part[2]
    what = $0; sub(/^[^#]*# *include *[<"]/, "", what); sub(/[>"].*/, "", what)
    public = file ~ /^include\//
    folder = file; sub(/^(include\/harmonium|src)\//, "", folder); sub(/\/.*/, "", folder)
    target = what; sub(/^harmonium\//, "", target)
    ours_public = what ~ /^harmonium\//
    has_folder = sub(/\/.*/, "", target)
    ours = has_folder && (target in known)
    ++read
    if (folder == "apps") {
      if (ours && !ours_public) { print place ": the program includes a private header, " what; ++bad }
    } else if (!(folder in known)) {
      print place ": folder \"" folder "\" is not in CMakeLists.txt"; ++bad
    } else if (ours && !may[folder, target]) {
      print place ": " folder " does not stand on " target " (" what ")"; ++bad
    } else if (public && !ours_public && what ~ /[.\/]/) {
      print place ": a public header includes " what; ++bad
    }
  }
  END {
    if (read == 0) { print "no includes were read"; exit 1 }
    print read " includes, " bad + 0 " against the rule"
    exit bad > 0
  }'
