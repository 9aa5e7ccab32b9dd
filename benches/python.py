"""The measurements of `sh benches/python`. Only ratios mean something on a machine that is shared: everything is taken in turn."""

import importlib.util
import os
import statistics
import subprocess
import sys
import time

import modelforge_credential as mc
from modelforge_credential._program import find

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "200"))
REQUEST = b"provider=openai\n"


def in_turn(cases, rounds=ROUNDS):
    """The median milliseconds of each, measured one after the other in each round."""
    times = {name: [] for name in cases}
    for round_ in range(rounds + 5):
        for name, action in cases.items():
            start = time.perf_counter()
            action()
            if round_ >= 5:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(all_) * 1000 for name, all_ in times.items()}


def tell(medians, base):
    """One line each, with the difference from the first."""
    for name, median in medians.items():
        print(f"{name:48}{median:9.2f} ms  {median - medians[base]:+8.2f} ms")
    print()


def program(*words, **options):
    """Starts a program as Python does it."""
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **options)


path = find(os.environ)
mc.store("sk-benchmark", "openai")
tell(
    in_turn(
        {
            "the program's get, started by subprocess": lambda: program(path, "get", input=REQUEST),
            "get": lambda: mc.get("openai"),
            "key": lambda: mc.key("openai"),
            "get of what is not there": lambda: mc.get("mistral"),
            "copies": mc.copies,
            "store": lambda: mc.store("sk-benchmark", "openai"),
        }
    ),
    "the program's get, started by subprocess",
)

empty = [sys.executable, "-I", "-S", "-c"]
where = os.path.dirname(os.path.dirname(mc.__file__))
add = f"import sys; sys.path.insert(0, {where!r}); "
tell(
    in_turn(
        {
            "python, empty": lambda: program(*empty, add),
            "python, import modelforge_credential": lambda: program(*empty, add + "import modelforge_credential"),
            "python, import subprocess": lambda: program(*empty, add + "import subprocess"),
            "python, key('openai')": lambda: program(
                *empty, add + "import modelforge_credential; modelforge_credential.key('openai')"
            ),
        },
        max(20, ROUNDS // 5),
    ),
    "python, empty",
)

if importlib.util.find_spec("modelforge"):
    from modelforge import auth, config

    from modelforge_credential.modelforge import install, uninstall

    settings = {"base_url": "https://api.openai.com/v1", "auth_strategy": "api_key"}
    config.save_config({"providers": {"openai": settings}})
    auth.logger.setLevel("ERROR")

    def with_ours(name, *arguments):
        """Their function, with our storage under it."""
        install()
        getattr(auth, name)(*arguments)
        uninstall()

    data = {"api_key": "sk-benchmark"}
    for name, arguments in (("get_auth_data", ()), ("save_auth_data", (data,)), ("clear_auth_data", ())):
        theirs = f"{name}, the file"
        tell(
            in_turn(
                {
                    theirs: lambda: getattr(auth, name)("openai", *arguments),  # noqa: B023
                    f"{name}, the helpers": lambda: with_ours(name, "openai", *arguments),  # noqa: B023
                }
            ),
            theirs,
        )
