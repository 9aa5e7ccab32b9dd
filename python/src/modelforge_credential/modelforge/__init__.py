"""ModelForge's credentials in the helpers of modelforge-credential, instead of in its configuration file.

One call is enough. ModelForge's library and command line then work as before:

>>> import modelforge_credential.modelforge
>>> modelforge_credential.modelforge.install()  # doctest: +SKIP

`python -m modelforge_credential.modelforge …` runs ModelForge's command line after that call.

The classes are for a patch of ModelForge. A storage stores and returns what ModelForge calls authentication data: a
dictionary with `api_key`, or with `access_token` and its expiry, refresh token and so on.

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
