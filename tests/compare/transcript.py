"""What a kernel printed, made comparable: without what may differ between two loaders that are both right."""
import difflib
import re

ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[@-~]")
NOT_THE_KERNELS = re.compile(r"BdsDxe: |\[\d+ (?:ms|ticks)\] |.*Up, Down: choose ")
# Below a page it is a count, a flag or an identifier, and must be the same.
ADDRESS = re.compile(r"\b0x([0-9a-fA-F]{4,16})\b|\b[0-9a-fA-F]{16}\b")


def lines_of(text):
    text = ESCAPE_SEQUENCE.sub("", text).replace("\r", "").replace("\0", "")
    return [line.rstrip() for line in text.split("\n") if not NOT_THE_KERNELS.match(line)]


def comparable(text, profile):
    """
    The lines to be compared. Those that several processors write at once come last, sorted, and so do not depend on who
    was first.
    """
    ordered, unordered = [], []
    for line in lines_of(text):
        if any(re.search(pattern, line) for pattern in profile.drop):
            continue
        for pattern, replacement in profile.masks:
            line = re.sub(pattern, replacement, line)
        if not any(re.search(pattern, line) for pattern in profile.exact):
            line = ADDRESS.sub("ADDRESS", line)
        late = any(re.search(pattern, line) for pattern in profile.unordered)
        (unordered if late else ordered).append(line)
    while ordered and not ordered[-1]:
        ordered.pop()
    return ordered + sorted(unordered)


def differences(expected, found):
    """Lines of a unified diff without its heading; empty if both are the same."""
    return list(difflib.unified_diff(expected, found, lineterm="", n=1))[2:]
