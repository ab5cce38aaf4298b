"""`python -m lettra_risk_scoring.training ITEMS.csv --out MODEL.json`: train, walk forward, keep what won."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lettra_risk_scoring.domain import SeesLater
from lettra_risk_scoring.engine.model import written
from lettra_risk_scoring.training.choosing import train
from lettra_risk_scoring.training.files import BadFile, read_items
from lettra_risk_scoring.training.fitting import NotEnoughHistory
from lettra_risk_scoring.training.samples import samples_of

EXAMPLE = """
The table of how each contender did goes to standard output, progress to standard error.

  python -m lettra_risk_scoring.training settled.csv --out model.json
  python -m lettra_risk_scoring.training "$LETTRA_DATA/receivables/ibm-late-payments.csv" --out model.json

Exit codes: 0 a model was written; 1 there is not enough history, nothing is written; 2 the file cannot be taken;
3 the learning library is not installed: pip install 'lettra-risk-scoring[training]'.
"""


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m lettra_risk_scoring.training",
        description="Train the model that foresees late payment from a file of settled items.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("items", type=Path, help="CSV of settled items: README.md says its columns")
    parser.add_argument("--out", type=Path, required=True, help="where the model is written, as JSON")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same model (default: 1)")
    return parser.parse_args(given)


def main(given: list[str] | None = None) -> int:
    chosen = arguments(given)
    try:
        samples = samples_of(read_items(chosen.items))
        trained = train(samples, chosen.seed, lambda line: print(line, file=sys.stderr, flush=True))
        chosen.out.write_text(written(trained.model), encoding="utf-8")
    except (BadFile, OSError) as error:
        return _said(error, 2)
    except (NotEnoughHistory, SeesLater) as error:
        return _said(error, 1)
    except ModuleNotFoundError as error:
        return _said(f"{error}; pip install 'lettra-risk-scoring[training]'", 3)
    print(trained.table, end="")
    return 0


def _said(what: object, code: int) -> int:
    print(what, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
