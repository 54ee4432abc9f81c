#!/usr/bin/env bash
# Fine-tuning through the command line: threads, kills, a classifier that is used, and what it refuses.
source "$(dirname "$0")/lib.sh"

options=(train mnist --limit 3000 --held_out 500 --layers "data - 60 - 40" --epochs 2 --fine_tune.epochs 12
  --fine_tune.rate 0.2 --fine_tune.momentum 0.5 --fine_tune.hidden_dropout 0.2 --fine_tune.output_epochs 2
  --fine_tune.average_epochs 2 --fine_tune.keep best --checkpoint_minutes 0.0004 --quiet)

same_for_threads "2 3" "${options[@]}"
RANDOM=5
killed_and_resumed 10 30 "${options[@]}"
cmp whole.st.stack.safetensors killed.st.stack.safetensors || fail "a killed run keeps another stack"

works inspect whole.st --features features.png
has "a feed-forward net, a classifier: 784 - logistic 60 - logistic 40 - softmax 10"
has "^fine-tuning"
json inspect whole.st
works classify whole.st mnist --part test --limit 500 --out labels.csv --threads 1
has "^[0-9]+ of 500 labelled cases misread"
[[ $(wc -l <labels.csv) == 501 ]] || fail "classify did not write a line a case"
works classify whole.st mnist --part test --limit 500 --out three.csv --threads 3
cmp labels.csv three.csv || fail "classify depends on the number of threads"
works encode whole.st mnist --limit 10 --out codes.csv
[[ $(head -1 codes.csv | tr ',' '\n' | wc -l) == 40 ]] || fail "encode does not give the layer below the output layer"
works encode whole.st mnist --limit 10 --layer 1 --out codes.npy
works sample whole.st.stack.safetensors -n 4 --steps 3 --out fantasies.npy

# The same start from a file, from another folder, and the net at random.
works train mnist --limit 3000 --held_out 500 --fine_tune.start whole.st.stack.safetensors --fine_tune.epochs 2 --out file.st
works train mnist --limit 1000 --layers "data - rectified 30" --fine_tune.start random --fine_tune.epochs 2 --out random.st
works inspect random.st
has "784 - rectified 30 - softmax 10"

expect 2 'no density' sample whole.st -n 4 --out no.npy
expect 2 'no density' evaluate whole.st mnist
expect 2 'is a classifier' reconstruct whole.st mnist --out no.npy
expect 2 '--samples' encode whole.st mnist --samples --out no.npy
expect 2 'layers 1 to 3' encode whole.st mnist --layer 4 --out no.npy
expect 2 '--way' classify whole.st mnist --way settling
expect 2 'columns' classify whole.st bars-and-stripes:4
printf 'a,b,class\n0,1,x\n1,0,y\n1,1,x\n0,0,y\n' >small.csv
expect 2 'takes cases of' train small.csv --fine_tune.start whole.st.stack.safetensors --fine_tune.epochs 2 --out no.st
expect 2 'labels' train bars-and-stripes:4 --layers "data - 4" --fine_tune.epochs 2 --out no.st
expect 2 'feed-forward net' train mnist --limit 100 --fine_tune.start whole.st --fine_tune.epochs 2 --out no.st
expect 2 'finished, but was trained with' "${options[@]}" --out whole.st --resume --fine_tune.rate 0.1
expect 1 'fine_tune.rate' train mnist --limit 500 --layers "data - 20" --epochs 1 --fine_tune.epochs 30 --fine_tune.rate 1e38 --out no.st
head -c 40000 whole.st >cut.st
expect 2 'cut.st' classify cut.st mnist
[[ ! -e no.st && ! -e no.npy ]] || fail "what was refused has left files"
nothing_left
