#!/usr/bin/env bash
# Cross-builds for aarch64 and runs the unit tests under qemu: the code is correct on processors other than ours.
#
# usage: scripts/test-arm.sh [ctest options]
#
# Installs what is missing (cross-compiler, emulator; arm64 libraries into build/arm-sysroot, outside the system). The
# end-to-end and install tests start programs by themselves and stay with the native build. Speed under an emulator
# says nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-dependencies.sh --arm
# A folder of arm64 packages that someone else made is taken as it is.
if [[ -z ${HARMONIUM_ARM_SYSROOT:-} ]]; then scripts/arm-sysroot.sh; fi
cmake --preset arm --log-level=WARNING >/dev/null
cmake --build build/arm --parallel "$(nproc)" --target unit_tests harmonium_program
qemu-aarch64-static -L "${HARMONIUM_ARM_SYSROOT:-build/arm-sysroot}" build/arm/bin/harmonium inspect --machine
# The tests that cap the instruction set start their program anew, which the emulator cannot do for them.
scripts/run-tests.sh build/arm -L unit -E '^IsaDeathTest' "$@"
