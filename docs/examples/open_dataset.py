"""Opens an exported dataset with pandas, typed by its own descriptor, and prints what is in it.

    python docs/examples/open_dataset.py EXPORT.zip

Needs pandas and nothing of this project: copy it into your analysis.
"""

import io
import json
import sys
import zipfile
from pathlib import Path

import pandas as pd

DTYPES = {"integer": "Int64", "number": "Float64"}


class Dataset:
    """The tables of one export, from the archive or a folder that it was unpacked into."""

    def __init__(self, path):
        self.path = Path(path)
        self.package = json.loads(self.read("datapackage.json"))
        self.manifest = json.loads(self.read("MANIFEST.json"))
        self.resources = {resource["name"]: resource for resource in self.package["resources"]}

    def read(self, name):
        if self.path.is_dir():
            return (self.path / name).read_bytes()
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(name)

    def raw(self, name):
        """A table as text: every cell as it stands in the file."""
        return pd.read_csv(io.BytesIO(self.read(self.resources[name]["path"])), dtype=str, keep_default_na=False)

    def table(self, name):
        """A table with the types of the descriptor; every kind of nothing is missing."""
        schema = self.resources[name]["schema"]
        frame = self.raw(name)
        columns = {field["name"]: typed(frame[field["name"]], field, schema["missingValues"]) for field in schema["fields"]}
        return pd.DataFrame(columns)

    def why_missing(self):
        """For each item of the prompt table: how often it was not shown, declined, skipped or not reached."""
        kinds = {code: kind for kind, code in self.package["missingCodes"].items()}
        prompts = self.raw("prompts")
        counts = {name: prompts[name].map(kinds).value_counts() for name in self.items() if name in prompts}
        return pd.DataFrame(counts).T.fillna(0).astype(int)

    def items(self):
        """The prompt table's item columns, in the order of the codebook."""
        columns = self.raw("items")["column"]
        return list(dict.fromkeys(name for name in columns if name))


def typed(cells, field, missing_values):
    """One column of text as what the descriptor says it is."""
    cells = cells.mask(cells.isin(missing_values))
    kind = field["type"]
    if kind in DTYPES:
        return pd.to_numeric(cells).astype(DTYPES[kind])
    if kind == "boolean":
        return cells.map({"1": True, "0": False}).astype("boolean")
    if kind == "datetime":
        return pd.to_datetime(cells, utc=True, format="ISO8601")
    if kind == "date":
        return pd.to_datetime(cells, format="%Y-%m-%d")
    enum = field.get("constraints", {}).get("enum")
    return cells.astype(pd.CategoricalDtype(enum)) if enum else cells.astype("string")


def summarize(dataset):
    """The first look: people, what became of the prompts, compliance, nothing by kind, craving by person."""
    manifest = dataset.manifest
    print(f"{manifest['study']['title']}, release {manifest['release']}, as of {manifest['as_of']}")
    if manifest["synthetic"]:
        print("SYNTHETIC: simulated people")
    for name in dataset.resources:
        print(f"  {name:<13} {len(dataset.raw(name)):>8} rows")
    if "prompts" not in dataset.resources:
        return
    prompts = dataset.table("prompts")
    planned = prompts[prompts["row_kind"] == "prompt"]
    print("\nWhat became of the prompts")
    print(planned["status"].value_counts().loc[lambda counts: counts > 0].to_string())
    print(f"\nCompliance, mean over persons: {manifest['compliance']['on_time']}")
    print("\nKinds of nothing, all items together")
    print(dataset.why_missing().sum().to_string())
    if "m_crave_now" in prompts:
        print("\nCraving now, by person and trigger")
        craving = prompts.dropna(subset=["m_crave_now"]).groupby(["participant_id", "trigger"], observed=True)["m_crave_now"]
        print(craving.agg(["count", "mean"]).to_string())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python open_dataset.py EXPORT.zip")
    summarize(Dataset(sys.argv[1]))
