// A whole adapter in one file: a backend that answers with its prompt. See src/Harness.Workers/PROTOCOL.md.
import { createInterface } from "node:readline";
import { writeFileSync } from "node:fs";

const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");

const answers = {
  hello: () => ({
    protocol: 1, backend: "echo", version: "v1", build: process.version,
    devices: [{ api: "cpu", name: "javascript" }], reload: true,
  }),
  load: ({ contextLength }) => ({ architecture: "echo", vocabularySize: 256, contextLength, loadMs: 0 }),
  tokenize: ({ text }) => ({ ids: [...Buffer.from(text, "utf8")] }),
  generate: ({ id, ids, text, maxTokens }) => {
    const prompt = ids ?? [...Buffer.from(text, "utf8")];
    const out = prompt.slice(0, maxTokens);
    for (const token of out)
      say({ id, event: "token", token, bytes: Buffer.from([token]).toString("base64") });
    return {
      promptIds: prompt, promptTokens: prompt.length, generatedTokens: out.length,
      stopReason: "length", prefillMs: 0, decodeMs: 0,
    };
  },
  score: ({ ids, logits }) => {
    const values = new Float32Array(ids.length * 256);
    ids.forEach((id, row) => { values[row * 256 + id] = 1; });
    writeFileSync(logits, Buffer.from(values.buffer));
    return { tokens: ids.length, vocabularySize: 256, evaluationMs: 0, logits };
  },
  exit: () => ({}),
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const answer = answers[request.type];
  if (answer) say({ id: request.id, result: answer(request) });
  else say({ id: request.id, error: { kind: "unsupported", message: `no ${request.type} here` } });
  if (request.type === "exit") break;
}
