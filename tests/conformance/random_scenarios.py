"""Random conformance scenarios (docs/otp-scenarios.md): the same seed gives the same scenario.

What OTP leaves undefined is left out: a worker that ignores its stop always has a short shutdown time, no
supervisor is killed because its time ran out, and no restart is between `period` and a second more old. Where a supervisor is killed brutally, only states are compared.
"""

import random

STRATEGIES = ("one_for_one", "rest_for_one", "one_for_all")
NODES_MAX = 22


class _Tree:
    """What the generator remembers, so that most steps are about something that exists."""

    def __init__(self, rng):
        self.rng = rng
        self.serial = 0
        self.workers = []  # names
        self.parent = {}  # of every node
        self.specs = {}  # of every node
        self.children = {}  # of every supervisor: names, those added later included
        self.simple = []  # names of simple_one_for_one supervisors
        self.removable = []  # nodes that can be named by delete_child and start_child again
        self.brutal = False
        self.small_graces = True

    def name(self, letter):
        self.serial += 1
        return f"{letter}{self.serial}"


def _restart(rng):
    return rng.choices(("permanent", "transient", "temporary"), (5, 3, 2))[0]


def _start(rng, nested):
    """Failures of the first start undo whole trees, so they are rare."""
    kind = rng.random()
    if kind < 0.68:
        return "ok"
    if kind < 0.70:
        return "fail"
    if kind < 0.84:
        return {"fail_restarts": rng.randint(1, 3)}
    first = 1 if rng.random() < 0.05 else 2
    return {"fail_attempts": sorted(rng.sample(range(first, first + 6), rng.randint(1, 3)))}


def _worker(tree, parent, template=False):
    rng = tree.rng
    name = tree.name("w")
    spec = {"name": name, "type": "worker", "restart": _restart(rng)}
    if rng.random() < 0.5:
        start = _start(rng, parent)
        if start != "ok":
            spec["start"] = start
    if rng.random() < 0.08:
        spec["ignore_stop"] = True
        spec["shutdown"] = rng.choice((0, 20, 30, 40, "brutal_kill"))
    elif rng.random() < 0.15:
        spec["shutdown"] = rng.choice(("brutal_kill", "infinity", 30000))
    _significance(tree, parent, spec)
    if not template:
        _know(tree, parent, spec)
        tree.workers.append(name)
    return spec


def _significance(tree, parent, spec):
    if parent is None or tree.specs[parent].get("auto_shutdown", "never") == "never":
        wanted = 0.004  # refused
    elif spec["restart"] == "permanent":
        wanted = 0.01  # refused
    else:
        wanted = 0.6
    if tree.rng.random() < wanted:
        spec["significant"] = True


def _know(tree, parent, spec):
    tree.specs[spec["name"]] = spec
    tree.parent[spec["name"]] = parent
    if parent is not None:
        tree.children[parent].append(spec["name"])


def _supervisor(tree, parent, depth):
    rng = tree.rng
    name = tree.name("s") if parent is not None else "root"
    spec = {"name": name, "type": "supervisor"}
    simple = parent is not None and rng.random() < 0.18 or parent is None and rng.random() < 0.06
    spec["strategy"] = "simple_one_for_one" if simple else rng.choice(STRATEGIES)
    spec["intensity"] = rng.choices((0, 1, 2, 3, 4, 8), (1, 3, 3, 3, 3, 4 if parent is None else 1))[0]
    spec["period"] = 3600
    if rng.random() < 0.3:
        spec["auto_shutdown"] = rng.choice(("any_significant", "all_significant"))
    if parent is not None:
        spec["restart"] = _restart(rng)
        if rng.random() < 0.1:
            spec["shutdown"] = 30000
        elif rng.random() < 0.04 and tree.brutal is not None:
            spec["shutdown"] = "brutal_kill"
            tree.brutal = True
        _significance(tree, parent, spec)
    _know(tree, parent, spec)
    tree.children[name] = []
    if simple:
        tree.simple.append(name)
        spec["children"] = [_worker(tree, name, template=True)]
        return spec
    spec["children"] = []
    for _ in range(rng.choices((0, 1, 2, 3, 4, 5), (1, 3, 5, 6, 4, 2))[0]):
        if tree.serial >= NODES_MAX:
            break
        nested = depth < 3 and rng.random() < 0.35
        spec["children"].append(_supervisor(tree, name, depth + 1) if nested else _worker(tree, name))
    return spec


def _pick_child(tree, supervisor):
    children = tree.children[supervisor]
    if not children or tree.rng.random() < 0.04:
        return "nobody"
    return tree.rng.choice(children)


def _any_supervisor(tree):
    return tree.rng.choice(list(tree.children))


def _request(tree, supervisor=None):
    rng = tree.rng
    supervisor = supervisor or _any_supervisor(tree)
    op = rng.choices(
        ("terminate_child", "restart_child", "delete_child", "start_child"), (5, 4, 3, 4)
    )[0]
    if supervisor in tree.simple and rng.random() < 0.6:
        op = "start_child"
    if op != "start_child":
        return {"op": op, "sup": supervisor, "child": _pick_child(tree, supervisor)}
    step = {"op": op, "sup": supervisor}
    if supervisor in tree.simple:
        name = tree.name("i")
        tree.parent[name] = supervisor
        tree.children[supervisor].append(name)
        tree.workers.append(name)
        step["instance"] = name
        return step
    known = tree.children[supervisor]
    if known and rng.random() < 0.5:
        step["spec"] = tree.specs[rng.choice(known)]  # again: present, deleted, or gone
        if rng.random() < 0.3:
            step["spec"] = dict(step["spec"], restart=_restart(rng))
    elif rng.random() < 0.3:
        step["spec"] = _supervisor(tree, supervisor, 2)
    else:
        step["spec"] = _worker(tree, supervisor)
    return step


_HOWS = ("kill", "exit", "exit_shutdown")


def _batch(tree):
    rng = tree.rng
    first = rng.choice(tree.workers)
    supervisor = tree.parent[first]
    siblings = [name for name in tree.children[supervisor] if name in tree.workers]
    rng.shuffle(siblings)
    chosen = siblings[: rng.randint(1, 4)]
    step = {"op": "batch", "deaths": [{"node": n, "how": rng.choices(_HOWS, (5, 2, 1))[0]} for n in chosen]}
    if rng.random() < 0.5:
        step["then"] = _request(tree, supervisor)
        if rng.random() < 0.6 and step["then"]["op"] in ("terminate_child", "restart_child", "delete_child"):
            step["then"]["child"] = rng.choice(chosen)
    return step


def _step(tree):
    kind = tree.rng.random()
    if tree.workers and kind < 0.45:
        return {"op": tree.rng.choices(_HOWS, (6, 2, 1))[0], "node": tree.rng.choice(tree.workers)}
    if tree.workers and kind < 0.70:
        return _batch(tree)
    return _request(tree)


_DEFAULTS = {
    "supervisor": {"strategy": "one_for_one", "intensity": 1, "restart": "permanent"},
    "worker": {"restart": "permanent"},
}


def _leave_out_defaults(rng, spec):
    for key, value in _DEFAULTS[spec["type"]].items():
        if spec.get(key) == value and rng.random() < 0.3:
            del spec[key]
    for child in spec.get("children", []):
        _leave_out_defaults(rng, child)


# Restarts of a period of 3 s are counted after the short wait and gone after any other sum of these.
_WAITS_MS = (2200, 4400)


def scenario(seed):
    """The scenario of this seed. One in fifty waits, in real time, for a restart history to expire."""
    rng = random.Random(seed)
    tree = _Tree(rng)
    if rng.random() < 0.9:
        tree.brutal = None
    root = _supervisor(tree, None, 0)
    waits = rng.random() < 0.02
    steps = []
    for _ in range(rng.randint(3, 14)):
        if waits and rng.random() < 0.2:
            steps.append({"op": "advance", "ms": rng.choice(_WAITS_MS)})
        steps.append(_step(tree))
    if waits:
        for spec in tree.specs.values():
            if spec["type"] == "supervisor":
                spec["period"] = 3
    _leave_out_defaults(rng, root)
    made = {"id": f"random-{seed}", "root": root, "steps": steps}
    if tree.brutal:
        made["compare"] = ["result", "root", "nodes"]
    return made
