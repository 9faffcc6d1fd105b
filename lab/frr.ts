/**
 * Routers of the lab that are no business of Margay's agents: FRR, told what `margay render` writes, with the rules, settings
 * and addresses that stand beside it. Each daemon has its own directory for sockets, so that several run on one machine.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { linuxLinks } from "#adapters/linux/links.ts";
import { kernelOf } from "#adapters/netlink/kernel.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { link } from "#core/kinds/link.ts";
import { diff } from "#core/reconcile/diff.ts";
import { routerConfigOf, routersOf } from "#core/router/derive.ts";
import { intentOf } from "#core/router/linux.ts";
import { platformFor } from "#core/router/platforms.ts";
import type { Rendering } from "#core/router/platform.ts";
import { rendered } from "#core/router/render.ts";
import type { RouterRole } from "#core/router/router-config.ts";
import { machineNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { inside, must } from "./program.ts";
import { runningService, startService } from "./service.ts";
import { until } from "./wait.ts";

/** Where Debian puts them. */
const DAEMONS = "/usr/lib/frr";

export interface OtherRouter {
  readonly name: string;
  readonly role: RouterRole;
}

/** Those that no agent runs. Throws for a platform that the lab cannot run. */
export function otherRouters(center: DataCenter): readonly OtherRouter[] {
  return routersOf(center).filter(({ name }) => {
    const platform = platformFor(center, name)?.name;
    if (platform === "bird" || platform === "frr") return platform === "frr";
    throw new Error(`the lab cannot run ${name}: it runs BIRD and FRR alone; margay render and margay prove know the other platforms`);
  });
}

/** The process by which one sees whether such a router runs. */
export function frrService(machine: string): string {
  return `bgpd-${machine}`;
}

/** Does nothing where it runs already. */
export async function startFrr(lab: Lab, center: DataCenter, { name, role }: OtherRouter): Promise<void> {
  if (runningService(lab, frrService(name)) !== undefined) return;
  const home = frrHome(lab, name);
  mkdirSync(home, { recursive: true });
  // Its daemons give up root for this user of Debian's package, and keep what they need of the kernel.
  await must(["chown", "frr:frr", home]);
  const config = routerConfigOf(center, name);
  const { files, refused } = renderedFor(center, name);
  if (files.length === 0) throw new Error(`the lab cannot run ${name}: ${refused.map(({ what, why }) => `${what}: ${why}`).join("; ")}`);
  for (const file of files) writeFileSync(join(home, file.name), file.text);
  if (role !== "reflector") await furnish(lab, center, { name, role });
  const bfd = config?.neighbors.some((neighbor) => neighbor.bfd !== undefined) === true;
  await startDaemon(lab, name, "zebra");
  await Promise.all(["staticd", "bgpd", ...(bfd ? ["bfdd"] : [])].map((daemon) => startDaemon(lab, name, daemon)));
  await must(vtysh(lab, name, "-f", join(home, `${name}.frr.conf`)));
}

function renderedFor(center: DataCenter, name: string): Rendering {
  const [platform, config] = [platformFor(center, name), routerConfigOf(center, name)];
  if (platform === undefined || config === undefined) throw new Error(`no router "${name}" in the data centre`);
  return rendered(platform, config, center);
}

/** What `vtysh` of a machine answers to one command. */
export function askFrr(lab: Lab, machine: string, command: string): Promise<string> {
  return must(vtysh(lab, machine, "-c", command));
}

export function frrHome(lab: Lab, machine: string): string {
  return join(lab.directory, machine, "frr");
}

function vtysh(lab: Lab, machine: string, ...words: readonly string[]): readonly string[] {
  return inside(machineNetns(lab, machine), ["vtysh", "--vty_socket", frrHome(lab, machine), ...words]);
}

async function startDaemon(lab: Lab, machine: string, daemon: string): Promise<void> {
  const home = frrHome(lab, machine);
  const own = ["--vty_socket", home, "-i", join(home, `${daemon}.pid`), "-z", join(home, "zserv.api"), "-f", "/dev/null"];
  const argv = [join(DAEMONS, daemon), ...own, "-A", "127.0.0.1", "-P", "0", "--log", "stdout"];
  startService(lab, { name: `${daemon}-${machine}`, argv, netns: machineNetns(lab, machine) });
  const sockets = [join(home, `${daemon}.vty`), join(home, "zserv.api")];
  await until({ what: `${daemon} of ${machine} to answer`, timeout: 10_000 }, () => sockets.find((socket) => !existsSync(socket)));
}

/** As the comments in the rendered files tell the operator to. */
async function furnish(lab: Lab, center: DataCenter, { name, role }: OtherRouter): Promise<void> {
  const [home, netns] = [frrHome(lab, name), machineNetns(lab, name)];
  await must(inside(netns, ["sysctl", "-qp", join(home, `${name}.sysctl.conf`)]));
  const kernel = kernelOf(netns);
  try {
    const own = intentOf(center, { host: name, role }).links.flatMap(({ value }) => (value.own === undefined ? [] : [value]));
    const driver = linuxLinks(kernel);
    const outcomes = await driver.apply(diff(link, own, await driver.list(own), { prune: false }));
    for (const outcome of outcomes) if (outcome.state !== "done") throw new Error(`${name}: its own links: ${outcome.state}`);
  } finally {
    kernel.close();
  }
  const rules = join(home, `${name}.nft`);
  if (existsSync(rules)) await must(inside(netns, ["nft", "-f", rules]));
}
