"""Renders templates with Jinja2 as transformers sets it up: the oracle of the template engine.

Reads one JSON object a line ({"template": …, "variables": {…}}), writes one a line: {"text": …}, or {"error": kind,
"message": …} where kind is syntax, refused or failed.
"""
import json
import sys
from datetime import datetime

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_call"), [], [], body).set_lineno(line)

    def _call(self, caller):
        return caller()


class Refusal(jinja2.exceptions.TemplateError):
    pass


def raise_exception(message):
    raise Refusal(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


environment = ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
environment.filters["tojson"] = tojson
environment.globals["raise_exception"] = raise_exception
environment.globals["strftime_now"] = lambda pattern: datetime(2024, 7, 6, 5, 4, 3).strftime(pattern)

for line in sys.stdin:
    case = json.loads(line)
    try:
        answer = {"text": environment.from_string(case["template"]).render(**case["variables"])}
    except Refusal as e:
        answer = {"error": "refused", "message": str(e)}
    except (jinja2.exceptions.TemplateSyntaxError, SyntaxError) as e:
        answer = {"error": "syntax", "message": str(e), "line": getattr(e, "lineno", 0) or 0}
    except Exception as e:  # whatever Python raises while it renders
        answer = {"error": "failed", "message": str(e)}
    print(json.dumps(answer), flush=True)
