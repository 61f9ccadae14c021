#!/bin/sh
# Build the wheel from two clean clones of the last commit, in two places, and compare their bytes.
set -eu
here=$(git rev-parse --show-toplevel)
SOURCE_DATE_EPOCH=$(git -C "$here" log -1 --format=%ct)
export SOURCE_DATE_EPOCH
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
for one in first second; do
  git clone -q "$here" "$place/$one"
  "$here/.venv/bin/uv" build -q --wheel "$place/$one" -o "$place/wheel-$one"
done
sha256sum "$place"/wheel-*/*.whl | sed "s|$place/||"
cmp "$place"/wheel-first/*.whl "$place"/wheel-second/*.whl
echo "the same bytes"
