#!/bin/sh
# Builds and installs modelforge-credential and its helpers into ${PREFIX:-~/.local}/bin, manual pages and completions below share
# beside it, then shows on a made-up key, in a folder of its own, that it works.
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
        [ "$target" != "$host" ] || echo "it cannot be had now: they are linked with glibc"
    fi
    ;;
esac

target_of_oauth=$target
if [ "$target" = "${host%-gnu}-musl" ]; then
    # It waits for a network anyway, and its C code would need a compiler for musl.
    target_of_oauth=$host
    cargo build --release --locked --target "$target" --workspace --exclude modelforge-credential-oauth --bins
    cargo build --release --locked --target "$host" -p modelforge-credential-oauth
else
    cargo build --release --locked --target "$target" --workspace --bins
fi
case $target in *-windows-*) exe=.exe ;; *) exe='' ;; esac
mkdir -p "$bin"
for source in src/main.rs helpers/*/src/main.rs; do
    from=$target
    case $source in
    src/*) program=modelforge-credential$exe ;;
    *) program=${source%/src/main.rs} program=modelforge-credential-${program#helpers/}$exe ;;
    esac
    [ "$program" != modelforge-credential-oauth ] || from=$target_of_oauth
    # A rename, so that a process which runs the older one is not disturbed.
    cp "${CARGO_TARGET_DIR:-target}/$from/release/$program" "$bin/.$program.new"
    mv "$bin/.$program.new" "$bin/$program"
    echo "installed $bin/$program"
done

share=${bin%/bin}/share
mkdir -p "$share/man/man7" "$share/bash-completion/completions" "$share/zsh/site-functions" "$share/fish/vendor_completions.d"
"$bin/modelforge-credential" man "$share/man/man1"
mv "$share"/man/man1/modelforge-credential-protocol.7 "$share/man/man7/"
complete() { "$bin/modelforge-credential" completions "$1" >"$share/$2"; }
complete bash bash-completion/completions/modelforge-credential
complete zsh zsh/site-functions/_modelforge-credential
complete fish fish/vendor_completions.d/modelforge-credential.fish
echo "installed manual pages and completions below $share"

demo=$(mktemp -d)
trap 'rm -rf "$demo"' EXIT
key=sk-made-up-$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
ask() {
    env -i HOME="$demo" PATH="$PATH" MODELFORGE_CREDENTIAL_HELPERS=age "$bin/modelforge-credential" "$1"
}
echo
# Not echo: some shells' makes line feeds of `\n`.
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
