/** Addresses that go from one running VM to another: by a call of the API, and by whoever takes over what both may have (VRRP). */
import type { Ip } from "#core/net/address.ts";
import { ask } from "#lab/cloud.ts";
import type { CloudPort } from "#lab/cloud.ts";
import { down } from "#lab/down.ts";
import { movingGuest } from "#lab/moving-guest.ts";
import type { MovingGuest } from "#lab/moving-guest.ts";
import { untilActive } from "#lab/nova.ts";
import { ownLab } from "#lab/own-lab.real.ts";
import { raiseExample } from "#lab/raise.ts";
import { atMost } from "../figure.ts";
import type { Bench, Figure } from "../figure.ts";
import { longestSilence, openGroup, untilAnswered } from "./silence.ts";

const LAB = await ownLab("bench-hands");
const LIMIT_MS = 1000;
const TIMES = 4;

interface Vm {
  readonly port: CloudPort;
  readonly guest: MovingGuest;
}

export const handovers: Bench = async (say, { times = TIMES }) => {
  await raiseExample(LAB, "guide");
  const group = await openGroup(LAB);
  const guests: MovingGuest[] = [];
  const vm = async (host: string): Promise<Vm> => {
    const port = await externalPort(group, { "binding:host_id": host, device_owner: "compute:nova" });
    const guest = await movingGuest(LAB, port, `guest-${host}`);
    guests.push(guest);
    await guest.plug(host);
    await guest.run(host);
    await untilActive(LAB, port.id);
    return { port, guest };
  };
  try {
    const both = [await vm("h1"), await vm("h2")] as const;
    return [...(await moved(both, times, say)), ...(await takenOver(both, times, say))];
  } finally {
    for (const guest of guests) await guest.end();
    await down(LAB);
  }
};

/** Both VMs take themselves for the owner: which of them is asked is for the hosts to say. */
async function moved([one, other]: readonly [Vm, Vm], times: number, say: (line: string) => void): Promise<Figure[]> {
  const ips = one.port.fixed_ips.map(({ ip_address: ip }) => ip as Ip);
  for (const ip of ips) await other.guest.accept(ip);
  for (const ip of ips) await untilAnswered(LAB, ip);
  const silences: number[] = [];
  for (let time = 0; time < times; time++) {
    const taker = time % 2 === 0 ? other : one;
    const path = `/v2.0/ports/${taker.port.id}/take_addresses`;
    const take = () => ask(LAB, { method: "PUT", path, body: { addresses: ips.map((ip_address) => ({ ip_address })) } });
    silences.push(...(await duringProbes(ips, take)));
    say(`addresses moved in one call: ${silences.slice(-ips.length).map((ms) => `${ms.toFixed(0)} ms`)}`);
  }
  return [
    atMost(`addresses moved in one call: longest time without an answer, ${times} times`, Math.max(...silences), {
      limit: LIMIT_MS,
      unit: "ms",
    }),
  ];
}

/** The VM that has the addresses falls, and the other announces them. */
async function takenOver(vms: readonly [Vm, Vm], times: number, say: (line: string) => void): Promise<Figure[]> {
  // Kept by a port that no host serves, so that nobody else is given them.
  const kept = (await externalPort(undefined, {})).fixed_ips.map(({ ip_address: ip }) => ip as Ip);
  for (const { port, guest } of vms) {
    const pairs = { allowed_address_pairs: kept.map((ip_address) => ({ ip_address })) };
    await ask(LAB, { method: "PUT", path: `/v2.0/ports/${port.id}`, body: { port: pairs } });
    for (const ip of kept) await guest.accept(ip);
  }
  const announce = async ({ guest }: Vm) => void (await Promise.all(kept.map((ip) => guest.announce(ip))));
  await announce(vms[0]);
  for (const ip of kept) await untilAnswered(LAB, ip);
  const silences: number[] = [];
  for (let time = 0; time < times; time++) {
    const [fallen, next] = time % 2 === 0 ? vms : ([vms[1], vms[0]] as const);
    silences.push(...(await duringProbes(kept, async () => void (await fallen.guest.fall(), await announce(next)))));
    say(`addresses taken over: ${silences.slice(-kept.length).map((ms) => `${ms.toFixed(0)} ms`)}`);
    await fallen.guest.run(time % 2 === 0 ? "h1" : "h2");
  }
  return [
    atMost(`addresses of pairs taken over (VRRP): longest time without an answer, ${times} times`, Math.max(...silences), {
      limit: LIMIT_MS,
      unit: "ms",
    }),
  ];
}

async function duringProbes(ips: readonly Ip[], happens: () => Promise<unknown>): Promise<readonly number[]> {
  const later = async () => {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await happens();
  };
  const [silences] = await Promise.all([Promise.all(ips.map((ip) => longestSilence(LAB, ip))), later()]);
  return silences;
}

async function externalPort(group: string | undefined, said: object): Promise<CloudPort> {
  const { networks } = await ask<{ networks: readonly { id: string }[] }>(LAB, { method: "GET", path: "/v2.0/networks?name=external" });
  const port = { network_id: networks[0]?.id, ...(group === undefined ? {} : { security_groups: [group] }), ...said };
  return (await ask<{ port: CloudPort }>(LAB, { method: "POST", path: "/v2.0/ports", body: { port } })).port;
}
