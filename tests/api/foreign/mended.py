"""The edit that a researcher makes to the imported craving study before it can be published: check-ins of one length.

Its random survey asks thirteen to fourteen questions after an honest "yes" and one after a "no". Each conditional item gets a neutral
one beside it, asked exactly where the item is not, so that everybody answers the same number. Nothing that the study asks is changed or
left out.

`python -m tests.api.foreign.mended OUT.json [DAYS]` writes the study, drawn by chance and mended, and says what was changed.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from api.actions.import_study import Outcome, import_study
from api.foreign.sources import Given
from api.foreign.study import Wanted
from tests.api.foreign.files import frame
from tests.conftest import ROOT

CORPUS: Final = ROOT.parent / "shared" / "corpus"

NEUTRAL: Final = {
    "time": ("At about what time did you last eat or drink something?",),
    "slider": (
        "How bright is it where you are?",
        "How loud is it where you are?",
        "How warm is it where you are?",
        "How many people are near you?",
        "How comfortable is your seat, or the place where you stand?",
        "How clearly could you describe this place from memory?",
        "How clearly do you remember your last meal?",
        "How long ago does this morning seem?",
        "How much have you been on your feet today?",
        "How much time did you spend outdoors today?",
    ),
    "text": ("What are you looking at right now?",),
    "yes_no": ("Did you have something to drink in the past hour?", "Are you indoors?"),
}
"""Own words, by the kind of the item that they stand beside; about nothing that the study studies."""


def craving_study(days: int) -> Outcome:
    """The published study and those of its questionnaires that are published, with stratified draws in place of hand-drawn minutes."""
    protocol = next((CORPUS / "radar-armt-protocols").rglob("RADAR-mCRAVING-KCL-s1/protocol.json"))
    files = [protocol, *sorted((CORPUS / "radar-armt-questionnaires").rglob("*_ema_armt.json"))]
    return import_study((Given(str(file), file.read_bytes()) for file in files), Wanted(frame(), days, by_chance=True))


def mended(document: dict[str, Any], instrument_id: str) -> tuple[dict[str, Any], list[str]]:
    """The document with an even check-in, and what was changed."""
    changed: list[str] = []
    instruments = [
        {**one, "items": list(_even(one["items"], changed))} if one["id"] == instrument_id else one for one in document["instruments"]
    ]
    return {**document, "instruments": instruments}, changed


def _even(items: Sequence[dict[str, Any]], changed: list[str]) -> Iterator[dict[str, Any]]:
    words = {kind: iter(texts) for kind, texts in NEUTRAL.items()}
    for item in items:
        yield item
        if item["show_if"] is not None:
            # `["not", …]` of a missing answer would be missing too, and then neither would be asked.
            otherwise = ["not", ["==", item["show_if"], True]]
            beside = f"{item['id']}_n"
            changed.append(f"{beside}: a neutral {item['kind']} where {item['id']} is not asked")
            yield {**item, "id": beside, "variable": beside, "text": {"en": next(words[item["kind"]])}, "show_if": otherwise}


def main(out: Path, days: int = 90) -> None:
    document, changed = mended(json.loads(craving_study(days).document), "random_ema")
    out.write_text(json.dumps(document, ensure_ascii=False))
    sys.stdout.write("\n".join([*changed, ""]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
