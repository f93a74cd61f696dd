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


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/openapi.json")
    target.write_text(text(), encoding="utf-8")
