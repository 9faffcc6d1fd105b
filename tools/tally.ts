/** A reporter for `margay test`: a line per file, every failure in full, what was left out and why, and the counts sent to the parent. */
import type { TestEvent } from "node:test/reporters";
import { relative } from "node:path";
import { inspect } from "node:util";

export default async function* tally(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const counts = { passed: 0, failed: 0 };
  const files = new Map<string, { passed: number; failed: number; ms: number }>();
  for await (const event of source) {
    if (event.type === "test:stderr" || event.type === "test:stdout") yield event.data.message;
    if (event.type !== "test:pass" && event.type !== "test:fail") continue;
    const { data } = event;
    if (data.details.type === "suite") continue;
    const file = relative(process.cwd(), data.file ?? "?");
    if (data.skip !== undefined) {
      yield `- ${file}: ${data.name}: left out${typeof data.skip === "string" ? `: ${data.skip}` : ""}\n`;
      continue;
    }
    const of = files.get(file) ?? { passed: 0, failed: 0, ms: 0 };
    if (data.nesting === 0) of.ms += data.details.duration_ms;
    files.set(file, of);
    // With one process a file, the file itself is reported as a test of that name: it counts only when it fails alone.
    if (event.type === "test:pass") {
      of.passed++;
      counts.passed++;
    } else {
      of.failed++;
      counts.failed++;
      yield `✖ ${file}: ${data.name}\n${inspect(event.data.details.error.cause ?? event.data.details.error, { depth: 6 })}\n`;
    }
  }
  for (const [file, { passed, failed, ms }] of files) {
    yield `${failed === 0 ? "✔" : "✖"} ${file}: ${passed} passed${failed === 0 ? "" : `, ${failed} failed`} (${Math.round(ms)} ms)\n`;
  }
  await new Promise<void>((sent) => (process.send === undefined ? sent() : process.send(counts, () => sent())));
}
