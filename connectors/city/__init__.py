"""まち: a synthetic city that writes real file formats (宛名, 調定, 全銀, コンビニ収納) with their trouble."""

from connectors.city.city import (
    DEFAULT_JICHITAI_CODE,
    DEFAULT_TODAY,
    MANIFEST,
    City,
    Manifest,
    Progress,
    make_city,
    write_city,
)
from connectors.city.confidential import found_in_clear
from connectors.city.truth import Expected

__all__ = [
    "DEFAULT_JICHITAI_CODE",
    "DEFAULT_TODAY",
    "MANIFEST",
    "City",
    "Expected",
    "Manifest",
    "Progress",
    "found_in_clear",
    "make_city",
    "write_city",
]
