/**
 * `npm run bench [NAME…] [URL]`: measures what the README promises, in labs and processes of its own; `api` also at a Neutron
 * that is running already. Bounded in count and time. `--json`: the last line is the figures, for other programs.
 */
import { parseArgs } from "node:util";
import { table } from "#processes/cli/table.ts";
import { agent } from "./agent.ts";
import { api } from "./api/api.ts";
import type { Bench, Figure, Options } from "./figure.ts";
import { fabric, PARTS as FABRIC_PARTS } from "./fabric/fabric.ts";
import { garbage } from "./garbage.ts";
import { guide } from "./guide.ts";
import { host, PARTS } from "./host/host.ts";
import { killStormBench } from "./kill-storm.ts";
import { port } from "./port.ts";

const BENCHES: Readonly<Record<string, Bench>> = { guide, port, agent, host, fabric, api, garbage, "kill-storm": killStormBench };
/** Run when they are named: the figures of `host` and `fabric` one by one. */
const SINGLE: Readonly<Record<string, Bench>> = { ...singles("host", PARTS), ...singles("fabric", FABRIC_PARTS) };

function singles(whole: string, parts: Readonly<Record<string, Bench>>): Readonly<Record<string, Bench>> {
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [`${whole}/${name}`, part]));
}

async function main(argv: readonly string[]): Promise<void> {
  const options = { times: { type: "string" }, json: { type: "boolean", default: false } } as const;
  const { positionals, values } = parseArgs({ args: [...argv], allowPositionals: true, options });
  const endpoint = positionals.find((word) => word.includes("://"));
  const given: Options = { endpoint, times: values.times === undefined ? undefined : Number(values.times) };
  const asked = positionals.filter((word) => word !== endpoint);
  const known = { ...BENCHES, ...SINGLE };
  const unknown = asked.filter((name) => !Object.hasOwn(known, name));
  if (unknown.length > 0) throw new Error(`no benchmark ${unknown.join(", ")}; there are ${Object.keys(known).join(", ")}`);
  const figures: Figure[] = [];
  for (const [name, bench] of Object.entries(asked.length > 0 ? known : BENCHES)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    process.stdout.write(`== ${name}\n`);
    figures.push(...(await bench((line) => process.stdout.write(`${line}\n`), given)));
  }
  process.stdout.write(`${values.json ? JSON.stringify(figures) : tableOf(figures)}\n`);
  process.exitCode = figures.every(({ met }) => met) ? 0 : 1;
}

function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, measured, asked, met }) => [[what], [measured], [asked], [met ? "met" : "MISSED"]]);
  return table(["what", "measured", "asked", ""], rows);
}

await main(process.argv.slice(2));
