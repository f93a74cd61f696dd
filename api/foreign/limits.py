"""How much of a foreign file is read. Beyond these the file is refused: a study that needs more is none that we have met."""

from typing import Final

MAX_FILES: Final = 500
MAX_BYTES: Final = 20_000_000
"""Of one file, and of one entry of an archive once it is unpacked."""
MAX_TOTAL_BYTES: Final = 100_000_000
MAX_COLUMNS: Final = 200
MAX_FIELDS: Final = 5_000
MAX_OPTIONS: Final = 500
MAX_CELL: Final = 60_000
MAX_TEXT: Final = 4_000
"""What one text of a protocol holds."""
MAX_LOGIC: Final = 10_000
MAX_TOKENS: Final = 2_000
MAX_TERMS: Final = 200
MAX_NESTING: Final = 30
MAX_XML_DEPTH: Final = 40
MAX_XML_ELEMENTS: Final = 200_000
MAX_ENTRIES: Final = 200
MAX_RATIO: Final = 100
"""Unpacked to packed. Text packs ten to one."""
MAX_ASSESSMENTS: Final = 200
MAX_OFFSETS: Final = 2_000
"""Prompts in one cycle of a foreign schedule."""
MAX_PROMPTS: Final = 500_000
"""Of all schedules of a file over the whole study."""
MAX_DESIGNS: Final = 20_000
"""A protocol of that many has more bytes than one may have."""
MAX_NOTES: Final = 20_000
MAX_ORIGINAL: Final = 2_000
"""Of a foreign text that is kept beside a warning."""
