/** An agent is killed in the middle of its work, again and again, at any moment after it has heard of a change: the next one completes it. */
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { processesWith } from "#adapters/linux/process.ts";
import { ground, port, told, until, up } from "./told.real.ts";
import type { Told } from "./told.real.ts";

const KILLS = 20;
/** A round that makes a port takes less. */
const LONGEST_MS = 80;

test("killed at any moment of its work, twenty times, it leaves nothing half done", { timeout: 115_000 }, async (t) => {
  const one = await told(t);
  await one.host.sh("for n in 17 18 19; do ip tuntap add tap$n mode tap; ip link set tap$n up; done");
  one.say(...(await ground()), port(17));
  let agent = one.start();
  await up(one, [17], 1);
  const without = await holdings(one);
  await up(one, [17, 18, 19], one.say(port(18), port(19)));
  const with18 = await holdings(one);
  await up(one, [17], one.say({ op: "gone", key: "endpoint/p18" }, { op: "gone", key: "endpoint/p19" }));
  await settled(one, without, "taken back");

  for (let kill = 0; kill < KILLS; kill++) {
    const coming = kill % 2 === 0;
    if (coming) one.say(port(18), port(19));
    else one.say({ op: "gone", key: "endpoint/p18" }, { op: "gone", key: "endpoint/p19" });
    const after = (LONGEST_MS * kill) / KILLS;
    await sleep(after);
    agent.kill("SIGKILL");
    await once(agent, "exit");
    agent = one.start();
    await settled(one, coming ? with18 : without, `killed ${after} ms after it was told that ports ${coming ? "come" : "go"}`);
  }
});

async function settled(one: Told, expected: string, when: string): Promise<void> {
  let held = "";
  await until(
    async () => (held = await holdings(one)) === expected,
    () => `${when}: ${differing(expected, held).join("\n")}`,
  );
}

function differing(one: string, other: string): string[] {
  const [first, second] = [new Set(one.split("\n")), new Set(other.split("\n"))];
  return [
    ...[...first].filter((line) => !second.has(line)).map((line) => `- ${line}`),
    ...[...second].filter((line) => !first.has(line)).map((line) => `+ ${line}`),
  ];
}

/**
 * Kernel objects, files and how many processes; without what counts, what the kernel fills by itself, and the numbers of processes. A file that
 * goes while they are read is a difference like any other.
 */
async function holdings({ host, state }: Told): Promise<string> {
  const nft = await host.sh("nft -s list ruleset | grep -v 'limit rate .* packets,\\?\\( }\\)\\?$' | grep -v 'expires'");
  const rest = await host.sh(
    `ip -4 route show proto 88; ip -6 route show proto 88; ip neigh show nud permanent proto 88 | sort
     ip -br addr show margay0 | tr -s ' ' '\\n' | grep / | grep -v fe80 | sort
     cd ${state}; find bird dnsmasq -type f | sort | xargs sha256sum 2>&1 || true`,
  );
  const processes = ["bird", "dnsmasq"].map((name) => `${processesWith(`MARGAY_DAEMON=${state} ${name}`).length} ${name}`);
  return [
    ...nft.split("\n").toSorted(),
    ...rest.split("\n").map((line) => line.replace(/ (linkdown|pref \w+)/g, "").trim()),
    ...processes,
  ].join("\n");
}
