#!/bin/sh
# Turns the comment that opens a header into the file's description for doxygen.
sed -e '1i /// @file' -e '1,/^[^\/]/ s|^//\( \|$\)|///\1|' "$1"
