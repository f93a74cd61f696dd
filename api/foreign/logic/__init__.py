"""The logic of REDCap and of RADAR: text into a tree of theirs, theirs into ours, ours into text again. Nothing is ever evaluated."""
