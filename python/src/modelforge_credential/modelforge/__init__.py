"""ModelForge's credentials in the helpers of modelforge-credential, instead of in its configuration file.

One call puts it under ModelForge, whose library and command line then work as before:

>>> import modelforge_credential.modelforge
>>> modelforge_credential.modelforge.install()  # doctest: +SKIP

`python -m modelforge_credential.modelforge …` is ModelForge's command line with that call in front of it.

The classes are for a ModelForge that is built on them. A storage takes and gives what ModelForge calls authentication
data: a dictionary with `api_key`, or with `access_token` and what belongs to it.

>>> manager = modelforge_credential.modelforge.CredentialManager()
>>> manager.store("openai", {"api_key": "sk-example"})
>>> manager.retrieve("openai")
{'api_key': 'sk-example'}
>>> manager.delete("openai")
>>> manager.exists("openai")
False
"""

from __future__ import annotations

from ._install import install, uninstall
from ._storage import (
    AutoStorage,
    CredentialManager,
    CredentialStorage,
    EncryptedFileStorage,
    EnvVarStorage,
    KeyringStorage,
)

__all__ = [
    "AutoStorage",
    "CredentialManager",
    "CredentialStorage",
    "EncryptedFileStorage",
    "EnvVarStorage",
    "KeyringStorage",
    "install",
    "uninstall",
]
