/** Packets that lie about where they come from, sent from inside a VM; the VM is left as it was. */
import { familyOf, widthOf } from "#core/net/address.ts";
import type { Family, Ip } from "#core/net/address.ts";
import { inside, must, run } from "../program.ts";
import type { Actor } from "./stage.ts";

/** Borrows the address for its loopback and sends one echo request from it. */
export async function sendForgedSource(from: Actor, source: Ip, target: Ip): Promise<Ip> {
  const family = familyOf(source);
  const address = `${source}/${widthOf(family)} dev lo`;
  return borrowing(from, { family, take: [`addr add ${address}`], leave: [`addr del ${address}`] }, async () => {
    await echo(from, source, target);
    return source;
  });
}

/** A second MAC on the same wire: a macvlan over the NIC, with a route of its own to the target. The source address is the VM's own. */
export async function sendForgedMac(from: Actor, source: Ip, target: Ip): Promise<Ip> {
  const family = familyOf(source);
  const [dev, table] = [`liar${family}`, 90 + family];
  const rule = `to ${target} lookup ${table} priority 50`;
  const take = [
    `link add ${dev} link eth0 address fa:16:3e:ff:ff:f${family} type macvlan mode bridge`,
    `link set ${dev} up`,
    // Who has the router is not asked: the answer would go to the true MAC.
    `neigh add ${target} lladdr ${await routerMac(from)} dev ${dev} nud permanent`,
    `route add ${target} dev ${dev} src ${source} table ${table}`,
    `rule add ${rule}`,
  ];
  return borrowing(from, { family, take, leave: [`rule del ${rule}`, `link del ${dev}`] }, async () => {
    await echo(from, source, target);
    return source;
  });
}

/** The tap's MAC: the NIC's with first octet fe. */
async function routerMac({ netns }: Actor): Promise<string> {
  const text = await must(["ip", "-j", "-n", netns, "link", "show", "dev", "eth0"]);
  const [link] = JSON.parse(text) as readonly { readonly address: string }[];
  return `fe${(link?.address ?? "").slice(2)}`;
}

interface Loan {
  readonly family: Family;
  readonly take: readonly string[];
  readonly leave: readonly string[];
}

async function borrowing<T>({ netns }: Actor, { family, take, leave }: Loan, work: () => Promise<T>): Promise<T> {
  const ip = (...flags: readonly string[]) => ["ip", `-${family}`, "-n", netns, ...flags, "-batch", "-"];
  try {
    await must(ip(), { input: take.join("\n").concat("\n") });
    return await work();
  } finally {
    await run(ip("-force"), { input: leave.join("\n").concat("\n") });
  }
}

/** No answer is expected, so none is waited for. */
async function echo({ netns }: Actor, source: Ip, target: Ip): Promise<void> {
  await run(inside(netns, ["ping", "-n", "-c", "1", "-W", "0.2", "-I", source, target]), { timeout: 2000 });
}
