#!/usr/bin/env bash
# Makes a Debian package of a program that is built: tools/package.sh [PROFILE], `release` if not told otherwise.
# Needs `cargo install cargo-deb`; prints the path of the package.
set -euo pipefail
cd "$(dirname "$0")/.."
profile=${1:-release}
folder=$profile
if [ "$profile" = dev ]; then folder=debug; fi
mkdir -p target/man
"target/$folder/kcons" man > target/man/kcons.1
fast=()
if [ "$profile" = dev ]; then fast=(--fast); fi
cargo deb --quiet --locked --no-build --strip "${fast[@]}" --profile "$profile" --output target/debian/kcons.deb
