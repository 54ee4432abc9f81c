#!/usr/bin/env bash
# Installs what harmonium needs and this machine lacks, from the distribution's packages (apt).
#
# usage: scripts/install-dependencies.sh [--dev] [--arm]
#   --dev   also what formatting, linting and the API pages need
#   --arm   also the cross-compiler and the emulator of scripts/test-arm.sh
#
# Does nothing when all is there. Uses apt as root or by a sudo that asks no password; otherwise it prints the
# one command to type and exits with 1. HARMONIUM_NO_INSTALL=1 skips it (other distributions: see the list).
# Tried on Debian 12; expected to work on Debian 13 and Ubuntu 24.04.
set -euo pipefail

packages=(
  g++ cmake ninja-build make pkg-config git ccache
  libhwy-dev libeigen3-dev libnanoflann-dev              # vectors, decompositions, nearest neighbours
  libtomlplusplus-dev nlohmann-json3-dev libcli11-dev    # recipes, JSON, the command line
  libfmt-dev
  zlib1g-dev libzip-dev libpng-dev libgif-dev            # .gz, .npz, pictures, movies
  libgtest-dev libgmock-dev libbenchmark-dev             # tests and benchmarks
)
products=libdnnl-dev            # dense products: oneDNN,
other_products=libopenblas-dev  # or a BLAS where the distribution's oneDNN is not, or has no kernels for this processor

for argument in "$@"; do
  case $argument in
    --dev) packages+=(clang-format clang-tidy libomp-dev doxygen) ;;  # libomp: clang-tidy's omp.h
    --arm) packages+=(g++-aarch64-linux-gnu qemu-user-static) ;;
    *)
      echo "install-dependencies.sh: unknown option \"$argument\"; it should be --dev or --arm" >&2
      exit 2
      ;;
  esac
done

if [[ -n ${HARMONIUM_NO_INSTALL:-} ]]; then exit 0; fi
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "install-dependencies.sh knows Debian and Ubuntu only. Install what these packages hold and set" >&2
  echo "HARMONIUM_NO_INSTALL=1: ${packages[*]} $products (or $other_products)" >&2
  exit 1
fi

if [[ $(dpkg --print-architecture) != amd64 ]]; then products=$other_products; fi

installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${packages[@]}" "$products" \
  "$other_products" 2>/dev/null | sed -n 's/^installed //p' || true)
has() { grep -qxF "$1" <<<"$installed"; }

missing=()
for package in "${packages[@]}"; do
  has "$package" || missing+=("$package")
done
needs_products=
has "$products" || has "$other_products" || needs_products=yes
if ((${#missing[@]} == 0)) && [[ -z $needs_products ]]; then exit 0; fi

if ((EUID == 0)); then
  as_root=(env)
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  as_root=(sudo env)
else
  [[ -z $needs_products ]] || missing+=("$products")
  echo "harmonium needs packages that only the administrator may install. Type" >&2
  echo "  sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}" >&2
  echo "and then the same command again." >&2
  exit 1
fi

apt() { "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@"; }
knows() { [[ -n $(apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p' | grep -v '(none)') ]]; }

install() {
  local wanted=("${missing[@]}")
  if [[ -n $needs_products ]]; then
    if knows "$products"; then wanted+=("$products"); else wanted+=("$other_products"); fi
  fi
  echo "installing ${wanted[*]}" >&2
  apt install --no-install-recommends "${wanted[@]}" >&2
}

# The lists of packages may be empty or old: then fetch them once.
updated=
update() { apt update >&2; updated=yes; }
for package in "${missing[@]}" ${needs_products:+"$products"}; do
  if ! knows "$package"; then update; break; fi
done
if ! install; then
  if [[ -n $updated ]]; then exit 1; fi
  update
  install
fi
