#!/bin/sh
# modelforge-credential-NAME: returns keys that another program stores, and stores none itself.
#
# The operation is the last argument, the request comes as lines of key=value on standard input. If there is no key,
# it prints nothing and exits with 0; if it could not search, it exits with another status and a message.
LC_ALL=C
export LC_ALL
for operation; do :; done
case $operation in
capability) printf 'version 0\ncapability readonly\n'; exit 0 ;;
get) ;;
*) exit 0 ;;
esac

protocol='' host='' username='' carriage_return=$(printf '\r')
request=$(head -c 1048577)
[ "${#request}" -le 1048576 ] || { echo 'error: the request is too long' >&2; exit 1; }
while IFS= read -r line; do
    line=${line%"$carriage_return"}
    case $line in
    '') break ;;
    protocol=*) protocol=${line#*=} ;;
    host=*) host=${line#*=} ;;
    username=*) username=${line#*=} ;;
    ?*=*) ;;
    *) echo 'error: a line has no =' >&2; exit 1 ;;
    esac
done <<END
$request
END
[ -n "$protocol" ] && [ -n "$host" ] || { echo 'error: the request has no protocol or no host' >&2; exit 1; }
case $username in '' | default) ;; *) exit 0 ;; esac

# A key belongs to a URL: one line for each. CHANGE THESE: the program prints the key alone.
case $protocol://$host in
https://api.openai.com) set -- pass show llm/openai ;;
https://api.anthropic.com) set -- pass show llm/anthropic ;;
*) exit 0 ;;
esac
key=$("$@") && [ -n "$key" ] || { echo "error: $1 has no key" >&2; exit 1; }
printf 'username=default\npassword=%s\n' "$key"
