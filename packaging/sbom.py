"""Makes one software bill of materials (CycloneDX) of those of the workspace's crates: sbom.py VERSION FILE…

The first file is the core's: its header becomes that of the whole. Paths of the machine are taken out.
"""

import json
import sys

version, core, *others = sys.argv[1:]


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def without_paths(value):
    """A crate of the workspace is known by its name and version; where it was built is nobody's business."""
    if isinstance(value, dict):
        return {key: without_paths(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_paths(item) for item in value]
    if isinstance(value, str) and value.startswith("path+file://"):
        name = value.rsplit("/", 1)[-1].split(" ")[0]
        return name.replace("#", "@")
    if isinstance(value, str) and "?download_url=file://" in value:
        return value.split("?download_url=")[0]
    return value


whole = without_paths(read(core))
components = {}
dependencies = {}
for bill in [whole] + [without_paths(read(path)) for path in others]:
    own = bill["metadata"]["component"]
    for component in bill.get("components", []) + ([own] if bill is not whole else []):
        components[component["bom-ref"]] = component
    for dependency in bill.get("dependencies", []):
        known = dependencies.setdefault(dependency["ref"], set())
        known.update(dependency.get("dependsOn", []))
whole.pop("serialNumber", None)
whole["metadata"]["component"]["version"] = version
whole["components"] = [components[ref] for ref in sorted(components)]
whole["dependencies"] = [{"ref": ref, "dependsOn": sorted(dependencies[ref])} for ref in sorted(dependencies)]
json.dump(whole, sys.stdout, indent=1, sort_keys=True)
print()
