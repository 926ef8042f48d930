"""Records what Jinja2 makes of snippets.txt in snippets.expected.json; run it here after a snippet was added."""
import json
import pathlib
import subprocess
import sys

here = pathlib.Path(__file__).parent
variables = json.loads((here / "variables.json").read_text(encoding="utf-8"))
snippets = (here / "snippets.txt").read_text(encoding="utf-8").rstrip("\n").split("\n====\n")
cases = "".join(json.dumps({"template": one, "variables": variables}) + "\n" for one in snippets)
ran = subprocess.run([sys.executable, here / "jinja2_oracle.py"], input=cases, capture_output=True, text=True, check=True)
answers = [json.loads(line) for line in ran.stdout.splitlines()]
with open(here / "snippets.expected.json", "w", encoding="ascii", newline="\n") as out:
    json.dump(answers, out, indent=0)
    out.write("\n")
