/** Packets that lie about where they come from, sent from inside a VM; the VM is left as it was. */
import { familyOf, widthOf } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import { inside, must, run } from "../program.ts";
import type { Actor } from "./stage.ts";

/** Borrows the address for its loopback and sends one echo request from it. */
export async function sendForgedSource(from: Actor, source: Ip, target: Ip): Promise<Ip> {
  const address = `${source}/${widthOf(familyOf(source))} dev lo${familyOf(source) === 6 ? " nodad" : ""}`;
  return borrowing(from, { take: [`addr add ${address}`], leave: [`addr del ${address.replace(" nodad", "")}`] }, async () => {
    await echo(from, source, target);
    return source;
  });
}

/** A second MAC on the same wire: a macvlan over the NIC, with a route of its own to the target. The source address is the VM's own. */
export async function sendForgedMac(from: Actor, source: Ip, target: Ip): Promise<Ip> {
  const family = familyOf(source);
  const [dev, table] = [`liar${family}`, 90 + family];
  const rule = `-${family} rule ${"VERB"} to ${target} lookup ${table} priority 50`;
  // The answer to "who has the router" would go to the true MAC; the liar knows it already.
  const take = [
    `link add ${dev} link eth0 address fa:16:3e:ff:ff:f${family} type macvlan mode bridge`,
    `link set ${dev} up`,
    `neigh add ${target} lladdr fe:ff:ff:ff:ff:ff dev ${dev} nud permanent`,
    `route add ${target} dev ${dev} src ${source} table ${table}`,
    rule.replace("VERB", "add"),
  ];
  return borrowing(from, { take, leave: [rule.replace("VERB", "del"), `link del ${dev}`] }, async () => {
    await must(["ip", "-n", from.netns, "neigh", "replace", target, "lladdr", await routerMac(from), "dev", dev, "nud", "permanent"]);
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

async function borrowing<T>(
  { netns }: Actor,
  { take, leave }: { readonly take: readonly string[]; readonly leave: readonly string[] },
  work: () => Promise<T>,
): Promise<T> {
  const batch = (lines: readonly string[]) => must(["ip", "-n", netns, "-batch", "-"], { input: lines.join("\n").concat("\n") });
  try {
    await batch(take);
    return await work();
  } finally {
    await run(["ip", "-n", netns, "-force", "-batch", "-"], { input: leave.join("\n").concat("\n") });
  }
}

/** No answer is expected, so none is waited for. */
async function echo({ netns }: Actor, source: Ip, target: Ip): Promise<void> {
  await run(inside(netns, ["ping", "-n", "-c", "1", "-W", "0.2", "-I", source, target]), { timeout: 2000 });
}
