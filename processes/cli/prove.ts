/**
 * `margay prove`: by exhaustive search over the policies of all routers, that nothing private can pass to the outside, that every address has
 * a way in and out, and that both ends of every session agree. Ends with 1 when something is not proven.
 */
import { readFile } from "node:fs/promises";
import { Command, Option } from "commander";
import { readDataCenterFile } from "#adapters/yaml/datacenter-file.ts";
import { ROUTER_PLATFORMS } from "#core/datacenter/data-center.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { routersOf } from "#core/router/derive.ts";
import type { Platform } from "#core/router/platform.ts";
import { platformFor, platformOf } from "#core/router/platforms.ts";
import type { Claim } from "#core/router/proof/claim.ts";
import { liveClaims } from "#core/router/proof/live.ts";
import { prove } from "#core/router/proof/prove.ts";
import { DEFAULT_LAB, labNamed } from "#lab/place.ts";
import { standing } from "#lab/standing.ts";
import { liveHere, liveInLab } from "./prove-live.ts";
import type { Live } from "./prove-live.ts";
import { table } from "./table.ts";

interface Options {
  readonly config?: string;
  readonly platform?: string;
  readonly router?: string;
  readonly live?: true;
  readonly name: string;
  readonly socket?: string;
  readonly json?: true;
}

const NOTHING: Live = { given: [], sessions: [] };

/** How the command ends, besides 0. */
const STATUS = { notProven: 1, wrong: 2 } as const;

export function command(): Command {
  return new Command("prove")
    .description("Prove that nothing leaks and everything is reached, by exhaustive search over the policies; exit 1 when it is not so")
    .argument("[file]", "the data centre file; datacenter.yaml, or with --live that of the lab")
    .option("--config <file>", "a router's configuration as it is, in place of the one that would be rendered (with --router)")
    .addOption(new Option("--platform <platform>", "whose words; of --config, or else of all routers").choices(ROUTER_PLATFORMS))
    .option("--router <name>", "whose configuration --config is; with --live, which router this machine is")
    .option("--live", "judge what runs, what is told at this moment, and a gateway's nftables, in the lab or on this machine (--router)")
    .addOption(new Option("--name <lab>", "which lab").env("MARGAY_LAB").default(DEFAULT_LAB))
    .option("--socket <path>", "BIRD's, on this machine", "/run/bird/bird.ctl")
    .option("--json", "claims as JSON")
    .action(async (file: string | undefined, options: Options) => {
      process.exitCode = await run(file, options);
    });
}

async function run(file: string | undefined, options: Options): Promise<number> {
  const inLab = options.live === true && options.router === undefined && file === undefined;
  const reading = inLab
    ? { ok: true as const, value: standing(labNamed(options.name)).center }
    : await readDataCenterFile(file ?? "datacenter.yaml");
  if (!reading.ok) return wrong(reading.problems.join("\n"));
  const dc = reading.value;
  const found = options.live === true ? await liveIn(dc, options) : await givenIn(dc, options);
  if (typeof found === "string") return wrong(found);
  const all = options.config === undefined && options.platform !== undefined ? platformOf(options.platform) : undefined;
  const missing = routersOf(dc).find(({ name }) => (all ?? platformFor(dc, name)) === undefined);
  if (missing !== undefined) return wrong(`nothing is written yet for the platform of ${missing.name}`);
  const begun = performance.now();
  const claims = [...prove(dc, (router) => sure(all ?? platformFor(dc, router)), found.given), ...liveClaims(dc, found.sessions)];
  const open = claims.filter(({ verdict }) => verdict === "not proven");
  process.stdout.write(
    options.json === true ? `${JSON.stringify(claims, undefined, 2)}\n` : `${claimsText(claims)}\n${summary(claims, open, begun)}\n`,
  );
  return open.length > 0 ? STATUS.notProven : 0;
}

/** What runs, or a text: why it cannot be asked. */
async function liveIn(dc: DataCenter, { config, router, name, socket }: Options): Promise<Live | string> {
  if (config !== undefined) return "--live judges what runs; --config is for a file";
  if (router !== undefined && !routersOf(dc).some((each) => each.name === router)) return unknownRouter(dc, router);
  return router === undefined ? liveInLab(labNamed(name), dc) : liveHere(dc, router, socket);
}

function unknownRouter(dc: DataCenter, router: string): string {
  return `no router "${router}" in the data centre; there are ${routersOf(dc)
    .map(({ name }) => name)
    .join(", ")}`;
}

/** What was given with --config, if anything; or a text: what is wrong with it. */
async function givenIn(dc: DataCenter, { config, platform, router }: Options): Promise<Live | string> {
  if (config === undefined) return router === undefined ? NOTHING : "--router says whose configuration --config is, and there is none";
  if (router === undefined) return "--config needs --router NAME: whose configuration it is";
  if (!routersOf(dc).some(({ name }) => name === router)) return unknownRouter(dc, router);
  const words = platform === undefined ? platformFor(dc, router) : platformOf(platform);
  const text = await readFile(config, "utf8").catch((error: NodeJS.ErrnoException) => error);
  if (typeof text !== "string") return `${config}: cannot be read: ${text.message}`;
  return words === undefined
    ? `nothing is written for the platform ${platform ?? ""} yet`
    : { given: [{ name: router, platform: words, read: words.read(text) }], sessions: [] };
}

function sure(platform: Platform | undefined): Platform {
  if (platform === undefined) throw new Error("a router without a platform");
  return platform;
}

function claimsText(claims: readonly Claim[]): string {
  const rows = claims.map(({ verdict, about, where, claim, evidence, against }) => [
    [verdict === "proven" ? "proven" : "NOT PROVEN"],
    [about],
    [where],
    [claim, ...against.map((each) => `! ${each}`)],
    [evidence],
  ]);
  return table(["", "about", "where", "claim", "searched"], rows);
}

function summary(claims: readonly Claim[], open: readonly Claim[], begun: number): string {
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  return `${claims.length - open.length} proven, ${open.length} not proven, in ${seconds} s`;
}

function wrong(text: string): number {
  process.stderr.write(`${text}\n`);
  return STATUS.wrong;
}
