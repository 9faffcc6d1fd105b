/**
 * 200 VMs that boot at the same time on one host: a host out of a namespace with real dnsmasq, configured by the real compiler and drivers;
 * guests are the far ends of its taps, with busybox's client for DHCPv4, ISC's for DHCPv6, and the kernel for router advertisements. All of
 * them run on our own processors, which VMs would not.
 */
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Endpoint } from "#core/feed/item.ts";
import { host, outside, place, troubles } from "#core/intent/tests/bench.test.ts";
import type { Ends, Host, Place } from "#core/intent/tests/bench.test.ts";
import { port, viewOf } from "#core/intent/tests/sample-view.ts";
import { hostSideMac, readMac } from "#core/net/mac.ts";
import { atMost } from "../figure.ts";
import type { Bench, Figure } from "../figure.ts";

const GUESTS = 200;
const LIMIT_MS = 5000;
const PATIENCE_MS = 20_000;

export const dhcp: Bench = async () => {
  const ends: (() => unknown)[] = [];
  const after: Ends["after"] = (end) => void ends.unshift(end as () => unknown);
  try {
    const [h, guests] = [await host({ after }), await place({ after })];
    await outside({ after }, h);
    const endpoints = Array.from({ length: GUESTS }, (_, at) => endpointAt(at + 1));
    const view = viewOf(endpoints);
    // dnsmasq is there before the taps: it has to find them itself, while it is asked on them.
    await h.hold(view);
    const times = async (what: string) => {
      await plug(h, guests, endpoints);
      const bad = troubles(await h.hold(view));
      if (bad.length > 0) throw new Error(bad[0]);
      return figuresOf(what, await boot(guests, join(h.state, what.replaceAll(" ", "-"))));
    };
    const first = await times("boot");
    await unplug(h, endpoints);
    return [...first, ...(await times("boot once more after all were rebuilt"))];
  } finally {
    for (const end of ends) await end();
  }
};

function endpointAt(at: number): Endpoint {
  const digits = at.toString(16).padStart(4, "0");
  const mac = readMac(`fa:16:3e:00:${digits.slice(0, 2)}:${digits.slice(2)}`);
  if (mac === undefined) throw new Error(`no MAC for ${at}`);
  return { ...port(at, [`10.65.1.${at}`, `2001:db8:a41:3::1:${digits}`]), mac };
}

async function plug(h: Host, guests: Place, endpoints: readonly Endpoint[]): Promise<void> {
  const link = ({ tap, mac }: Endpoint, at: number) =>
    `link add ${tap} address ${hostSideMac(mac)} type veth peer name g${at} address ${mac} netns ${guests.name}`;
  await batch(
    h,
    h,
    endpoints.flatMap((each, at) => [link(each, at), `link set ${each.tap} up`]),
  );
}

function unplug(h: Host, endpoints: readonly Endpoint[]): Promise<void> {
  return batch(
    h,
    h,
    endpoints.map(({ tap }) => `link del ${tap}`),
  );
}

async function batch({ state }: Host, there: Place, lines: readonly string[]): Promise<void> {
  writeFileSync(join(state, "batch"), `${lines.join("\n")}\n`);
  await there.sh(`ip -batch ${join(state, "batch")}`);
}

const SCRIPT4 = `#!/bin/sh\n[ "$1" = bound ] && : > "DONE/4-$interface"\n`;
const SCRIPT6 = `#!/bin/sh\ncase $reason in BOUND6) : > "DONE/6-$interface";; esac\n`;

/** Milliseconds from the moment at which the links come up, by what was waited for: `4-g17`, `6-g17`, `router`. */
async function boot(guests: Place, home: string): Promise<ReadonlyMap<string, number>> {
  const done = join(home, "done");
  mkdirSync(done, { recursive: true });
  for (const [name, text] of [
    ["4.sh", SCRIPT4],
    ["6.sh", SCRIPT6],
  ] as const) {
    writeFileSync(join(home, name), text.replaceAll("DONE", done));
    chmodSync(join(home, name), 0o755);
  }
  writeFileSync(join(home, "up"), Array.from({ length: GUESTS }, (_, at) => `link set g${at} up\n`).join(""));
  const four = `busybox udhcpc -i g$n -q -n -f -t 20 -T 1 -s ${home}/4.sh >/dev/null 2>&1 &`;
  // A DUID by the time of day: a VM that is rebuilt has another.
  const six = `dhclient -6 -1 -q -d -D LLT -sf ${home}/6.sh -lf ${home}/$n.leases -pf ${home}/$n.pid g$n >/dev/null 2>&1 </dev/null &`;
  const clients = guests.start([
    "sh",
    "-c",
    `: > ${home}/start; ip -batch ${home}/up; n=0; while [ $n -lt ${GUESTS} ]; do ${four} ${six} n=$((n+1)); done; wait`,
  ]);
  const end = performance.now() + PATIENCE_MS;
  const routers = async () => (await guests.sh("ip -6 route show default proto ra | grep -c via || true")).trim();
  while (readdirSync(done).length < 2 * GUESTS + 1 && performance.now() < end) {
    if (!readdirSync(done).includes("routers") && Number(await routers()) === GUESTS) writeFileSync(join(done, "routers"), "");
    await pause(50);
  }
  const start = statSync(join(home, "start")).mtimeMs;
  const times = new Map(readdirSync(done).map((name) => [name, statSync(join(done, name)).mtimeMs - start]));
  if (clients.pid !== undefined && clients.exitCode === null) process.kill(-clients.pid, "SIGTERM");
  return times;
}

function figuresOf(what: string, times: ReadonlyMap<string, number>): Figure[] {
  const slowest = (prefix: string, count: number) => {
    const ms = [...times].flatMap(([name, at]) => (name.startsWith(prefix) ? [at] : []));
    return ms.length < count ? Infinity : Math.max(...ms);
  };
  const figure = (of: string, value: number) =>
    atMost(`${GUESTS} VMs ${what} at the same time: the last ${of}`, value, { limit: LIMIT_MS, unit: "ms" });
  return [
    figure("DHCPv4 lease", slowest("4-", GUESTS)),
    figure("DHCPv6 lease", slowest("6-", GUESTS)),
    figure("IPv6 router", slowest("routers", 1)),
  ];
}
