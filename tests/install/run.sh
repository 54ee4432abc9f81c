#!/usr/bin/env bash
# Installs BUILD to a prefix below WORK, moves the prefix, and builds and runs a small program against it, once
# by find_package and once by pkg-config. Also: the installed program finds its library and the data.
set -euo pipefail

build=$1 work=$2 compiler=$3
here=$(cd "$(dirname "$0")" && pwd)
unset HARMONIUM_DATA

rm -rf "$work"
mkdir -p "$work"
cmake --install "$build" --prefix "$work/first" >"$work/install.log"
mv "$work/first" "$work/prefix"
prefix=$work/prefix

# What the consumer prints: the version and a data folder that lies in the prefix.
expect() {
  local version data
  { read -r version && read -r data; } <<<"$1"
  [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || { echo "not a version: $version"; exit 1; }
  [[ $data -ef $prefix/share/harmonium/data ]] || { echo "not the installed data: $data"; exit 1; }
}

echo "== find_package"
cmake -S "$here" -B "$work/consumer" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$compiler" \
  -DCMAKE_BUILD_TYPE=Release >"$work/configure.log"
cmake --build "$work/consumer" >"$work/build.log" || { cat "$work/build.log"; exit 1; }
output=$("$work/consumer/consumer")
expect "$output"

echo "== pkg-config"
pc=$(dirname "$(find "$prefix" -name harmonium.pc)")
export PKG_CONFIG_PATH=$pc
read -ra flags <<<"$(pkg-config --cflags --libs harmonium)"
libraries=$(cd "$pc/.." && pwd)
"$compiler" "$here/consumer.cpp" -o "$work/consumer_pc" "${flags[@]}" "-Wl,-rpath,$libraries"
output=$("$work/consumer_pc")
expect "$output"

echo "== data and recipes"
[[ -f $prefix/share/harmonium/data/mnist/train-images-idx3-ubyte.gz ]]
[[ -d $prefix/share/harmonium/recipes ]]

if [[ -x $build/bin/harmonium ]]; then
  echo "== the installed program"
  "$prefix/bin/harmonium" --version
fi
rm -rf "$prefix"
echo "the installed package works"
