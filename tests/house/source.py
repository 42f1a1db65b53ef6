"""The tree of source files, parsed once, with the names in it followed back to where they were imported from."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bot", "handlers", "storage")

# The rooms that may know all three packages: they build everything else.
FRONT_DOOR = ("bot.__main__", "bot.cli", "bot.demo", "bot.app", "bot.wiring", "bot.database")


@dataclass(frozen=True)
class Source:
    """One Python file."""

    module: str
    text: str
    path: Path = ROOT

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All of the tree, each node before those in it."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def imports(self) -> tuple[tuple[str, int], ...]:
        """(module or module.name, line) of every import, wherever in the file it stands."""
        imports: list[tuple[str, int]] = []
        for node in self.nodes:
            if isinstance(node, ast.Import):
                imports += [(alias.name, node.lineno) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                imports += [(f"{base}.{alias.name}", node.lineno) for alias in node.names]
        return tuple(imports)

    @cached_property
    def names(self) -> dict[str, str]:
        """A name in this file -> what was imported under it."""
        names: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    names[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    names[alias.asname or alias.name] = f"{self._base(node)}.{alias.name}"
        return names

    def uses(self) -> Iterator[tuple[str, int]]:
        """(full dotted name, line) of every use of something imported: `datetime.now` comes out as datetime.datetime.now."""
        inner: set[int] = set()
        for node in self.nodes:  # an attribute is met before the name that it stands on
            if id(node) in inner:
                continue
            dotted: list[str] = []
            part: ast.AST = node
            while isinstance(part, ast.Attribute):
                dotted.append(part.attr)
                inner.add(id(part.value))
                part = part.value
            if isinstance(part, ast.Name) and part.id in self.names:
                yield ".".join([self.names[part.id], *reversed(dotted)]), part.lineno

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.module.split(".")
        parent = parts[: len(parts) - node.level + (self.path.name == "__init__.py")]
        return ".".join([*parent, *([node.module] if node.module else [])])

    def at(self, line: int) -> str:
        return f"{self.path.relative_to(ROOT) if self.path != ROOT else self.module}:{line}"


def is_in(module: str, *places: str) -> bool:
    """Whether a module, or a name in it, is one of these or below one of them."""
    return any(module == place or module.startswith(f"{place}.") for place in places)


@cache
def sources(*tops: str) -> tuple[Source, ...]:
    """Every file of these packages, in order."""
    files = []
    for top in tops:
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            files.append(Source(module, path.read_text("utf-8"), path))
    return tuple(files)


def ours() -> tuple[Source, ...]:
    """The product itself."""
    return sources(*PACKAGES)
