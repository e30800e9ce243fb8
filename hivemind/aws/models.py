"""Finding botocore's models of services quickly. Importing this module imports botocore."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from botocore.loaders import Loader


class QuickLoader(Loader):
    """botocore's loader asks each of some 400 folders whether it holds a model of the wanted type before it opens
    the one that is wanted; this one takes every folder's name for a service. What is not there is still an error."""

    def list_available_services(self, type_name: str) -> Any:  # noqa: ARG002  - as botocore calls it
        """Names of all folders with models."""
        folders = [Path(folder) for folder in self.search_paths]
        return sorted({name for folder in folders if folder.is_dir() for name in os.listdir(folder)})  # noqa: PTH208


@cache
def quick_loader(data_path: str | None) -> QuickLoader:
    """One for each data_path: `AWS_DATA_PATH` of the configuration, where a user keeps models of their own."""
    folders = [os.path.expandvars(folder) for folder in (data_path or "").split(os.pathsep) if folder]
    return QuickLoader(extra_search_paths=[str(Path(folder).expanduser()) for folder in folders])
