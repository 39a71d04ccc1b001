#!/usr/bin/env bash
# Makes a Debian package of the program that `cargo build` made, installs it, runs it, takes it away, and looks
# whether anything is left. Needs cargo-deb and root, or sudo.
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

# What somebody uses is not taken away.
if dpkg-query --show kcons > /dev/null 2>&1; then fail 'kcons is installed: dpkg --purge kcons'; fi

package=$(tools/package.sh dev)
installed=no
trap 'if [ "$installed" = yes ]; then as_root dpkg --purge kcons > /dev/null; fi' EXIT
installed=yes
as_root dpkg --install "$package"

depends=$(dpkg-query --show --showformat '${Depends}' kcons)
case $depends in
    *,*) fail "it needs more than the C library: $depends" ;;
    libc6*) ;;
    *) fail "it does not say that it needs the C library: $depends" ;;
esac
version=$(/usr/bin/kcons --version)
[ "$version" = "kcons $(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)" ] || fail "its version: $version"
records=$(/usr/bin/kcons demo -n 1 -o raw -q | wc -l)
[ "$records" = 1 ] || fail "$records records instead of one"

# From the package itself: small systems leave out manual pages and documents when they install.
list=$(dpkg-deb --contents "$package" | awk '{ print $NF }')
documents=(copyright README.md SECURITY.md docs/handlers.md pictures/terminal.svg changelog.Debian.gz)
for file in man/man1/kcons.1.gz "${documents[@]/#/doc/kcons/}"; do
    grep -qx "./usr/share/$file" <<< "$list" || fail "not in the package: $file"
done
page=$(dpkg-deb --fsys-tarfile "$package" | tar -xO ./usr/share/man/man1/kcons.1.gz | gunzip)
grep -q '^\.TH kcons 1' <<< "$page" || fail 'the manual page is none'
completion=bash-completion/completions/kcons
for file in "$completion" zsh/vendor-completions/_kcons fish/vendor_completions.d/kcons.fish; do
    [ -s "/usr/share/$file" ] || fail "not installed: $file"
done
bash -c ". /usr/share/$completion && complete -p kcons" > /dev/null || fail 'bash does not complete it'
if command -v zsh > /dev/null; then
    zsh -fc 'autoload -Uz compinit && compinit -D -u && [[ $_comps[kcons] == _kcons ]]' || fail 'zsh does not find it'
fi
if command -v fish > /dev/null; then
    fish -c 'complete -C "kcons group re"' | grep -q '^reset' || fail 'fish does not complete it'
fi

files=$(dpkg-query --listfiles kcons | grep kcons)
as_root dpkg --remove kcons
installed=no
for file in $files; do
    if [ -e "$file" ]; then fail "still there: $file"; fi
done
