#!/usr/bin/env python3
"""modelforge-credential-NAME: returns keys that another program stores, and stores none itself.

The operation is the last argument, the request comes as lines of key=value on standard input. If there is no key,
it prints nothing and exits with 0; if it could not search, it exits with another status and a message.
"""

import subprocess
import sys

# A key belongs to a URL: one line for each. CHANGE THESE: the program prints the key alone.
COMMANDS = {
    "https://api.openai.com": ["pass", "show", "llm/openai"],
    "https://api.anthropic.com": ["pass", "show", "llm/anthropic"],
}

operation = sys.argv[-1]
if operation == "capability":
    print("version 0\ncapability readonly")
if operation != "get":
    sys.exit(0)
request = {}
for line in iter(lambda: sys.stdin.buffer.readline(65536), b""):
    line = line.removesuffix(b"\n").removesuffix(b"\r")
    if not line:
        break
    key, equals, value = line.partition(b"=")
    if not key or not equals or len(line) > 65534 or len(request) > 1024:
        sys.exit("error: the request is not valid")
    request[key.decode(errors="replace")] = value.decode(errors="replace")
if not request.get("protocol") or "host" not in request:
    sys.exit("error: the request has no protocol or no host")
command = COMMANDS.get(f"{request.get('protocol')}://{request.get('host')}")
if command is None or request.get("username", "default") != "default":
    sys.exit(0)
try:
    key = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True, text=True).stdout.strip("\n")
except (OSError, subprocess.CalledProcessError):
    key = ""
if not key:
    sys.exit(f"error: {command[0]} has no key")
print(f"username=default\npassword={key}")
