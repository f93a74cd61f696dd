"""The API's own description as a file: `python -m api.openapi` writes docs/openapi.json, and a test keeps the two alike."""

import json
import sys
from pathlib import Path
from typing import Any

from api.app import build_app
from api.settings import ApiSettings


def document() -> dict[str, Any]:
    """OpenAPI 3.1 of every route. Needs no database."""
    return build_app(ApiSettings()).openapi()


def text() -> str:
    """As it stands in the file: indented, with a stable order."""
    return json.dumps(document(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main(words: list[str]) -> int:
    """Writes the document, or with `--check` says whether the file stands for the routes as they are."""
    checking = "--check" in words
    target = next((Path(word) for word in words if not word.startswith("--")), Path("docs/openapi.json"))
    if not checking:
        target.write_text(text(), encoding="utf-8")
        return 0
    same = target.exists() and target.read_text(encoding="utf-8") == text()
    sys.stdout.write(f"{target} {'and the routes say the same' if same else 'is behind the routes: run make openapi'}\n")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
