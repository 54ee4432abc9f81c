#!/usr/bin/env bash
# Word counts, sparse and 50,000 columns wide: no command makes all of them dense at once, and cases have the same
# results in one piece as in many.
source "$(dirname "$0")/lib.sh"

awk 'BEGIN {
  srand(5)
  for (i = 0; i < 2000; ++i) {
    line = i % 2
    for (column = 1 + int(rand() * 1000); column <= 50000; column += 1 + int(rand() * 2000)) line = line " " column ":" 1 + column % 3
    print line
  }
  print "0 50000:1"
}' >words.svm
works train words.svm --layers "data - 8" --epochs 1 --quiet --out words.st

if [[ -r /proc/self/status ]]; then
  # All cases are 400 MB as numbers; a piece is 64 MiB.
  encoding=$(peak encode words.st words.svm --out codes.npy)
  ((encoding < 300000)) || fail "encode takes $encoding kB"
  evaluating=$(peak evaluate words.st words.svm)
  ((evaluating < 350000)) || fail "evaluate takes $evaluating kB"
fi
works encode words.st words.svm --out codes.csv
for cases in 100 300; do
  works encode words.st words.svm --limit $cases --out few.csv
  cmp few.csv <(head -n $((cases + 1)) codes.csv) || fail "the first $cases cases have other codes alone"
done
json reconstruct words.st words.svm --limit 700 --out back.npy
error=$(sed -nE 's/.*"squared_error_per_case": ([0-9.]{6}).*/\1/p' out.txt)
json evaluate words.st words.svm --cases 700
has "\"value\": $error"
nothing_left
echo "wide cases take $encoding kB to encode and $evaluating kB to evaluate"
