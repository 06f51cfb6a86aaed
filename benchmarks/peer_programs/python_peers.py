"""Passes by py-pkpass or wallet-py3k, as their READMEs show.

Usage: python python_peers.py MODULE MATERIALS, with the lines and answers of talk.mjs. Signs in
the process or, as wallet-py3k does, in one of OpenSSL's: both count.
"""

import json
import resource
import sys
import time
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

_ADD = {
    "headerFields": "addHeaderField",
    "primaryFields": "addPrimaryField",
    "secondaryFields": "addSecondaryField",
    "auxiliaryFields": "addAuxiliaryField",
    "backFields": "addBackField",
}


def main(module: str, materials: Path) -> None:
    """Answer each line of standard input."""
    models = import_module(f"{module}.models")
    model = json.loads((materials / "model.json").read_text("utf-8"))
    folders = (materials / "images", materials / "strings")
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for folder in folders
        for path in folder.rglob("*.*")
        if path.is_file()
    }
    pems = [str(materials / f"{name}.pem") for name in ("certificate", "key", "wwdr")]
    for line in sys.stdin:
        asked = json.loads(line)
        began, clock = _processor(), time.perf_counter()
        made = [_make(models, model, files, pems, each) for each in asked["passes"]]
        spent = {"processor": _processor() - began, "clock": time.perf_counter() - clock}
        for index, data in enumerate(made):
            Path(asked["folder"], f"{index}.pkpass").write_bytes(data)
        print(json.dumps(spent), flush=True)


def _make(models: Any, model: Any, files: dict[str, bytes], pems: list[str], each: Any) -> bytes:
    card = models.StoreCard()
    for group, fields in model["groups"].items():
        for field in fields:
            value = each["values"].get(field["key"], field.get("value"))
            getattr(card, _ADD[group])(field["key"], value, field["label"])
            if "changeMessage" in field:
                getattr(card, group)[-1].changeMessage = field["changeMessage"]
    pass_ = models.Pass(
        card,
        passTypeIdentifier=model["pass"]["passTypeIdentifier"],
        organizationName=model["pass"]["organizationName"],
        teamIdentifier=model["pass"]["teamIdentifier"],
    )
    rest = {name: value for name, value in model["pass"].items() if hasattr(pass_, name)}
    for name, value in rest.items():
        setattr(pass_, name, value)
    pass_.serialNumber = each["serialNumber"]
    pass_.authenticationToken = each["authenticationToken"]
    code = each["barcode"]
    pass_.barcode = models.Barcode(
        message=code["message"], format=code["format"], altText=code["altText"]
    )
    for name, data in files.items():
        pass_.addFile(name, BytesIO(data))
    return pass_.create(*pems, "", BytesIO()).getvalue()


def _processor() -> float:
    """Seconds of processor time of this process and of those that it has started."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(each.ru_utime + each.ru_stime for each in map(resource.getrusage, kinds))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
