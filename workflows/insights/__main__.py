"""Find insights from the command line:

    python -m workflows.insights dataset=sentiment output_format=html output=insights.html

  dataset=NAME        sentiment, daily, market or factors, or the path of a CSV or Parquet file
  group_by=COLUMN     look at each value of this column by itself (the first column of texts)
  kinds=A,B           only trend, outlier, correlation, seasonality
  top=20              how many to report
  model_name=NAME     how evidence is weighed: evidence, effect or confidence
  output_format=NAME  markdown, json or html
  output=FILE         where to write (the terminal)

It joins the Ray at RAY_ADDRESS, or one that runs here, or starts one and ends it afterwards.
"""

import sys
from functools import partial
from pathlib import Path

from workflows.common.script import Flow, Options, main
from workflows.insights.flow import Wanted, find_insights
from workflows.insights.sources import OWN, own_data, read_data


def prepare(options: Options) -> Flow:
    dataset = options.pop("dataset", "")
    kinds = options.pop("kinds", None)
    wanted = Wanted.model_validate(options | ({"kinds": kinds.split(",")} if kinds else {}))
    if dataset in OWN:
        data = own_data(dataset, wanted.group_by)
    elif Path(dataset).is_file():
        data = read_data(Path(dataset), Path(dataset).name, wanted.group_by)
    else:
        raise ValueError(
            f"dataset must be one of {', '.join(OWN)}, or a CSV or Parquet file; got {dataset!r}."
        )
    return partial(find_insights, data, wanted)


if __name__ == "__main__":
    sys.exit(main(prepare, __doc__ or "", sys.argv[1:]))
