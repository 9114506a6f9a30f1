"""Stands in for the build backends of source archives that are only unpacked, never built.

`pip download` asks a source archive's backend for its metadata before it keeps the file; the real
backends install compilers' worth of packages for that (nanoarrow's takes over a minute).
The name and the version are all that pip compares, and they stand in PKG-INFO.
tools/setup puts this file on PYTHONPATH under each backend's module name.
"""
import os
import re


def _header(name):
    with open("PKG-INFO", encoding="utf-8") as file:
        return re.search(rf"^{name}: (.*)$", file.read(), re.M)[1].strip()


def get_requires_for_build_wheel(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    name, version = _header("Name"), _header("Version")
    folder = f"{name.replace('-', '_')}-{version}.dist-info"
    os.makedirs(os.path.join(metadata_directory, folder))
    with open(os.path.join(metadata_directory, folder, "METADATA"), "w", encoding="utf-8") as file:
        file.write(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return folder


def _refuse(*args, **kwargs):
    raise RuntimeError("this backend only answers for metadata")


build_wheel = build_sdist = build_editable = _refuse
get_requires_for_build_sdist = get_requires_for_build_editable = prepare_metadata_for_build_editable = _refuse
