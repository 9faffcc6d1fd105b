/** A rack is added to a data centre under traffic, and taken away again: its router, its segment, its host. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { declaredIn } from "#adapters/yaml/datacenter-file.ts";
import { applied } from "./command.real.ts";
import { down } from "./down.ts";
import { groupAllowing } from "./group.real.ts";
import { ownLab } from "./own-lab.real.ts";
import { machineNetns, vmNetns } from "./place.ts";
import { ping, tcp } from "./probe.ts";
import { run } from "./program.ts";
import { exampleText, raiseText } from "./raise.ts";
import { OUTSIDE, outsideHost } from "./topology.ts";
import { connections, goOn, pings, troublesOf } from "./traffic.real.ts";
import type { Stream } from "./traffic.real.ts";
import { addVm, removeVm } from "./vm.ts";
import { addressOf } from "./vm-record.ts";
import type { Vm } from "./vm-record.ts";
import { until } from "./wait.ts";

const LAB = await ownLab("rack");

interface Site {
  readonly two: string;
  readonly three: string;
}

/** The example, and the same with a rack more, of another length than the segments of the others. `more`: what its racks have besides. */
function siteOf(example: string, more: string): Site {
  const two = exampleText(example);
  const rack = `  - name: r3
${more}    ipv4: 192.168.103.0/26
    ipv6: 2001:db8:a41:103::/64
    tor: { name: tor3, ipv4: 192.168.100.103, ipv6: "2001:db8:a41:f::103", interface: rack0 }

hosts:
  - { name: h3, rack: r3, ipv4: 192.168.103.11, ipv6: "2001:db8:a41:103::11" }
`;
  return { two, three: two.replace("\nhosts:\n", rack) };
}

for (const [what, { two: TWO, three: THREE }, protocol] of [
  ["of the fabric's AS", siteOf("rack-ibgp", ""), "iBGP"],
  ["of its own AS", siteOf("rack-ebgp", "    asn: 4200000003\n"), "eBGP"],
] as const)
  describe(`a rack ${what}`, () => {
    const center = declaredIn("three.yaml", THREE);
    const out = outsideHost(center.lab);
    const streams: Stream[] = [];
    const troubles = () => troublesOf(streams);
    let one: Vm, two: Vm;

    before(async () => {
      await raiseText(LAB, THREE);
      await applied(LAB, TWO);
      await groupAllowing(LAB, "open");
      one = await addVm(LAB, { name: "one", host: "h1", network: "external", groups: ["open"] });
      two = await addVm(LAB, { name: "two", host: "h2", network: "internal", groups: ["open"] });
      const [outside, fromTwo] = [machineNetns(LAB, OUTSIDE.name), vmNetns(LAB, "two")];
      streams.push(
        pings({ what: "outside to one by IPv4", netns: outside, to: addressOf(one, 4) }),
        pings({ what: "outside to one by IPv6", netns: outside, to: addressOf(one, 6) }),
        pings({ what: "two to one by IPv4", netns: fromTwo, to: addressOf(one, 4) }),
        pings({ what: "two to one by IPv6", netns: fromTwo, to: addressOf(one, 6) }),
        connections({ what: "new connections of two by PNAT", netns: fromTwo, to: out.ipv4, port: 80 }),
      );
      await goOn(streams, 3);
    });
    after(async () => {
      streams.forEach((stream) => stream.end());
      await down(LAB);
    });

    test("it is added: its VM reaches all and is reached by all, and the others lose no packet", async () => {
      const said = await applied(LAB, THREE);
      for (const line of [
        `create session tor3 – rr1 (${protocol})`,
        "create session h3 – tor3 (iBGP)",
        "create tor tor3",
        "create host h3",
      ])
        assert.ok(said.includes(`${line}\n`), said);
      const three = await addVm(LAB, { name: "three", host: "h3", network: "external", groups: ["open"] });
      const outside = machineNetns(LAB, OUTSIDE.name);
      for (const family of [4, 6] as const) {
        for (const other of [one, two]) {
          await reaches(vmNetns(LAB, "three"), addressOf(other, family));
          await reaches(vmNetns(LAB, other.name), addressOf(three, family));
        }
        await reaches(outside, addressOf(three, family));
        await reaches(machineNetns(LAB, "h1"), family === 4 ? "192.168.103.11" : "2001:db8:a41:103::11");
      }
      assert.equal((await tcp(vmNetns(LAB, "three"), out.ipv4, 80)).error, undefined);
      assert.deepEqual(await troubles(), []);
    });

    test("it cannot go while a port is bound there, and goes when none is: the others lose no packet", async () => {
      await assert.rejects(applied(LAB, TWO), /h3 has 1 /);
      await removeVm(LAB, "three");
      const said = await applied(LAB, TWO);
      assert.ok(said.includes("delete tor tor3\n"), said);
      await until({ what: "h1 to forget the segment", timeout: 15_000 }, async () => {
        const { stdout } = await run(["ip", "-n", machineNetns(LAB, "tor1"), "route", "show", "192.168.103.0/26"]);
        return stdout === "" ? undefined : stdout;
      });
      assert.deepEqual(await troubles(), []);
    });
  });

async function reaches(netns: string, ip: string): Promise<void> {
  await until({ what: `${netns} to reach ${ip}`, timeout: 15_000 }, async () => {
    const { reached, error } = await ping(netns, ip);
    return reached ? undefined : (error ?? "nothing");
  });
}
