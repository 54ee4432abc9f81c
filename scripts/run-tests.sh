#!/usr/bin/env bash
# Runs ctest and closes with the line "tests: N passed, N failed".
#
# usage: scripts/run-tests.sh BUILD_FOLDER [ctest options]
#
# No tests at all is a failure. Tests that skipped themselves are neither passed nor failed and are counted on a
# line of their own. Where HARMONIUM_TEST_TALLY names a file, "PASSED FAILED" is appended to it.
set -euo pipefail

build=$1
shift
# ctest asks what a test prints below the folder that it was told, so the path must be whole.
report=$(cd "$build" && pwd)/tests.xml
rm -f "$report"

status=0
ctest --test-dir "$build" --output-on-failure --no-tests=error --parallel "$(nproc)" \
  --output-junit "$report" "$@" || status=$?

attribute() { sed -n "s/^[[:space:]]*$1=\"\([0-9]*\)\".*/\1/p" "$report" | head -n 1; }
total=0 failed=0 skipped=0
if [[ -f $report ]]; then
  total=$(attribute tests) failed=$(attribute failures)
  skipped=$(($(attribute skipped) + $(attribute disabled)))
fi
if ((status != 0 && failed == 0)); then failed=1; fi  # e.g. no tests were found
passed=$((total - failed - skipped))
if ((passed < 0)); then passed=0; fi
if ((skipped > 0)); then echo "skipped: $skipped"; fi
if [[ -n ${HARMONIUM_TEST_TALLY:-} ]]; then echo "$passed $failed" >>"$HARMONIUM_TEST_TALLY"; fi
echo "tests: $passed passed, $failed failed"
exit "$status"
