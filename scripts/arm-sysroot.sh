#!/usr/bin/env bash
# Makes a folder of arm64 headers and libraries for the cross-build: Debian's arm64 packages of what harmonium links,
# and what those need, unpacked and nothing else. apt fetches and checks them as an arm64 machine would, with lists of
# its own, so that neither this machine's packages nor its settings change, and nobody need be root.
#
# usage: scripts/arm-sysroot.sh [FOLDER]     (default build/arm-sysroot; about 25 MB to fetch, 170 MB unpacked)
#
# Does nothing when the folder holds what this script would put there. Needs a Debian whose sources have arm64 (Ubuntu
# keeps that elsewhere).
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  libhwy-dev libeigen3-dev libnanoflann-dev libtomlplusplus-dev nlohmann-json3-dev libcli11-dev
  zlib1g-dev libzip-dev libpng-dev libgif-dev libgtest-dev libgmock-dev
  # oneDNN has no fast product for aarch64 without Arm's own library, which Debian's lacks.
  libopenblas-pthread-dev
)

folder=${1:-build/arm-sysroot}
stamp=$folder/.packages
if [[ -f $stamp && $(<"$stamp") == "${packages[*]}" ]]; then exit 0; fi
if [[ -e $folder && ! -f $stamp ]]; then
  echo "arm-sysroot.sh: $folder is there but was not made by this script; name another folder, or remove it" >&2
  exit 1
fi

work=$folder.new
rm -rf "$work" "$folder"
mkdir -p "$work"/apt/{lists,cache/archives}/partial "$work/root"
work=$(cd "$work" && pwd)
: >"$work/apt/status"
cat >"$work/apt.conf" <<CONF
APT::Architecture "arm64";
APT::Architectures "arm64";
APT::Install-Recommends "false";
APT::Sandbox::User "$(id -un)";
Dir::State "$work/apt";
Dir::State::lists "$work/apt/lists";
Dir::State::status "$work/apt/status";
Dir::Cache "$work/apt/cache";
CONF
export APT_CONFIG=$work/apt.conf
echo "fetching arm64 packages into $folder" >&2
apt-get -q -y update >&2
apt-get -q -y install --download-only "${packages[@]}" >&2
for package in "$work"/apt/cache/archives/*.deb; do dpkg-deb -x "$package" "$work/root"; done

# A link to a whole path leaves the folder; and packages that are only unpacked lack the links that installing makes.
find "$work/root" -type l -lname '/*' | while read -r link; do
  ln -sfnr "$work/root$(readlink "$link")" "$link"
done
libraries=$work/root/usr/lib/aarch64-linux-gnu
ln -s openblas-pthread/libopenblas.so.0 "$libraries/libopenblas.so.0"
ln -s openblas-pthread/libopenblas.so "$libraries/libopenblas.so"
ln -s ../openblas-pthread/pkgconfig/openblas.pc "$libraries/pkgconfig/openblas.pc"

echo "${packages[*]}" >"$work/root/.packages"
mv "$work/root" "$folder"
rm -rf "$work"
