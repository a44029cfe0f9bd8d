"""Make games from the command line, and tell what they are made of:

    python -m workflows.games quantity=100000 seed=1 min_odd=2 max_odd=4 output_format=html

  lottery=NAME        mega-sena
  quantity=NUMBER     how many games
  output_format=NAME  markdown, json or html
  output=FILE         where to write the report (the terminal)

All else is a constraint, as docs/reference/generation.md lists them: a number, true, or numbers
parted by commas (13, is a list of one). The games themselves come from
`manage.py generate_games`, of the same checksum.
"""

import sys
from functools import partial

from workflows.common.script import Flow, Options, main


def prepare(options: Options) -> Flow:
    import django

    django.setup()
    from workflows.games.flow import Wanted, make_games

    own = {name: options.pop(name) for name in ("lottery", "quantity") if name in options}
    constraints = {
        name: [one for one in value.split(",") if one] if "," in value else value
        for name, value in options.items()
    }
    return partial(make_games, Wanted.model_validate({**own, "constraints": constraints}))


if __name__ == "__main__":
    sys.exit(main(prepare, __doc__ or "", sys.argv[1:]))
