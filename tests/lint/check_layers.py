"""Rules layers and cycles: what a folder may include (layers.txt), and that the folders' graph has no cycle."""

import fnmatch
import posixpath
import re
from dataclasses import dataclass, field

from source_tree import CXX, Finding, line_of

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)
IMPORT = re.compile(r'^[ \t]*import[ \t]+(?:public[ \t]+)?(")([^"\n]+)"', re.M)
NAMESPACE = re.compile(r"^\s*(?:inline\s+)?namespace\s+([\w:]+)", re.M)
RULES = "tests/lint/layers.txt"


@dataclass
class Layer:
    folder: str
    line: int
    flat: bool = False
    namespaces: list = field(default_factory=list)
    may: list = field(default_factory=list)
    third: list = field(default_factory=list)  # (file or "", prefix)
    without: list = field(default_factory=list)


@dataclass
class Layers:
    everywhere: list = field(default_factory=list)
    system: list = field(default_factory=list)
    private: list = field(default_factory=list)
    apart: list = field(default_factory=list)  # ([pattern], [pattern])
    folders: dict = field(default_factory=dict)

    def of(self, path):
        """The layer of a file: the longest folder that holds it; None when no line of layers.txt does."""
        folder = posixpath.dirname(path)
        own = folder
        while folder:
            layer = self.folders.get(folder)
            if layer and (not layer.flat or folder == own):
                return layer
            folder = posixpath.dirname(folder)
        return None

    def reachable(self, folder):
        """What `folder` may include: what it names, and all that those may include."""
        seen, todo = set(), [folder]
        while todo:
            layer = self.folders.get(todo.pop())
            for name in layer.may if layer else []:
                if name not in seen:
                    seen.add(name)
                    todo.append(name)
        return seen


class BadRules(Exception):
    """A line of layers.txt that cannot be read."""


def read_layers(tree):
    layers, current = Layers(), None
    if RULES not in tree.known:
        raise BadRules(f"{RULES}: missing; the rules are read from there")
    for number, raw in enumerate(tree.lines(RULES), 1):
        words = raw.split("#")[0].split()
        if not words:
            continue
        key, rest = words[0], words[1:]
        if key == "folder" and len(rest) == 1:
            current = layers.folders[rest[0]] = Layer(rest[0], number)
        elif key in ("everywhere", "system", "private"):
            getattr(layers, key).extend(rest)
        elif key == "apart" and "from" in rest:
            at = rest.index("from")
            layers.apart.append((rest[:at], rest[at + 1:]))
        elif current and key == "flat":
            current.flat = True
        elif current and key == "namespace":
            current.namespaces += rest
        elif current and key in ("may", "without"):
            getattr(current, key).extend(rest)
        elif current and key == "third":
            name = rest.pop(0)[:-1] if rest and rest[0].endswith(":") else ""
            current.third += [(name, prefix) for prefix in rest]
        else:
            raise BadRules(f"{RULES}:{number}: not understood: {raw.strip()}")
    for layer in layers.folders.values():
        for name in layer.may:
            if name not in layers.folders:
                raise BadRules(f"{RULES}:{layer.line}: {layer.folder} may include {name}, which no line describes")
    return layers


def includes(tree, path):
    """(line, '<' or '"', name) of every include or import of a file."""
    text = tree.code(path, literals=True)
    pattern = IMPORT if path.endswith(".proto") else INCLUDE
    return [(line_of(text, m.start(2)), m.group(1), m.group(2)) for m in pattern.finditer(text)]


def source_of(name):
    """The .proto behind a generated header, else the name itself."""
    return re.sub(r"(\.grpc)?\.pb\.h$", ".proto", name)


def starts(name, prefixes):
    return any(name == p or (name.startswith(p) and not p.endswith(".h")) for p in prefixes)


def checked_files(tree):
    """Everything that is compiled, but for tests, which may include what they like."""
    return [f for f in tree.with_suffix(*CXX, ".proto") if not f.startswith("tests/")]


def check_layers(tree):
    layers = read_layers(tree)
    findings = []
    for path in checked_files(tree):
        layer = layers.of(path)
        if layer is None:
            findings.append(Finding(path, 0, "layers", "its folder is in no line of layers.txt",
                                    f"give the folder a line in {RULES}, with what it may include"))
            continue
        for line, kind, name in includes(tree, path):
            found = one_include(tree, layers, layer, path, kind, name)
            if found:
                findings.append(Finding(path, line, "layers", *found))
        findings += namespaces(tree, layer, path)
    return findings + shown_types(tree, layers) + kept_apart(tree, layers)


def one_include(tree, layers, layer, path, kind, name):
    """(what is wrong, what to do) or None."""
    if kind == '"':
        return project_include(tree, layers, layer, name)
    if starts(name, layer.without):
        return (f"<{name}> in {layer.folder}, which does without it",
                "take what it gives as a parameter or through a port that the layer above implements")
    standard = re.fullmatch(r"[a-z_0-9]+", name) or re.fullmatch(r"[a-z]+\.h", name) and starts(name, layers.system)
    if standard or starts(name, layers.system) or starts(name, layers.everywhere):
        return None
    here = [(file, prefix) for file, prefix in layer.third if starts(name, [prefix])]
    if any(not file or f"{layer.folder}/{file}" == path for file, _ in here):
        return None
    if here:
        return (f"<{name}> outside {layer.folder}/{here[0][0]}", f"go through what {here[0][0]} offers")
    homes = [f"{l.folder}/{f}" if f else l.folder
             for l in layers.folders.values() for f, p in l.third if starts(name, [p])]
    where = "only in " + ", ".join(dict.fromkeys(homes)) if homes else "in no folder"
    return (f"third-party header <{name}> in {layer.folder}",
            f"it is allowed {where} ({RULES}); use that folder's interface")


def project_include(tree, layers, layer, name):
    source = source_of(name)
    if source not in tree.known:
        if name.startswith("google/protobuf/"):
            return None  # imports of well-known types in a .proto
        return (f'"{name}" is no file of the project',
                'write project includes from the root ("crypto/sm3.h") and others in <>')
    if name.endswith(".grpc.pb.h") and not any(starts("grpcpp/", [p]) for _, p in layer.third):
        return (f"generated gRPC header {name} in {layer.folder}", "only the folders that may use gRPC include it")
    target = layers.of(source)
    if target is None:
        return (f"{name} is in a folder without a line in layers.txt", f"give the folder a line in {RULES}")
    if target.folder != layer.folder and target.folder not in layers.reachable(layer.folder):
        may = ", ".join(sorted(layers.reachable(layer.folder))) or "nothing of the project"
        return (f"{layer.folder} may not include {target.folder} ({name})",
                f"it may include {may}; let the lower folder declare an interface and the upper one implement it")
    return None


def namespaces(tree, layer, path):
    """A header declares into its folder's namespace; beside it, it may open others (forward declarations)."""
    if not path.endswith(".h") or not layer.namespaces:
        return []
    opened = [(m.start(1), m.group(1)) for m in NAMESPACE.finditer(tree.code(path))]
    if not opened or any(o == n or o.startswith(n + "::") for _, o in opened for n in layer.namespaces):
        return []
    return [Finding(path, line_of(tree.code(path), opened[0][0]), "layers",
                    f"namespace {opened[0][1]} in {layer.folder}",
                    f"the folder's namespace is {' or '.join(layer.namespaces)}")]


def shown_types(tree, layers):
    """A header with a third-party type in it may be included in its own folder only."""
    users = {}
    for path in checked_files(tree):
        for _, kind, name in includes(tree, path):
            if kind == '"':
                users.setdefault(name, []).append(path)
    findings = []
    for path in checked_files(tree):
        layer = layers.of(path)
        if not path.endswith(".h") or layer is None:
            continue
        for line, kind, name in includes(tree, path):
            if kind == '"' or not starts(name, layers.private):
                continue
            others = [u for u in users.get(path, []) if layers.of(u) is not layer]
            if others:
                findings.append(Finding(path, line, "layers", f"shows <{name}> to {others[0]}",
                                        "hide it behind a pointer to a type declared here and defined in the .cc"))
    return findings


def kept_apart(tree, layers):
    findings = []
    for left, right in layers.apart:
        for path in tree.with_suffix(*CXX):
            if not any(fnmatch.fnmatch(path, p) for p in left):
                continue
            chain = reaches(tree, path, right)
            if chain:
                findings.append(Finding(path, 0, "layers", "includes " + " which includes ".join(chain[1:]),
                                        f"the two must share no code ({RULES}, apart)"))
    return findings


def reaches(tree, path, patterns):
    """The chain of includes from `path` to a file that matches, or None."""
    seen, todo = {path}, [[path]]
    while todo:
        chain = todo.pop()
        for _, kind, name in includes(tree, chain[-1]):
            if kind != '"' or name not in tree.known or name in seen:
                continue
            seen.add(name)
            if any(fnmatch.fnmatch(name, p) for p in patterns):
                return chain + [name]
            todo.append(chain + [name])
    return None


def check_cycles(tree):
    """The graph of folders as the includes draw it, whatever layers.txt says."""
    layers = read_layers(tree)
    graph, place = {}, {}
    for path in checked_files(tree):
        layer = layers.of(path)
        own = layer.folder if layer else posixpath.dirname(path)
        for line, kind, name in includes(tree, path):
            source = source_of(name)
            if kind != '"' or source not in tree.known:
                continue
            target = layers.of(source)
            other = target.folder if target else posixpath.dirname(source)
            if other != own:
                graph.setdefault(own, set()).add(other)
                place.setdefault((own, other), (path, line))
    for folder, layer in layers.folders.items():
        for other in layer.may:
            graph.setdefault(folder, set()).add(other)
            place.setdefault((folder, other), (RULES, layer.line))
    cycle = find_cycle(graph)
    if not cycle:
        return []
    path, line = place[(cycle[0], cycle[1])]
    return [Finding(path, line, "cycles", "folders include each other: " + " → ".join(cycle),
                    "let the lower folder declare an interface and the upper one implement it")]


def find_cycle(graph):
    done = set()

    def visit(node, chain):
        if node in chain:
            return chain[chain.index(node):] + [node]
        if node in done:
            return None
        for other in sorted(graph.get(node, ())):
            cycle = visit(other, chain + [node])
            if cycle:
                return cycle
        done.add(node)
        return None

    for node in sorted(graph):
        cycle = visit(node, [])
        if cycle:
            return cycle
    return None
