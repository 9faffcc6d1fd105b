/** Metadata: how long a VM waits for it, alone on its host and beside one that does nothing but ask. */
import { spawn } from "node:child_process";
import { METADATA4, METADATA6 } from "#core/metadata/place.ts";
import { down } from "#lab/down.ts";
import { ownLab } from "#lab/own-lab.real.ts";
import { vmNetns } from "#lab/place.ts";
import { inside, must } from "#lab/program.ts";
import { raiseExample } from "#lab/raise.ts";
import { addVm } from "#lab/vm.ts";
import { atMost, quantile } from "../figure.ts";
import type { Bench, Figure } from "../figure.ts";

const LAB = await ownLab("bench-metadata");
/** Fewer than a port may ask at once. */
const QUESTIONS = 150;
const LIMIT_MS = 50;
const DOCUMENT = "/openstack/latest/meta_data.json";

export const metadata: Bench = async (say, { times = QUESTIONS }) => {
  await raiseExample(LAB, "guide");
  try {
    const wish = { network: "internal", host: "h1", groups: [] };
    for (const name of ["quiet", "loud"]) await addVm(LAB, { ...wish, name });
    await waits(4, 20);
    const alone = [await waits(4, times), await waits(6, times)];
    const loud = spawn("ip", inside(vmNetns(LAB, "loud"), flood()).slice(1), { stdio: "ignore" });
    // What it may ask at once is answered first; then it is refused, and the one that is measured may ask again.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const beside = [await waits(4, times)];
    loud.kill();
    return [...figures("alone", alone, say), ...figures("beside one that floods", beside, say)];
  } finally {
    await down(LAB);
  }
};

function figures(how: string, all: readonly (readonly number[])[], say: (line: string) => void): Figure[] {
  return all.map((ms, at) => {
    const what = `metadata, IPv${at === 0 ? 4 : 6}, ${how}, ${ms.length} questions`;
    say(`${what}: p50 ${quantile(ms, 0.5).toFixed(1)} ms, p99 ${quantile(ms, 0.99).toFixed(1)} ms`);
    return atMost(`${what}, p99`, quantile(ms, 0.99), { limit: LIMIT_MS, unit: "ms" });
  });
}

/** Milliseconds from the first packet of a connection to the last byte of the answer; each must be an answer. */
async function waits(family: 4 | 6, times: number): Promise<number[]> {
  const url = `http://${family === 4 ? METADATA4 : `[${METADATA6}%25eth0]`}${DOCUMENT}`;
  const line = `for i in $(seq ${times}); do curl -sgf -o /dev/null --max-time 5 -w '%{time_total}\\n' '${url}'; done`;
  const said = await must(inside(vmNetns(LAB, "quiet"), ["sh", "-ec", line]), { timeout: 120_000 });
  return said
    .trim()
    .split("\n")
    .map((seconds) => Number(seconds) * 1000);
}

/** As many connections as it gets, as many questions on each as it can write. */
function flood(): string[] {
  const program = `const { connect } = require("node:net");
    const open = () => connect(80, "${METADATA4}", function () { this.write("GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n".repeat(50)); })
      .on("error", () => {}).on("close", () => setTimeout(open, 5)).resume();
    for (let i = 0; i < 64; i++) open();`;
  return [process.execPath, "-e", program.replaceAll("\r\n", "\\r\\n")];
}
