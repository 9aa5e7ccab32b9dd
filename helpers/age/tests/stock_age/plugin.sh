#!/bin/sh
# An age plugin that wraps the file key in nothing, and writes down that it ran. With ~/unplugged it has no device; with ~/untouched
# it asks the person to touch it.
echo "$1" >> "$HOME/ran"
while read -r line; do
    case "$line" in
    "-> wrap-file-key"* | "-> recipient-stanza 0 witness"*) read -r key ;;
    "-> done"*) read -r _; break ;;
    esac
done
case "$1" in
*recipient-v1) printf -- '-> recipient-stanza 0 witness\n%s\n' "$key" ;;
*)
    [ ! -e "$HOME/unplugged" ] || exit 1
    if [ -e "$HOME/untouched" ]; then
        printf -- '-> msg\nVG91Y2ggaXQ\n'; read -r _; read -r _
    fi
    printf -- '-> file-key 0\n%s\n' "$key" ;;
esac
read -r _; read -r _
printf -- '-> done\n\n'
