"""Hash of a method's parameters, stamped on every derived row. No estimator and no default value belongs here."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any


def params_hash(parameters: Any) -> str:
    """Give the short hash of a parameter dataclass.

    Args:
        parameters: A dataclass instance whose fields are JSON values, tuples or such dataclasses.

    Returns:
        Twelve hexadecimal digits; equal parameters give equal digits on every machine.
    """
    text = json.dumps(dataclasses.asdict(parameters), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
