/** From no lab at all to the guide's data centre with four VMs and every promise verified, as `margay demo` does it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { down } from "#lab/down.ts";
import { ownLab } from "#lab/own-lab.real.ts";
import { atMost } from "./figure.ts";
import type { Bench } from "./figure.ts";

const MAIN = fileURLToPath(new URL("../processes/main.ts", import.meta.url));
const LAB = await ownLab("bench");

export const guide: Bench = async (say) => {
  await down(LAB);
  const begun = performance.now();
  try {
    const demo = spawn(process.execPath, [MAIN, "demo", "--name", LAB.name], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    demo.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
    const [status] = (await once(demo, "close")) as [number | null];
    const seconds = (performance.now() - begun) / 1000;
    const told = /\d+ kept, \d+ broken.*/.exec(text)?.[0] ?? "no verdict";
    say(`exit ${status}; ${told}`);
    return [{ ...atMost("no lab → verified guide", seconds, { limit: 30, unit: "s" }), ...(status === 0 ? {} : { met: false }) }];
  } finally {
    await down(LAB);
  }
};
