#!/usr/bin/env bash
# Files of every format that are cut short, damaged or claim more than they hold; models alike.
source "$(dirname "$0")/lib.sh"

tiny=(--layers "data - 3" --epochs 1 --quiet --out x.st)
refuse() { expect 2 "$1" train "$1" "${tiny[@]}"; }  # by a sentence that names the file
# A header may claim what it likes: with 1 GB of address space, taking the memory would end with exit 1.
refuse_unread() { (ulimit -v 1000000 && refuse "$1") || exit 1; }

# One good file of each format.
for ending in npy idx idx.gz csv tsv; do works data convert bars-and-stripes:3 --out good.$ending; done
gzip -kn good.csv
printf '1 1:1 2:1\n0 2:1\n1 1:1\n' >good.svm
printf '%%%%MatrixMarket matrix coordinate integer general\n3 2 3\n1 1 1\n2 2 1\n3 1 2\n' >good.mtx
works train bars-and-stripes:3 --layers "data - 3" --epochs 1 --quiet --out good.st
works sample good.st -n 1 --steps 1 --out tile.png
for file in good.npy good.idx good.idx.gz good.csv good.tsv good.csv.gz good.svm good.mtx; do
  works train "$file" --layers "data - 3" --epochs 1 --quiet --out fine.st --force
done

# Binary formats cut short anywhere; text formats where it can be told.
for file in good.npy good.idx good.idx.gz good.csv.gz; do
  ending=${file#good.}
  size=$(stat -c %s "$file")
  for keep in 0 1 4 11 $((size / 2)) $((size - 1)); do
    head -c "$keep" "$file" >"cut.$ending"
    refuse "cut.$ending"
  done
done
printf 'a,b\n"1,0\n0,1\n' >quote.csv
printf 'a,a\n1,0\n0,1\n' >twice.csv
printf '%%%%MatrixMarket matrix coordinate integer general\n3 2 3\n1 1 1\n2 2 1\n' >cut.mtx
printf '%%%%MatrixMarket matrix coordinate integer general\n3 2\n' >size.mtx
printf '%%%%MatrixMarket matrix coordinate integer general\n3 2 1\n4 1 1\n' >beyond.mtx
printf '1 1:1 2:\n' >cut.svm
printf '1 2:1 1:1\n' >order.svm
# Damaged: more bytes than claimed, other bytes in a header, other types, files of another format.
printf 'x' | cat good.npy - >more.npy
printf 'x' | cat good.idx - >more.idx
sed 's/NUMPY/NUMPI/' good.npy >magic.npy
sed "s/'|u1'/'|O8'/" good.npy >objects.npy
{ printf '\x00\x00\x99'; tail -c +4 good.idx; } >type.idx
cp good.csv disguised.npy
cp good.npy disguised.csv
printf 'PK\x03\x04 no archive' >broken.npz
for file in quote.csv twice.csv cut.mtx size.mtx beyond.mtx cut.svm order.svm more.npy more.idx magic.npy objects.npy \
  type.idx disguised.npy disguised.csv broken.npz; do
  refuse "$file"
done
mkdir png && head -c 60 tile.png >png/a.png
expect 2 'a.png' train png "${tiny[@]}"
# Names that a model could not keep are refused before it is trained.
printf 'a,b\n1,\xff\xfe\n0,1\n' >bytes.csv
expect 2 'bytes.csv.*UTF-8' train bytes.csv "${tiny[@]}"

# Headers that claim 2^40 rows, or that multiply to beyond 64 bits.
npy_of() { printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': $1, }"; }
npy_of '(1099511627776, 16)' >huge.npy
npy_of '(4294967296, 4294967296, 4294967296)' >wraps.npy
npy_of '(-1, 16)' >negative.npy
printf '\x00\x00\x08\x03\xff\xff\xff\xff\x00\x00\x00\x1c\x00\x00\x00\x1c' >huge.idx
printf '\x00\x00\x0e\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff' >wraps.idx
gzip -kn huge.idx
printf '%%%%MatrixMarket matrix coordinate integer general\n1099511627776 16 1099511627776\n1 1 1\n' >huge.mtx
printf '%%%%MatrixMarket matrix array real general\n1099511627776 16\n1\n' >array.mtx
printf '1 1099511627776:1\n' >huge.svm
printf '1 1:1 4294967295:1\n' >unused.svm
printf '%%%%MatrixMarket matrix coordinate integer general\n2 4294967295 1\n1 1 1\n' >unused.mtx
for file in huge.npy wraps.npy negative.npy huge.idx wraps.idx huge.idx.gz huge.mtx array.mtx huge.svm \
  unused.svm unused.mtx; do
  refuse_unread "$file"
done

# Models: a safetensors file is a length, a header of JSON, and the tensors (here 36 bytes of them).
safetensors() { # HEADER FILE
  printf '%b%s' "$(printf '\\x%02x\\x%02x\\0\\0\\0\\0\\0\\0' $((${#1} % 256)) $((${#1} / 256)))" "$1" >"$2"
  head -c 36 /dev/zero >>"$2"
}
refuse_model() { (ulimit -v 1000000 && expect 2 "$1" inspect "$1") || exit 1; }
size=$(stat -c %s good.st)
header=$((8 + $(od -An -tu8 -N8 good.st)))
for keep in 0 7 8 9 100 $((header - 1)) "$header" $((header + 4)) $((size - 4)) $((size - 1)); do
  head -c "$keep" good.st >cut.st
  refuse_model cut.st
done
printf 'x' | cat good.st - >more.st
nine='{"dtype":"F32","shape":[9],"data_offsets":[0,36]}'
safetensors '{"w":{"dtype":"F32","shape":[1099511627776,16],"data_offsets":[0,70368744177664]}}' rows.st
safetensors '{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,36]}}' wraps.st
safetensors "{\"a\":$nine,\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}" overlap.st
safetensors '{"a":{"dtype":"F32","shape":[1],"data_offsets":[32,36]}}' hole.st
safetensors "{\"a\":$nine}" stranger.st
safetensors "{\"a\":$nine,\"a\":$nine}" twice.st
safetensors "$(printf '[%.0s' $(seq 1 5000))" deep.st
{ head -c $((size - 4)) good.st; printf '\x00\x00\xc0\x7f'; } >nan.st
sed 's/\\"layers\\":\\"9-3\\"/\\"layers\\":\\"9-4\\"/' good.st >shapes.st
for file in more.st rows.st wraps.st overlap.st hole.st stranger.st twice.st deep.st nan.st shapes.st; do
  refuse_model "$file"
done
expect 2 'png' sample png --out x.npy
expect 2 'good.npy' sample good.npy --out x.npy
for command in encode reconstruct; do expect 2 'cut.st' "$command" cut.st bars-and-stripes:3 --out x.npy; done
expect 2 'cut.st' evaluate cut.st bars-and-stripes:3

for leftover in x.*; do [[ ! -e $leftover ]] || fail "left behind: $leftover"; done
nothing_left
echo "every damaged file was refused by its name"
