#!/usr/bin/env python3
"""Measures how the code hangs together: `tools/structure.py [ROOT]`, from the project's folder.

Text is all that is looked at, with unit tests and comments cut off, so the figures are rough; what counts is
how they change. ROOT is another checkout, to compare with an earlier state.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

# The type of the loop, the file that defines it, and the folders that hold its parts; the first that is there.
LOOPS = [
    ("Consumer", "consume.rs", ["consume", "delivery", "commits"]),
    ("Run", "pipeline.rs", ["pipeline", "offsets"]),
]
FOLDERS = ["commands", "consume", "delivery", "commits", "pipeline", "offsets", "kafka", "settings", "handlers"]

NAMED = re.compile(r"^\s*pub(?:\([^)]*\))?\s+(?:struct|enum|trait|type)\s+(\w+)", re.M)
DEFINED = re.compile(r"^\s*(?:pub(?:\([^)]*\))?\s+)?(?:struct|enum|trait)\s+(\w+)", re.M)
IMPLEMENTED = re.compile(r"^impl(?:<[^{]*?>)?\s+(?:[\w:<>', ]+?\s+for\s+)?(?:\w+::)*(\w+)", re.M)
METHOD = re.compile(r"^\s+(?:pub(?:\([^)]*\))?\s+)?fn\s+(\w+)\s*(?:<[^(]*>)?\(\s*&?(?:mut\s+|'\w+\s+)*(?:mut\s+)?self\b", re.M)
CALLED = re.compile(r"\bself\s*\.\s*(\w+)\s*\(")
PER_PARTITION = re.compile(
    r"^\s+(?:pub(?:\([^)]*\))?\s+)?(\w+):\s*(?!Vec<\(?(?:TopicPartition|AssignmentId|Claim)\b)"
    r"((?:HashMap|HashSet|BTreeMap|BTreeSet|Vec)<"
    r"\(?(TopicPartition|AssignmentId|Claim|Option<(?:Lane|Route|Partition|AssignedPartition)>)[^\n]*)",
    re.M,
)
TUPLES = re.compile(
    r"struct\s+(\w+)\(\s*(?:pub\s+)?((?:HashMap|HashSet|Vec)<(TopicPartition|AssignmentId|Claim|"
    r"Option<(?:Lane|Route|AssignedPartition)>)[^)]*)\)"
)


def without_tests(text):
    """The text without its tests module and without comments."""
    text = re.split(r"\n#\[cfg\(test\)\]\nmod \w+ \{", text)[0]
    return re.sub(r"//[^\n]*", "", text)


def is_test(path):
    name = path.as_posix()
    return path.stem in ("tests", "testing") or "/tests/" in name or "/simulation" in name


class Sources:
    """The Rust files of a checkout, by their path below `src`."""

    def __init__(self, root):
        self.root = Path(root) / "src"
        paths = sorted(path.relative_to(self.root) for path in self.root.rglob("*.rs"))
        self.whole = {path: (self.root / path).read_text() for path in paths}
        self.text = {path: without_tests(text) for path, text in self.whole.items() if not is_test(path)}

    def below(self, folders):
        """The files of some folders, and those that stand beside them with their names."""
        return [path for path in self.text if path.parts[0].removesuffix(".rs") in folders]

    def loop(self):
        return next(loop for loop in LOOPS if self.root.joinpath(loop[1]).exists())


def fields(text, name):
    found = re.search(rf"struct {name}(?:<[^{{]*>)?\s*\{{(.*?)\n\}}", text, re.S)
    return re.findall(r"^\s+(?:pub(?:\([^)]*\))?\s+)?\w+:", found.group(1), re.M) if found else []


def files_with_methods(sources, name):
    return [path for path, text in sources.text.items() if name in implemented(text)]


def implemented(text):
    """The types that have methods of their own here."""
    return set(re.findall(r"^impl(?:<[^{]*?>)?\s+(\w+)(?:<[^{]*>)?\s*\{", text, re.M))


def names_used_twice(sources):
    places = defaultdict(set)
    for path, text in sources.text.items():
        for name in NAMED.findall(text):
            places[name].add(path)
    return {name: paths for name, paths in places.items() if len(paths) > 1}


def per_partition(sources, folders):
    """What is kept for each partition: (file, field, key)."""
    found = []
    for path in sources.below(folders + ["kafka"]):
        if path.parts[0].startswith("kafka") and path.name not in ("source.rs", "routes.rs"):
            continue
        for match in list(PER_PARTITION.finditer(sources.text[path])) + list(TUPLES.finditer(sources.text[path])):
            key = "slot" if match.group(3).startswith("Option") else match.group(3)
            found.append((path.as_posix(), match.group(1), key))
    return found


def untested_lines(sources, name, folders):
    """Lines of the loop and its parts in files that no unit test reaches, and all of them."""
    # A simulation drives the loop with all its parts, but for what starts processes, threads and clients.
    is_simulated = any("simulation" in path.as_posix() for path in sources.whole)
    reached_otherwise = {"opening.rs", "broker.rs", "pool.rs", "republish.rs", "identity.rs"}
    untested = total = 0
    for path in sources.below(folders):
        lines = len(sources.text[path].splitlines())
        total += lines
        children = sources.root / path.with_suffix("")
        has_tests = "#[cfg(test)]\nmod tests" in sources.whole[path] or (children / "tests.rs").exists()
        if not has_tests and not (is_simulated and path.name not in reached_otherwise):
            untested += lines
    return untested, total


def module_of(path):
    return path.with_suffix("")


def edges(sources, files):
    """From file to file: by `use` and by methods of one type that call each other."""
    modules = {module_of(path): path for path in files}
    methods = defaultdict(lambda: defaultdict(set))
    for path in files:
        for block in re.split(r"(?=^impl\b)", sources.text[path], flags=re.M)[1:]:
            owner = IMPLEMENTED.match(block)
            if owner:
                for method in METHOD.findall(block):
                    methods[owner.group(1)][method].add(path)
    graph = defaultdict(set)
    for path in files:
        text = sources.text[path]
        for used in re.findall(r"\b(crate|super|self)((?:::\w+)+)", text):
            base = {"crate": Path(), "super": module_of(path).parent, "self": module_of(path)}[used[0]]
            steps = [step for step in used[1].split("::") if step]
            while steps and steps[0] == "super":
                base, steps = base.parent, steps[1:]
            for length in range(len(steps), 0, -1):
                target = modules.get(base.joinpath(*steps[:length]))
                if target and target != path:
                    graph[path].add(target)
                    break
        for block in re.split(r"(?=^impl\b)", text, flags=re.M)[1:]:
            owner = IMPLEMENTED.match(block)
            for method in CALLED.findall(block) if owner else ():
                graph[path] |= methods[owner.group(1)].get(method, set()) - {path}
    return graph


def circles(sources, folder):
    """Sets of files that reach each other; a folder's own file and its children do not count as one."""
    files = [path for path in sources.below([folder])]
    graph = edges(sources, files)
    for path in files:
        parent = module_of(path).parent.with_suffix(".rs") if len(path.parts) > 1 else None
        graph[path] = {target for target in graph[path] if target != parent and module_of(target).parent != module_of(path)}
    return [circle for circle in strongly_connected(files, graph) if len(circle) > 1]


def strongly_connected(nodes, graph):
    index, low, stack, on_stack, found = {}, {}, [], set(), []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        for target in graph[node]:
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in on_stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            circle = set()
            while True:
                member = stack.pop()
                on_stack.discard(member)
                circle.add(member)
                if member == node:
                    break
            found.append(circle)

    sys.setrecursionlimit(10_000)
    for node in nodes:
        if node not in index:
            visit(node)
    return found


def main():
    sources = Sources(sys.argv[1] if len(sys.argv) > 1 else ".")
    name, file, folders = sources.loop()
    loop = sources.text[Path(file)]
    twice = names_used_twice(sources)
    state = per_partition(sources, folders)
    untested, total = untested_lines(sources, name, folders)
    print(f"fields of the loop ({name}): {len(fields(loop, name))}")
    print(f"files with its methods: {len(files_with_methods(sources, name))}")
    asked = sum(sources.text[path].count("self.handling") for path in sources.below(folders))
    print(f"uses of self.handling in the loop and its parts: {asked}")
    print(f"places where a partition's state lives: {len(state)}; keys: {len({key for *_, key in state})}")
    for path, field, key in state:
        print(f"    {path}: {field}, by {key}")
    print(f"lines of the loop and its parts without a unit test: {untested} of {total}, {100 * untested // total} %")
    print(f"names of public types used twice: {len(twice)}")
    for type_name, paths in sorted(twice.items()):
        print(f"    {type_name}: {', '.join(path.as_posix() for path in sorted(paths))}")
    count = 0
    for folder in FOLDERS:
        for circle in circles(sources, folder):
            count += 1
            print(f"    circle in {folder}: {', '.join(sorted(path.as_posix() for path in circle))}")
    print(f"circles inside folders: {count}")


if __name__ == "__main__":
    main()
