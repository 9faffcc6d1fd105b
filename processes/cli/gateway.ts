/** `margay gateway`: which gateways are in service; `drain` takes one out of it without loss, `undrain` puts it back. */
import { setTimeout as pause } from "node:timers/promises";
import { Command } from "commander";
import type { GatewayStanding } from "#core/rollout/api-gateways.ts";
import type { Rollout } from "#core/rollout/rollout.ts";
import { Complaint, endpointOf, getFrom, put } from "./client.ts";
import { complaining } from "./complaining.ts";
import { table } from "./table.ts";

interface Options {
  readonly url?: string;
  readonly force?: true;
}

const URL_OPTION = ["--url <url>", "where the API is; else MARGAY_URL, else OS_ENDPOINT"] as const;

export function command(): Command {
  const gateway = new Command("gateway").description("Which gateways are in service");
  gateway
    .command("list")
    .description("All, with how they stand")
    .option(...URL_OPTION)
    .action(({ url }: Options) => complaining(() => list(endpointOf(url, process.env))));
  for (const [word, drained, description] of [
    ["drain", true, "Everybody prefers the others; what comes its way still passes"],
    ["undrain", false, "As before"],
  ] as const)
    gateway
      .command(word)
      .description(description)
      .argument("<name>", "the gateway")
      .option("--force", "at once, though translated connections may break; also the last one in service")
      .option(...URL_OPTION)
      .action((name: string, { url, force }: Options) => complaining(() => change(endpointOf(url, process.env), name, { drained, force })));
  return gateway;
}

async function list(endpoint: string): Promise<number> {
  const rows = (await standings(endpoint)).map((each) => [
    [each.name],
    [each.connected ? serviceOf(each) : `${each.drained ? "drained, " : ""}its agent is away`],
    [each.sessions_down === null ? "unknown" : each.sessions_down.join(", ") || "none"],
    [each.translated_flows === null ? "" : String(each.translated_flows)],
  ]);
  process.stdout.write(table(["gateway", "state", "BGP sessions down", "translated flows"], rows));
  return 0;
}

function serviceOf({ drained, relayed }: GatewayStanding): string {
  if (drained) return "drained";
  return relayed ? "between drained and in service" : "in service";
}

interface Wish {
  readonly drained: boolean;
  readonly force: true | undefined;
}

/** Answers once others have been told: a change that nobody can carry out is said to be one. */
async function change(endpoint: string, name: string, { drained, force }: Wish): Promise<number> {
  const body = { drained, ...(force && { force }) };
  await put(endpoint, `/margay/v1/gateways/${encodeURIComponent(name)}`, { body, token: process.env["OS_TOKEN"] });
  const standing = (await standings(endpoint)).find((each) => each.name === name);
  if (standing?.connected !== true)
    throw new Complaint(`${name} is to be ${drained ? "drained" : "in service"}, but its agent is away: it does so when it comes back`);
  await stands(endpoint, name, drained);
  const flows = drained ? await flowsLeft(endpoint, name) : undefined;
  process.stdout.write(drained ? `${name} is drained; it still translates ${flows} flows\n` : `${name} is in service\n`);
  return 0;
}

/** Where it translates there are two stages: others learn to send on to it before anybody turns to them, and unlearn it last. */
async function stands(endpoint: string, name: string, drained: boolean): Promise<void> {
  for (;;) {
    const { rollout } = await getFrom(endpoint, "/margay/v1/rollout", process.env["OS_TOKEN"]);
    const { state, reason } = (rollout ?? {}) as Partial<Rollout>;
    const standing = (await standings(endpoint)).find((each) => each.name === name);
    const isMoving = state === "under way" || state === "going back";
    if (!isMoving && (drained ? standing?.drained === true : standing?.relayed !== true)) return;
    if (!isMoving)
      throw new Complaint(
        `${name} is as it was: ${reason ?? "somebody else has changed it"}; --force does it at once, whatever becomes of its flows`,
      );
    await pause(LOOK_MS);
  }
}

/** Only a gateway that knows that it is drained says how many flows it has left. */
async function flowsLeft(endpoint: string, name: string): Promise<number> {
  for (let turns = 0; turns < PATIENCE_TURNS; turns++) {
    const flows = (await standings(endpoint)).find((each) => each.name === name)?.translated_flows;
    if (typeof flows === "number") return flows;
    await pause(LOOK_MS);
  }
  throw new Complaint(`${name} has not said within ${(PATIENCE_TURNS * LOOK_MS) / 1000} s that it is drained`);
}

const LOOK_MS = 250;
const PATIENCE_TURNS = 40;

async function standings(endpoint: string): Promise<readonly GatewayStanding[]> {
  const { gateways } = await getFrom(endpoint, "/margay/v1/gateways", process.env["OS_TOKEN"]);
  // Said by the controller.
  return gateways as readonly GatewayStanding[];
}
