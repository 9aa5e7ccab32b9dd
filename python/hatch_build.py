"""Packs the programs into the wheel, from the staged tree that `packaging/wheel/make` names.

Without one, as in `pip install ./python` in a checkout, the wheel has the Python package alone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Programs(BuildHookInterface):  # type: ignore[type-arg]
    """The programs, with their manual pages and completions."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Prepare the build; hatchling calls this before it packs."""
        stage = os.environ.get("MODELFORGE_CREDENTIAL_STAGE")
        if not stage:
            return
        tree = Path(stage, "usr")
        bill = tree / "share/doc/modelforge-credential/sbom.cdx.json"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{os.environ['MODELFORGE_CREDENTIAL_PLATFORM']}"
        # As scripts, so that the core finds its helpers next to itself, and pip and uv remove them again.
        build_data["shared_scripts"].update({str(program): program.name for program in (tree / "bin").iterdir()})
        shared = (file for file in tree.glob("share/**/*") if file.is_file() and file != bill)
        build_data["shared_data"].update({str(file): str(file.relative_to(tree)) for file in shared})
        build_data["sbom_files"].append(str(bill))
