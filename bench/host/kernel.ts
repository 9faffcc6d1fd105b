/** What single changes of a kernel, and looks at it, take the agent's hands: thirty thousand elements of a set, five hundred routes. */
import { testNetns } from "#adapters/linux/test-name.real.ts";
import { linuxRoutes } from "#adapters/linux/routes.ts";
import { kernelOf } from "#adapters/netlink/kernel.ts";
import type { Kernel } from "#adapters/netlink/kernel.ts";
import { nftables } from "#adapters/nft/nftables.ts";
import { programs } from "#adapters/programs/programs.ts";
import type { Driver } from "#contracts/driver.ts";
import { refOf } from "#core/kinds/kind.ts";
import type { Kind } from "#core/kinds/kind.ts";
import { nft, nftRef } from "#core/kinds/nft.ts";
import type { Nft, NftElement } from "#core/kinds/nft.ts";
import { route } from "#core/kinds/route.ts";
import type { Route } from "#core/kinds/route.ts";
import type { Cidr } from "#core/net/prefix.ts";
import { must, run } from "#lab/program.ts";
import { atMost, quantile } from "../figure.ts";
import type { Bench, Figure } from "../figure.ts";

const PLACE = testNetns("bench-kernel");
const [ELEMENTS, ROUTES, TIMES] = [30_000, 500, 200];

export const kernel: Bench = async (say, { times = TIMES }) => {
  await run(["ip", "netns", "del", PLACE]);
  await must(["ip", "netns", "add", PLACE]);
  const hands = kernelOf(PLACE);
  try {
    await must(["ip", "-n", PLACE, "-batch", "-"], { input: "tuntap add tap1 mode tap\nlink set tap1 up\n" });
    return [...(await filterFigures(hands, times, say)), ...(await routeFigures(hands, times))];
  } finally {
    hands.close();
    await run(["ip", "netns", "del", PLACE]);
  }
};

const SET: Nft = { object: "set", family: "inet", name: "members4", type: "type ipv4_addr;" };
const MAP: Nft = { object: "map", family: "inet", name: "to", type: "type ifname : verdict;" };
const element = (of: string, key: string, value?: string): NftElement => ({
  object: "element",
  family: "inet",
  of,
  element: key,
  uses: value === undefined ? [] : [nftRef("inet", "chain", "in-1")],
  ...(value === undefined ? {} : { value }),
});

async function filterFigures(hands: Kernel, times: number, say: (line: string) => void): Promise<Figure[]> {
  const driver = () => nftables({ ...hands, run: programs({ under: ["ip", "netns", "exec", PLACE] }) });
  const [one, want] = [
    driver(),
    [SET, MAP, ...Array.from({ length: ELEMENTS }, (_, at) => element("members4", `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`))],
  ];
  await made(one, nft, [SET, MAP]);
  say(`${ELEMENTS} elements stand after ${(await took(() => made(one, nft, want.slice(2)))).toFixed(0)} ms`);
  const fresh = await took(() => driver().list(want));
  await one.list(want);
  const again = await took(() => one.list(want));
  const single = await repeated(times, (at) => cycle(one, nft, [element("members4", `192.0.2.${at & 255}`)]));
  const policy: Nft = {
    object: "chain",
    family: "inet",
    name: "in-1",
    rules: ["ip saddr @members4 accept", "drop"],
    uses: [nftRef("inet", "set", "members4")],
  };
  const whole = await repeated(times, () => cycle(one, nft, [policy, element("to", '"tap1"', "goto in-1")]));
  const where = `beside ${ELEMENTS} others`;
  return [
    atMost(`an element put, read back, and taken away, ${where}, p50`, quantile(single, 0.5), { limit: 2, unit: "ms" }),
    atMost(`an element put, read back, and taken away, ${where}, p99`, quantile(single, 0.99), { limit: 50, unit: "ms" }),
    atMost(`a chain and its element put, read back, and taken away, ${where}, p50`, quantile(whole, 0.5), { limit: 10, unit: "ms" }),
    atMost(`${ELEMENTS} elements listed without memory`, fresh, { limit: 500, unit: "ms" }),
    atMost(`${ELEMENTS} elements looked at again`, again, { limit: 200, unit: "ms" }),
  ];
}

async function routeFigures(hands: Kernel, times: number): Promise<Figure[]> {
  const driver = linuxRoutes({ ...hands, cut: async () => new Map() });
  const at = (text: string): Route => ({ prefix: text as Cidr, to: { dev: "tap1" }, metric: 1024, after: [] });
  const many = await took(() =>
    made(
      driver,
      route,
      Array.from({ length: ROUTES }, (_, n) => at(`10.65.${n >> 8}.${n & 255}/32`)),
    ),
  );
  const single = await repeated(times, (n) => cycle(driver, route, [at(`10.66.0.${n & 255}/32`)]));
  return [
    atMost(`${ROUTES} routes put`, many, { limit: 100, unit: "ms" }),
    atMost(`a route put, read back, and taken away, beside ${ROUTES} others, p50`, quantile(single, 0.5), { limit: 5, unit: "ms" }),
  ];
}

async function made<V>(driver: Driver<V>, kind: Kind<V>, values: readonly V[]): Promise<void> {
  done(await driver.apply(values.map((want) => ({ op: "create", ref: refOf(kind, want), want }))));
}

async function cycle<V>(driver: Driver<V>, kind: Kind<V>, values: readonly V[]): Promise<void> {
  await made(driver, kind, values);
  if ((await driver.read?.(values))?.length !== values.length) throw new Error("what was put is not there");
  done(await driver.apply(values.map((have) => ({ op: "delete", ref: refOf(kind, have), have }))));
}

function done(outcomes: readonly { readonly state: string }[]): void {
  const bad = outcomes.find(({ state }) => state !== "done");
  if (bad !== undefined) throw new Error(JSON.stringify(bad));
}

async function took(job: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await job();
  return performance.now() - begun;
}

async function repeated(times: number, job: (at: number) => Promise<unknown>): Promise<number[]> {
  const all: number[] = [];
  for (let at = 0; at < times; at++) all.push(await took(() => job(at)));
  return all;
}
