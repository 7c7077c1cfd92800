"""Holds a compose file against the model of the Compose Specification.

    compose.py FILE

The model passes over keys that it does not know, so what it read is compared with the file.
"""

import sys

import yaml
from compose_spec import ComposeSpecification


def unknown(file, read, path=""):
    """The keys of the file that are not in what was read."""
    if isinstance(file, dict) and isinstance(read, dict):
        for key, value in file.items():
            if key in read:
                yield from unknown(value, read[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}".lstrip(".")
    elif isinstance(file, list) and isinstance(read, list):
        for index, (one, other) in enumerate(zip(file, read)):
            yield from unknown(one, other, f"{path}[{index}]")


def main(path):
    with open(path, encoding="utf-8") as text:
        file = yaml.safe_load(text)
    read = ComposeSpecification.model_validate(file)
    read = read.model_dump(mode="json", by_alias=True, exclude_unset=True)
    for key in unknown(file, read):
        sys.exit(f"{path}: there is no key {key}")


main(sys.argv[1])
