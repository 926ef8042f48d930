# A whole adapter in one file: a backend without raw logits. See src/Harness.Workers/PROTOCOL.md.
import json
import sys


def answer(request):
    kind = request["type"]
    if kind == "hello":
        return {"protocol": 1, "backend": "echo", "version": "v2", "devices": [{"api": "cpu", "name": "python"}]}
    if kind == "load":
        return {"architecture": "echo", "vocabularySize": 256, "contextLength": request["contextLength"], "loadMs": 0}
    if kind == "score":
        top = [{"ids": [i, i + 1], "logProbabilities": [-0.5, None]} for i in request["ids"]]
        return {"tokens": len(top), "vocabularySize": 256, "evaluationMs": 0, "top": top}
    if kind == "exit":
        return {}
    return None


for line in sys.stdin:
    request = json.loads(line)
    result = answer(request)
    reply = {"id": request["id"]}
    if result is None:
        reply["error"] = {"kind": "unsupported", "message": "no " + request["type"] + " here"}
    else:
        reply["result"] = result
    print(json.dumps(reply), flush=True)
    if request["type"] == "exit":
        break
