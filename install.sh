#!/bin/sh
# Builds and installs modelforge-credential and its helpers into ${PREFIX:-~/.local}/bin, manual pages and completions below share
# beside it, then shows on a made-up key, in a folder of its own, that it works.
set -eu
cd "$(dirname "$0")"
bin=${DESTDIR:-}${PREFIX:-$HOME/.local}/bin

cargo build --release --locked --workspace --bins
host=$(rustc -vV | sed -n 's/^host: //p')
built=${CARGO_TARGET_DIR:-target}/$host/release
mkdir -p "$bin"
for program in "$built"/modelforge-credential "$built"/modelforge-credential-*; do
    case $program in *.d) continue ;; esac
    # A rename, so that a process which runs the older one is not disturbed.
    cp "$program" "$bin/.${program##*/}.new"
    mv "$bin/.${program##*/}.new" "$bin/${program##*/}"
    echo "installed $bin/${program##*/}"
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
*":$bin:"*) ;;
*) printf '\nto find it, add to your shell profile:  export PATH="%s:$PATH"\n' "$bin" ;;
esac
