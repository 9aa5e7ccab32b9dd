#!/bin/sh
# Builds modelforge-credential and its helpers, and installs them into ${PREFIX:-~/.local}/bin, with manual pages, the protocol and
# completions in share beside it. Then shows, with a dummy key in a temporary directory, that it works: install.sh [ARGUMENT of `cargo
# build`…]
#
# CARGO is the build command, such as `cargo auditable`.
set -eu
cd "$(dirname "$0")"
bin=${DESTDIR:-}${PREFIX:-$HOME/.local}/bin

target=$(sh .cargo/target)
host=$(rustc -vV | sed -n 's/^host: //p')
case $target in
"${CARGO_BUILD_TARGET:-}" | *-musl) ;;
*-linux-gnu)
    if command -v rustup >/dev/null; then
        echo "adding Rust's target ${host%-gnu}-musl, with which programs start faster"
        timeout --foreground 120 rustup target add "${host%-gnu}-musl" || true
        target=$(sh .cargo/target)
        [ "$target" != "$host" ] || echo "it cannot be had now, so they are linked with glibc"
    fi
    ;;
esac

build() {
    # shellcheck disable=SC2086 # a command of one or two words
    ${CARGO:-cargo} build --release --locked --target "$target" "$@"
}
case $target in
"${host%-gnu}-musl")
    # The system's C compiler also compiles the C code in `oauth` and `vault` for musl.
    export "CC_$(echo "$target" | tr - _)=${CC:-cc}"
    build --workspace --exclude tests-sh --bins "$@"
    ;;
*-linux-gnu)
    build --workspace --exclude tests-sh --exclude modelforge-credential-oauth --exclude modelforge-credential-vault --bins "$@"
    # Only a dynamically linked glibc looks up host names in every way that the system may be configured for.
    build -p modelforge-credential-oauth -p modelforge-credential-vault \
        --config 'target."cfg(target_env = \"gnu\")".rustflags = ["-C", "target-feature=-crt-static"]' "$@"
    ;;
*) build --workspace --exclude tests-sh --bins "$@" ;;
esac
case $target in *-windows-*) exe=.exe ;; *) exe='' ;; esac
mkdir -p "$bin"
for source in src/main.rs helpers/*/src/main.rs; do
    case $source in
    src/*) program=modelforge-credential$exe ;;
    *) program=${source%/src/main.rs} program=modelforge-credential-${program#helpers/}$exe ;;
    esac
    built=${CARGO_TARGET_DIR:-target}/$target/release/$program
    # macOS asks again whether a replaced program may read its stored keys, so unchanged programs are not replaced.
    if cmp -s "$built" "$bin/$program"; then
        echo "unchanged $bin/$program"
        continue
    fi
    # A rename does not disturb processes that run the old program.
    cp "$built" "$bin/.$program.new"
    mv "$bin/.$program.new" "$bin/$program"
    echo "installed $bin/$program"
done

share=${bin%/bin}/share
# In 0.1.0, each command had its own page, and that of `env` had the same name as a helper.
for page in login logout status migrate exec print providers doctor audit helpers helpers-test auth auth-login auth-logout \
    auth-status auth-migrate fill approve reject get store erase list capability completions; do
    rm -f "$share/man/man1/modelforge-credential-$page.1"
done
"$bin/modelforge-credential" man "$share/man"
mkdir -p "$share/doc/modelforge-credential"
cp protocol.md "$share/doc/modelforge-credential/"
echo "installed manual pages below $share/man, and protocol.md in $share/doc/modelforge-credential"
complete() {
    mkdir -p "$share/${2%/*}"
    "$bin/modelforge-credential" completions "$1" >"$share/$2"
}
complete bash bash-completion/completions/modelforge-credential
complete zsh zsh/site-functions/_modelforge-credential
complete fish fish/vendor_completions.d/modelforge-credential.fish
echo "installed completions for bash, zsh and fish below $share; of elvish and PowerShell: modelforge-credential completions --help"
if command -v zsh >/dev/null && ! zsh -fc 'print -l $fpath' | grep -qx "${share#"${DESTDIR:-}"}/zsh/site-functions"; then
    echo "for zsh, add to ~/.zshrc before \`compinit\`:  fpath=(${share#"${DESTDIR:-}"}/zsh/site-functions \$fpath)"
fi

demo=$(mktemp -d)
trap 'rm -rf "$demo"' EXIT
key=sk-made-up-$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
# On Windows, the directories have other variables, and paths another form.
home=$demo
if command -v cygpath >/dev/null; then home=$(cygpath -w "$demo"); fi
ask() {
    env -i HOME="$home" USERPROFILE="$home" APPDATA="$home" LOCALAPPDATA="$home" SYSTEMROOT="${SYSTEMROOT:-}" \
        PATH="$PATH" MODELFORGE_CREDENTIAL_HELPERS=age "$bin/modelforge-credential" "$1"
}
echo
# Not echo: in some shells it converts `\n` to a line feed.
printf '%s\n' "\$ printf 'provider=openai\\npassword=%s\\n' $key | modelforge-credential approve"
printf 'provider=openai\npassword=%s\n' "$key" | ask approve
file=$(find "$demo" -name '*.age')
echo "  kept in ${file#"$demo"/}, which begins with: $(head -n 1 "$file")"
if grep -rqF "$key" "$demo"; then
    echo "error: the key lies on the disk in plain text" >&2
    exit 1
fi
printf '%s\n' "\$ printf 'provider=openai\\n' | modelforge-credential fill"
printf 'provider=openai\n' | ask fill | sed 's/^/  /'
[ "$(printf 'provider=openai\n' | ask fill | sed -n 's/^password=//p')" = "$key" ]
echo "stored encrypted, and got back through the chain"

case :$PATH: in
*":${bin#"${DESTDIR:-}"}:"*) ;;
*) printf '\nto find it, add to your shell profile:  export PATH="%s:$PATH"\n' "${bin#"${DESTDIR:-}"}" ;;
esac
