"""Reads the manifests of KServe's own kinds strictly, by the types of KServe's Python library: it names every field that they do not have,
and every value of another type. make clients-test runs it.

kserve_fields.py FILE...
"""

import importlib.metadata
import re
import sys

import kserve
import kubernetes.client
import yaml

PLAIN = {"str": str, "int": int, "float": (int, float), "bool": bool, "object": object, "datetime": str, "ResourceQuantity": (str, int)}
PREFIX = {"serving.kserve.io/v1alpha1": "V1alpha1", "serving.kserve.io/v1beta1": "V1beta1"}


def type_named(name):
    return getattr(kserve, name, None) or getattr(kubernetes.client, name)


def faults(value, kind, path):
    """What is wrong with a value, whose type is named as in the library's tables: str, list[V1Container], dict(str, str), V1Container,
    and with List and Dict in that of Kubernetes."""
    if listed := re.fullmatch(r"[Ll]ist\[(.*)\]", kind):
        if not isinstance(value, list):
            return [f"{path} must be a list"]
        return [fault for i, each in enumerate(value) for fault in faults(each, listed[1], f"{path}[{i}]")]
    if mapped := re.fullmatch(r"[Dd]ict[(\[]str, (.*)[)\]]", kind):
        if not isinstance(value, dict):
            return [f"{path} must be a map"]
        return [fault for key, each in value.items() for fault in faults(each, mapped[1], f"{path}.{key}")]
    if kind in PLAIN:
        right = isinstance(value, PLAIN[kind]) and (kind in ("bool", "object") or not isinstance(value, bool))
        return [] if right else [f"{path} must be of the type {kind}; got {value!r}"]
    known = type_named(kind)
    if not isinstance(value, dict):
        return [f"{path} must be a {kind}"]
    types = {known.attribute_map[name]: of for name, of in known.openapi_types.items()}
    found = [f"{path}.{field} is not a field of {kind}" for field in value if field not in types]
    for field in value.keys() & types.keys():
        found += faults(value[field], types[field], f"{path}.{field}")
    return found


def main():
    found, objects = [], 0
    for file in sys.argv[1:]:
        with open(file) as text:
            for thing in yaml.safe_load_all(text):
                objects += 1
                found += faults(thing, PREFIX[thing["apiVersion"]] + thing["kind"], thing["kind"])
    if found or not objects:
        sys.exit("\n".join(found) or "there is no object")
    print(f"{objects} objects have the fields of KServe {importlib.metadata.version('kserve')}")


main()
