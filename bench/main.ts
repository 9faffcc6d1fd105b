/** `npm run bench [NAME…]`: measures what the README promises, in labs and processes of its own. Bounded in count and time. */
import { table } from "#processes/cli/table.ts";
import { agent } from "./agent.ts";
import { api } from "./api.ts";
import type { Bench, Figure } from "./figure.ts";
import { guide } from "./guide.ts";
import { port } from "./port.ts";

const BENCHES: Readonly<Record<string, Bench>> = { guide, port, agent, api };

async function main(asked: readonly string[]): Promise<void> {
  const unknown = asked.filter((name) => !Object.hasOwn(BENCHES, name));
  if (unknown.length > 0) throw new Error(`no benchmark ${unknown.join(", ")}; there are ${Object.keys(BENCHES).join(", ")}`);
  const figures: Figure[] = [];
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    process.stdout.write(`== ${name}\n`);
    figures.push(...(await bench((line) => process.stdout.write(`${line}\n`))));
  }
  const rows = figures.map(({ what, measured, asked: wanted, met }) => [[what], [measured], [wanted], [met ? "met" : "MISSED"]]);
  process.stdout.write(`${table(["what", "measured", "asked", ""], rows)}\n`);
  process.exitCode = figures.every(({ met }) => met) ? 0 : 1;
}

await main(process.argv.slice(2));
