"""Note what assignments in the body of one function write.

TOTALS[k] = v       global, item          row.seen = True     the item
count += 1          `global count`        self.rows += rows   everybody's
del CACHE[k]        rewritten             x = []; x[0] = 1    made here: nothing
"""

from __future__ import annotations

import ast

from clustrix.analysis._guards import is_private, is_same_for_all
from clustrix.analysis._passing import is_container
from clustrix.analysis._refs import ITEM, NOTHING, Ref, Value, join, member, shell
from clustrix.analysis._touched import ADD, REBIND, REWRITE
from clustrix.analysis._touching import Touching
from clustrix.analysis.catalogue.effects import MUTABLE

__all__ = ["Targets"]

# Done in any order they give the same; rounding of floats aside.
_COMMUTES = (ast.Add, ast.Sub, ast.BitOr, ast.BitAnd, ast.BitXor)


class Targets(Touching):
    """One function being read: what its names, and the things in them, are given."""

    def bind(self, target: ast.expr, value: Value, said: ast.expr | None = None) -> None:
        """Give a target a value: a write, where the target outlives the call."""
        self.reader.step(self.depth)
        if isinstance(target, ast.Name):
            self._bind_name(target, value)
        elif isinstance(target, ast.Attribute):
            for ref in self.refer(target.value):
                self._set_attribute(ref, target)
        elif isinstance(target, ast.Subscript):
            self._set_item(target)
            self.keep(target.value, value, said or target)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, shell(value))
        elif isinstance(target, ast.Tuple | ast.List):
            self.use_up(value, target)
            for part in target.elts:
                self.bind(part, member(value))

    def _bind_name(self, target: ast.Name, value: Value) -> None:
        name = target.id
        said = self.shared_names.get(name)
        if said is None:
            self.names[name] = value
            return
        if said == "nonlocal" and self._bind_around(name, value):
            return
        self._write_name(REBIND, target)

    def _bind_around(self, name: str, value: Value) -> bool:
        """``nonlocal`` of a name that is local to a function being read: no one else's."""
        walk = self.outer
        while walk is not None:
            if name in walk.names and walk.shared_names.get(name) is None:
                walk.names[name] = join(walk.names[name], value)
                return True
            walk = walk.outer
        return False

    def _write_name(self, kind: str, target: ast.Name, *, guarded: bool = False) -> None:
        if not self.home.internal:
            self.touch(kind, Ref(target.id), target, guarded=guarded)

    def _set_attribute(self, ref: Ref, target: ast.Attribute) -> None:
        if ref.thing is not None and is_private(ref):
            return
        self.touch(REBIND, ref, target, part=f".{target.attr}")

    def _set_item(self, target: ast.Subscript) -> None:
        self.value(target.slice)
        same = is_same_for_all(target.slice, self.names)
        for ref in self.refer(target.value):
            if same and ref.root != ITEM:
                name = f"{ref.path}[{ast.unparse(target.slice)}]"
                self.touch(REBIND, ref, target, name=name)
            else:
                self.touch(ADD, ref, target)

    def _shared(self, node: ast.Global | ast.Nonlocal) -> None:
        word = "global" if isinstance(node, ast.Global) else "nonlocal"
        self.shared_names.update(dict.fromkeys(node.names, word))

    def _assign(self, node: ast.Assign) -> None:
        several = isinstance(node.value, ast.Tuple) and all(
            isinstance(target, ast.Tuple) and len(target.elts) == len(node.value.elts)
            for target in node.targets
        )
        if several:  # a, b = x, y
            values = [self.value(part) for part in node.value.elts]  # type: ignore[attr-defined]
            for target in node.targets:
                for part, value in zip(target.elts, values, strict=True):  # type: ignore[attr-defined]
                    self.bind(part, value)
            return
        value = self._valued(node.value)
        for target in node.targets:
            self.bind(target, value, node.value)

    def _valued(self, node: ast.expr) -> Value:
        """What is given to a name: an alias of something is not yet a look at it."""
        alias = isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.IfExp)
        return self.refer(node) if alias else self.value(node)

    def _ann_assign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.bind(node.target, self._valued(node.value))

    def _aug_assign(self, node: ast.AugAssign) -> None:
        added, target = self.value(node.value), node.target
        guarded = self.locks > 0 and isinstance(node.op, _COMMUTES)
        if isinstance(target, ast.Name):
            self._add_to_name(target, node, added, guarded)
        elif isinstance(target, ast.Attribute):
            for ref in self.refer(target.value):
                part = f".{target.attr}"
                if not (ref.thing is not None and is_private(ref)):
                    self.touch(REWRITE, ref, target, part=part, guarded=guarded)
        else:
            self.value(target.slice)
            for ref in self.refer(target.value):
                self.touch(REWRITE, ref, target, guarded=guarded)

    def _add_to_name(
        self, target: ast.Name, node: ast.AugAssign, added: Value, guarded: bool
    ) -> None:
        said = self.shared_names.get(target.id)
        if said is not None:
            if not (said == "nonlocal" and self._bind_around(target.id, NOTHING)):
                self._write_name(REWRITE, target, guarded=guarded)
            return
        found = self.look_up(target.id)
        for ref in found:  # numbers and text are replaced, containers are changed in place
            kinds = set(ref.thing.kinds()) if ref.thing else set()
            if is_container(node.value) or not MUTABLE.isdisjoint(kinds):
                self.touch(ADD if is_container(node.value) else REWRITE, ref, target)
        self.names[target.id] = join(found, shell(member(added)))

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                if target.id in self.shared_names:
                    self._write_name(REWRITE, target)
                self.names.pop(target.id, None)
            elif isinstance(target, ast.Attribute):
                for ref in self.refer(target.value):
                    self.touch(REWRITE, ref, target, part=f".{target.attr}")
            elif isinstance(target, ast.Subscript):
                self.value(target.slice)
                for ref in self.refer(target.value):
                    self.touch(REWRITE, ref, target)
