//! Everything that this program supports works as in sh.
#![cfg(unix)]

use std::io::Write;
use std::process::{Command, Output, Stdio};

#[expect(clippy::disallowed_methods, reason = "both shells are started")]
fn run(shell: &str, lines: &str) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(shell);
    command.args(["-c", lines, "name", "get", "a b"]).current_dir(folder.path());
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/home/ann").env("KEY", "sk  made up");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    // It need not read its input.
    let _ = child.stdin.take().expect("an input").write_all(b"host=a\nusername=ann\n\nenv[]=b\n");
    child.wait_with_output().expect("it ends")
}

#[test]
fn all_that_is_understood_means_what_it_means_to_sh() {
    for lines in [
        "echo password=found",
        "exit 42",
        "[ $1 = get ] && printf 'username=default\\npassword=sk-\\033[2Jx\\n'; exit 0",
        "[ $1 = store ] && { echo 'error: it is locked' >&2; exit 1; }; exit 0",
        "[ \"$1\" != get ] || echo password=$KEY \"$KEY\" '$KEY'; exit 0",
        "case $1 in get|store) echo one;; (g*) echo two;; *) echo three; esac; cat > /dev/null",
        "case $1 in store) ;; g?t) echo two;; esac",
        "echo $1 \"$2\" \"$@\" $# \"$0\"; shift; echo $1",
        "for word in \"$@\" c$KEY; do printf '%s|' \"$word\"; done",
        "cat >&2; echo password=p",
        "grep -v -e ^env -e ^host >&2; exit 0",
        "grep -c ^host=; grep -q nothing || echo none",
        "grep -q username=ann && echo password=p",
        "grep -E '^(host|username)='; grep -vE '^(host|username)=' /dev/null || echo none",
        "grep -qx host=a && echo whole; grep -qx user || echo none",
        "grep -xF 'env[]=b'; grep -c -F '[]' /dev/null",
        "grep '^env\\[\\]=b$'; touch a; [ -e a ] && echo a",
        "read a; read b; echo \"$b\" $a; cat",
        "while read line; do : \"$line\"; [ \"$line\" = '' ] && echo empty; done; echo end",
        "read first; exec cat",
        "if [ -e file ]; then echo a; elif [ -n \"$NONE\" ]; then echo b; else echo c; fi",
        "echo ${NONE-unset} ${NONE:-un set} ${KEY-no} \"${HOME}/x\" ~/y",
        "{ echo one; echo two; } >> file; echo three >> file; cat file; [ -s file ] && rm file; [ -f file ] || echo gone",
        "(exit 3); echo $?; ( x=1; echo $x ); echo ${x-none}",
        "x=$(printf 'a\\nb\\n\\n'); echo \"$x\" | grep -v b",
        "! false && ! [ a = b ] && echo yes",
        "KEY=other HOME=/h /usr/bin/env | grep -v -e PWD -e ^_ -e SHLVL -e OLDPWD | grep HOME; echo $KEY",
        "exec <&-; echo password=p",
        "echo out; echo err 2>&1 >&2; sleep 0",
        "# nothing\necho 'a # b' # c\necho a\\ b \"c\\\"d\" e\\\nf",
        "nothing-of-that-name 2> /dev/null; echo $?",
        "false || false; exit",
        "cat /dev/null; cat </dev/null; printf 'b=sk-12fz\\na=sk-é\\nc=d\\n' | sed -n 's/=sk-[0-9a-f]*/ /p' | sort",
        "printf 'one two\\nthree\\n\\n' | sed -n 's/o.*e/-/p'; printf 'ab.c\\n' | sed -n 's/b.*//p'",
        "seq 3 12",
        "printf '12345\\n12\\n' | cut -c2-4",
        "printf '%s=%s\\n' a b c d; printf '100%%\\n'",
    ] {
        let (expected, seen) = (run("/bin/sh", lines), run(env!("CARGO_BIN_EXE_tests-sh"), lines));
        let shown = |output: &Output| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (output.status.code(), text(&output.stdout), text(&output.stderr))
        };
        assert_eq!(shown(&seen), shown(&expected), "{lines}");
    }
}

#[test]
fn what_is_not_understood_is_refused() {
    for lines in
        ["sleep 5 &", "echo `date`", "echo ${KEY#sk}", "case x in", "if true; then", "echo 'a' | grep 'b*'", "(echo"]
    {
        let output = run(env!("CARGO_BIN_EXE_tests-sh"), lines);
        assert_eq!(output.status.code(), Some(2), "{lines}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
