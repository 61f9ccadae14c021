# Every recipe runs in the checkout's own .venv: `just setup` makes it.

python := justfile_directory() / ".venv/bin/python"
bin := justfile_directory() / ".venv/bin"

# What there is.
default:
    @just --list --unsorted

# Make .venv with everything a developer needs.
setup:
    python3 -m venv .venv
    .venv/bin/pip install -q uv
    UV_COMPILE_BYTECODE=1 .venv/bin/uv pip install -q --python {{ python }} -c constraints.txt -e '.[dev,postgres]'

# All that must hold before a commit is pushed.
check: lint types layers dependencies cover

# Style and likely mistakes.
lint:
    {{ bin }}/ruff check
    {{ bin }}/ruff format --check

# Types.
types:
    {{ bin }}/mypy

# Who may import whom.
layers:
    {{ bin }}/lint-imports

# Declared = used.
dependencies:
    {{ bin }}/deptry .

# Tests; arguments go to pytest.
test *arguments:
    {{ python }} -m pytest {{ arguments }}

# Tests, with every branch of the domain, the stages and the store taken.
cover *arguments:
    {{ python }} -m pytest --cov --cov-report=term {{ arguments }}

# Measure; figures are printed, nothing fails.
bench *arguments:
    {{ python }} -m pytest -m bench tests/bench -s {{ arguments }}

# Workers over PostgreSQL at size: latency, throughput, fairness, recovery, cost (docs/scaling.md).
bench-scale *arguments:
    {{ python }} -m tests.bench.scale {{ arguments }}

# What breaks first as posts come 10, 100, 1,000 times as fast (docs/scaling.md).
bench-capacity *arguments:
    {{ python }} -m tests.bench.capacity {{ arguments }}

# Call the API by its own contract, rightly and wrongly: nothing but what it promises comes back.
schemathesis examples="200":
    EXAMPLES={{ examples }} {{ python }} -m pytest -m bench tests/bench/bench_contract.py -s -n 0 -q

# Kill real processes at any moment, then compare: nothing lost, nothing doubled (docs/proof.md).
chaos *arguments:
    {{ python }} -m tests.chaos.kill {{ arguments }}
    {{ python }} -m tests.chaos.kill_networks {{ arguments }}

# Let the program die after every transaction and every network call of a scenario (docs/proof.md).
crash-points *arguments:
    {{ python }} -m tests.chaos.crash_points {{ arguments }}

# Freeze it, start a second one, refuse, fill the disk, stop PostgreSQL: it must live on (docs/proof.md).
troubles *arguments:
    {{ python }} -m tests.chaos.troubles {{ arguments }}

# Kill, freeze and cut off three workers on PostgreSQL (docs/proof.md).
crew *arguments:
    {{ python }} -m tests.chaos.crew {{ arguments }}

# Spoil all that the program reads and is asked: nothing may fail unforeseen (docs/proof.md).
fuzz *arguments:
    {{ python }} -m tests.fuzz {{ arguments }}

# Months of a shop's life in the program's own time: nothing grows that must not (docs/proof.md).
soak *arguments:
    {{ python }} -m tests.chaos.soak {{ arguments }}

# Take the TweetEval posts of ../shared the whole way, counting at every stage.
reconcile *arguments:
    {{ python }} -m tests.chaos.reconcile {{ arguments }}

# Against the real PDS and AppView of Bluesky, from npm (docs/sources/bluesky.md).
bluesky *arguments:
    {{ python }} -m pytest tests/real/bluesky.py -n 0 -p no:randomly -v {{ arguments }}

# Take what X and Reddit really sent (../shared/recordings) the whole way, and count.
recorded *arguments="../shared/recordings":
    {{ python }} -m tests.scenarios.recorded {{ arguments }}

# What the other networks really sent (../shared/recordings) through our sources, counted; then the same spoilt.
spoil-recorded *arguments="../shared/recordings":
    {{ python }} -m tests.fuzz.recorded {{ arguments }}

# Renew the versions that the tests ran with (no registry's address may appear in the file).
constraints:
    {{ bin }}/uv pip compile --universal --no-emit-index-url --all-extras --no-annotate --no-header \
        --no-emit-package complaint-monitor --upgrade -q -o constraints.txt pyproject.toml

# What is inside, as CycloneDX: build/sbom.json (every installed distribution, its version and licence).
sbom:
    mkdir -p build
    {{ bin }}/uv tool run --from "cyclonedx-bom>=7" cyclonedx-py environment --pyproject pyproject.toml \
        --output-reproducible --validate -o build/sbom.json {{ python }}

# Known vulnerabilities of the pinned versions. Needs the advisory service that pip-audit asks.
audit:
    {{ bin }}/uv tool run "pip-audit>=2.9" --strict -r constraints.txt --no-deps --disable-pip

# The wheel, twice, from two clean clones of the last commit: the same bytes.
wheel:
    sh tests/bench/same_wheel.sh
