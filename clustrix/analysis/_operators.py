"""Which methods of an object run where none is named: by operators, and by built-in functions.

    box << x    ──> __lshift__, or __rlshift__ of x
    f"{box}"    ──> __format__, __str__, __repr__
    len(box)    ──> __len__
    box[k]      ──> __getitem__, __missing__

The object says which of them its class has; those of built-in types are not looked into.
"""

from __future__ import annotations

import ast
from typing import Final

__all__ = ["CALLED_BY", "FORMATTED", "OPENS", "SUBSCRIPTED", "operator_methods"]

_NAMES: Final[dict[type, str]] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.MatMult: "matmul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
    ast.LShift: "lshift",
    ast.RShift: "rshift",
    ast.BitAnd: "and",
    ast.BitOr: "or",
    ast.BitXor: "xor",
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.In: "contains",
    ast.NotIn: "contains",
    ast.USub: "neg",
    ast.UAdd: "pos",
    ast.Invert: "invert",
    ast.Not: "bool",
}
_MIRRORED: Final = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}

OPENS: Final = ("__enter__", "__exit__")
SUBSCRIPTED: Final = ("__getitem__", "__missing__")
FORMATTED: Final = ("__format__", "__str__", "__repr__")

# What goes through an object calls `__iter__` besides.
CALLED_BY: Final[dict[str, tuple[str, ...]]] = {
    "abs": ("__abs__",),
    "bool": ("__bool__", "__len__"),
    "bytes": ("__bytes__",),
    "complex": ("__complex__",),
    "divmod": ("__divmod__",),
    "float": ("__float__",),
    "format": FORMATTED,
    "hash": ("__hash__",),
    "int": ("__int__", "__index__"),
    "len": ("__len__",),
    "next": ("__next__",),
    "print": ("__str__", "__repr__"),
    "repr": ("__repr__",),
    "reversed": ("__reversed__", "__len__", "__getitem__"),
    "round": ("__round__",),
    "str": ("__str__", "__repr__"),
}


def operator_methods(operator: ast.AST, *, right: bool = False) -> tuple[str, ...]:
    """What an operator calls of the object beside it.

    Args:
        operator: the node of it.
        right: whether the object stands behind it.

    Examples:
        >>> operator_methods(ast.Add()), operator_methods(ast.Lt(), right=True)
        (('__add__',), ('__gt__',))
        >>> operator_methods(ast.In(), right=True), operator_methods(ast.Is())
        (('__contains__',), ())
    """
    name = _NAMES.get(type(operator), "")
    if not name or (name == "contains" and not right):
        return ()
    if right and name != "contains":
        name = _MIRRORED.get(name, f"r{name}")
    return (f"__{name}__",)
