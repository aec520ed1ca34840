from collections.abc import Callable, Mapping
from typing import Any

def compile_writer(avsc: Mapping[str, Any], nested: Mapping[str, type[Any]]) -> Callable[[Any], bytes]: ...
def compile_reader(
    avsc: Mapping[str, Any], nested: Mapping[str, type[Any]], cls: type[Any]
) -> Callable[[bytes, int], tuple[Any, int]]: ...
