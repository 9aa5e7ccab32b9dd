#!/bin/sh
# Installs modelforge-credential from a release, without a compiler: get.sh [URL or FOLDER] [--uninstall]
#
# URL (https) or FOLDER contains the archive and SHA256SUMS. PREFIX is ~/.local by default. If `minisign` is installed, the signature of
# SHA256SUMS is checked, too. An older version is replaced; your keys and settings are not touched.
set -eu
umask 022
version=@VERSION@
releases=@RELEASES@
public_key=@PUBLIC_KEY@
name=modelforge-credential

stop() {
    echo "error: $1" >&2
    [ $# -lt 2 ] || echo "hint: $2" >&2
    exit 1
}

uninstall=''
for argument in "$@"; do
    case $argument in
    --uninstall) uninstall=yes ;;
    -*) stop "unknown option $argument" 'sh get.sh [URL or FOLDER] [--uninstall]' ;;
    *) releases=$argument ;;
    esac
done
[ -n "${PREFIX:-}" ] || [ -n "${HOME:-}" ] || stop 'neither PREFIX nor HOME is set' "PREFIX=/usr/local sh get.sh"
prefix=${PREFIX:-$HOME/.local}
case $prefix in /*) ;; *) stop "PREFIX is not an absolute path: $prefix" "PREFIX=$PWD/$prefix sh get.sh" ;; esac

# The list of installed files is installed as well.
list=$prefix/share/doc/$name/FILES
# uninstall_all KEEP: removes each file in the list that is not in the file KEEP, then the directories that only we use.
uninstall_all() {
    [ -f "$list" ] || return 0
    grep -vxFf "$1" "$list" | while IFS= read -r file; do
        rm -f "$prefix/$file"
    done
    rmdir "$prefix/share/doc/$name" 2>/dev/null || true
}
if [ -n "$uninstall" ]; then
    [ -f "$list" ] || stop "get.sh did not install $name below $prefix" 'PREFIX=/where/it/is sh get.sh --uninstall'
    uninstall_all /dev/null
    echo "removed $name from $prefix; your keys and settings are still there"
    exit 0
fi

case $version$releases in *@*) stop 'this script is a template' 'sh packaging/make, or take get.sh from a release' ;; esac
[ -n "$releases" ] || stop 'this copy does not know where the releases are' 'sh get.sh FOLDER, with the archive and SHA256SUMS in it'
case $(uname -s) in Linux) ;; *) stop "there is no archive for $(uname -s)" 'build it: sh install.sh in a checkout' ;; esac
case $(uname -m) in
x86_64 | amd64) target=x86_64-unknown-linux-musl ;;
aarch64 | arm64) target=aarch64-unknown-linux-musl ;;
*) stop "there is no archive for $(uname -m)" 'build it: sh install.sh in a checkout' ;;
esac
archive=$name-$version-$target

# Below the prefix, so that each file can be moved to its place by a rename.
mkdir -p "$prefix" 2>/dev/null && [ -w "$prefix" ] || stop "cannot write to $prefix" "PREFIX=\$HOME/.local sh get.sh, or run it as root"
work=$(mktemp -d "$prefix/.$name.XXXXXX") || stop "cannot write to $prefix"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# fetch FILE: downloads it into the work directory; false if that fails.
fetch() {
    case $releases in
    https://*)
        if command -v curl >/dev/null; then
            curl --proto '=https' --tlsv1.2 -fsSL -o "$work/$1" "$releases/$1"
        elif command -v wget >/dev/null; then
            wget -q --https-only -O "$work/$1" "$releases/$1"
        else
            stop 'neither curl nor wget is installed' "download $archive.tar.gz and SHA256SUMS into a folder, and: sh get.sh FOLDER"
        fi
        ;;
    *://*) stop "only https is used: $releases" ;;
    *) [ -f "$releases/$1" ] && cp "$releases/$1" "$work/$1" ;;
    esac
}
for file in "$archive.tar.gz" SHA256SUMS; do
    fetch "$file" || stop "cannot get $file from $releases" "check the name of the directory or your connection, and run it again"
done

if [ -n "$public_key" ] && command -v minisign >/dev/null; then
    fetch SHA256SUMS.minisig || stop "cannot get SHA256SUMS.minisig from $releases: nothing was installed"
    minisign -V -q -P "$public_key" -m "$work/SHA256SUMS" || stop 'the signature of SHA256SUMS is wrong: nothing was installed'
    echo "the signature of SHA256SUMS is right"
elif [ -n "$public_key" ]; then
    echo "the signature was not checked, because minisign is not installed; the checksum is"
fi
if command -v sha256sum >/dev/null; then
    sum=$(sha256sum "$work/$archive.tar.gz")
elif command -v shasum >/dev/null; then
    sum=$(shasum -a 256 "$work/$archive.tar.gz")
else
    stop 'neither sha256sum nor shasum is installed'
fi
grep -qxF "${sum%% *}  $archive.tar.gz" "$work/SHA256SUMS" || stop "the checksum of $archive.tar.gz is wrong: nothing was installed" \
    'the download was cut short, or somebody changed it: get it again'

tar -xzf "$work/$archive.tar.gz" -C "$work" || stop "cannot unpack $archive.tar.gz: nothing was installed"
"$work/$archive/bin/$name" --version >/dev/null || stop "the programs do not run on this machine: nothing was installed"
# The list comes first, so that an interrupted installation can be finished or removed.
new=$work/$archive/share/doc/$name/FILES
uninstall_all "$new"
# install FILE: by a rename in one file system, so that a running program is not disturbed.
install() {
    mkdir -p "$prefix/${1%/*}" && mv -f "$work/$archive/$1" "$prefix/$1"
}
cp "$new" "$work/FILES"
install "share/doc/$name/FILES"
grep -vx "share/doc/$name/FILES" "$work/FILES" | while IFS= read -r file; do
    install "$file"
done
echo "installed $("$prefix/bin/$name" --version) below $prefix; to remove it: sh get.sh --uninstall"
case :$PATH: in
*":$prefix/bin:"*) ;;
*) printf 'to find it, add to your shell profile:  export PATH="%s:$PATH"\n' "$prefix/bin" ;;
esac
