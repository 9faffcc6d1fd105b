/** The promises are kept in every example, and what somebody breaks by hand is named. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { processOf } from "#adapters/linux/process.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { down } from "../down.ts";
import { writeWhole } from "../lab-record.ts";
import { agentState } from "../margay.ts";
import { ownLab } from "../own-lab.real.ts";
import { machineNetns, vmNetns } from "../place.ts";
import { inside, must } from "../program.ts";
import { raiseExample } from "../raise.ts";
import { startAgent, stopAgent } from "../standing.ts";
import { listVms } from "../vm-record.ts";
import { plugVm } from "../vm.ts";
import { until } from "../wait.ts";
import type { Verdict } from "./claim.ts";
import { takeTurn } from "./turn.ts";
import { verify } from "./verify.ts";

const lab = await ownLab("verify");
const examples = readdirSync(new URL("../../examples/", import.meta.url)).map((file) => file.replace(/\.yaml$/, ""));

after(() => down(lab));

async function broken(center: DataCenter): Promise<Verdict[]> {
  return (await verify(lab, center, () => undefined)).filter(({ kept }) => !kept);
}

function told(verdicts: readonly Verdict[]): string[] {
  return verdicts.map(({ what, family, seen, evidence }) => `${what} IPv${family}: ${seen}; ${evidence}`);
}

// The guide is below; routers of other platforms have a test of their own (processes/cli/prove.real.test.ts).
for (const name of examples.filter((example) => example !== "guide" && example !== "frr")) {
  test(`examples/${name}.yaml keeps every promise`, async () => {
    const center = await raiseExample(lab, name);
    try {
      assert.deepEqual(told(await broken(center)), []);
    } finally {
      await down(lab);
    }
  });
}

test("examples/guide.yaml keeps every promise; what is broken by hand is named, and is whole again when its agent is", async (context) => {
  const center = await raiseExample(lab, "guide");
  assert.deepEqual(told(await broken(center)), []);

  /** Breaks something behind a stopped agent's back; which lines break, and that all are whole once the agent is back. */
  const breaks = async (machine: string, how: () => Promise<unknown>): Promise<string[]> => {
    await stopAgent(lab, machine);
    try {
      await how();
      return told(await broken(center));
    } finally {
      startAgent(lab, machine);
    }
  };
  const at = (machine: string, ...argv: readonly string[]) => must(inside(machineNetns(lab, machine), argv));

  await context.test("a route deleted on a host", async () => {
    const ip = listVms(lab).find((vm) => vm.name === "ext1")?.nics[0]?.addresses[0] ?? "";
    const lines = await breaks("h1", () => at("h1", "ip", "route", "del", `${ip}/32`));
    assert.ok(
      lines.some((line) => line.startsWith("outside → ext1 tcp 80, port opened IPv4")),
      lines.join("\n"),
    );
    assert.ok(
      !lines.some((line) => /ext2 .*→ outside|→ ext2 .*opened/.test(line)),
      `what has nothing to do with it is kept:\n${lines.join("\n")}`,
    );
  });

  await context.test("the gateway's translation flushed", async () => {
    const lines = await breaks("gw1", () => at("gw1", "nft", "flush", "ruleset"));
    assert.ok(
      lines.some((line) => line.startsWith("int1 → outside tcp 80, outbound IPv4")),
      lines.join("\n"),
    );
  });

  await context.test("an export added at the gateway", async () => {
    const control = `${agentState(lab, "gw1")}/bird`;
    const lines = await breaks("gw1", async () => {
      await at(
        "gw1",
        "sh",
        "-c",
        `sed 's/export filter [a-z_0-9]*;/export all;/; s/export where .*;/export all;/' ${control}/bird.conf > ${control}/../leaky.conf`,
      );
      await at("gw1", "birdc", "-s", `${control}/bird.ctl`, "configure", `"${control}/../leaky.conf"`);
    });
    assert.ok(
      lines.some((line) => line.startsWith("provider's BGP table IPv4")),
      lines.join("\n"),
    );
  });

  await context.test("all is whole again", async () => {
    await until(
      { what: "the agents to put everything back", timeout: 60_000 },
      async () => told(await broken(center)).join("\n") || undefined,
    );
  });

  await context.test("what a verification that was killed left in the VMs", async () => {
    takeTurn(lab);
    const [vm] = listVms(lab).filter(({ name }) => name === "int1");
    assert.ok(vm);
    await plugVm(lab, vm.name, { network: "external", groups: [] });
    await must(["ip", "-n", vmNetns(lab, "ext2"), "link", "set", "eth0", "down"]);
    await assert.rejects(broken(center), /being verified by process/);
    writeWhole(join(lab.directory, "verify.json"), { ...processOf(process.pid), startTime: "1" });
    assert.deepEqual(told(await broken(center)), []);
    assert.deepEqual(
      listVms(lab).map(({ nics }) => nics.length),
      [1, 1, 1, 1],
    );
  });
});
