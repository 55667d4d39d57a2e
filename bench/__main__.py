"""Run every benchmark, or those named, and print their ratios: `python -m bench [NAME]...`."""

import importlib
import pkgutil
import sys

import bench


def main() -> None:
    """Run the benchmarks that are named on the command line, all of them by default."""
    known = sorted(module.name for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_"))
    wanted = sys.argv[1:] or known
    for name in wanted:
        if name not in known:
            sys.exit(f"there is no benchmark “{name}”; there are {', '.join(known)}")
        print(f"== {name}")
        importlib.import_module(f"bench.{name}").run()


main()
