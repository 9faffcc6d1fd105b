/** The two BIRDs of a machine, in a namespace of their own; the neighbour is the kernel of another. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { neighbourhoodContract } from "#contracts/neighbourhood.contract.ts";
import type { NeighbourhoodHost } from "#contracts/neighbourhood.contract.ts";
import type { Watched } from "#core/intent/bfd.ts";
import type { Ip } from "#core/net/address.ts";
import { testNamespace } from "../linux/namespace.real.ts";
import { askBird } from "./control.ts";
import { birdNeighbourhood } from "./neighbourhood.ts";

const there: Watched = { name: "gw1", session: "gateway:gw1", interface: "fab0", local: "192.0.2.1" as Ip, peer: "192.0.2.2" as Ip };
const nobody: Watched = { ...there, name: "gw9", session: "gateway:gw9", peer: "192.0.2.9" as Ip };

/** What each is told, what it is asked, and what it says once it is there. */
const BIRDS = {
  BFD: {
    name: "bfd",
    text: `protocol bfd { neighbor ${there.peer} dev "${there.interface}" local ${there.local}; }`,
    question: "show bfd sessions",
    answer: there.peer,
  },
  BGP: {
    name: "bird",
    text: `protocol bgp '${there.session}' { local ${there.local} as 64512; neighbor ${there.peer} as 64513; passive; ipv4 { import none; export none; }; }`,
    question: "show protocols",
    answer: there.session,
  },
} as const;

async function birds(t: TestContext): Promise<NeighbourhoodHost> {
  const [{ name: netns, run, sh }, other] = [await testNamespace(t), await testNamespace(t)];
  await sh(`ip link add ${there.interface} type veth peer name ${there.interface} netns ${other.name}`);
  for (const [at, ip] of [
    [sh, there.local],
    [other.sh, there.peer],
  ] as const)
    await at(`ip addr add ${ip}/24 dev ${there.interface}; ip link set ${there.interface} up`);
  const state = mkdtempSync(join(tmpdir(), "margay-birds-"));
  mkdirSync(join(state, "bird"));
  const running = new Map<string, ChildProcess>();
  const begins = async ({ name, text, question, answer }: (typeof BIRDS)["BFD" | "BGP"]) => {
    const [config, control, pid] = ["conf", "ctl", "pid"].map((kind) => join(state, "bird", `${name}.${kind}`)) as [string, string, string];
    writeFileSync(config, `router id 192.0.2.1;\nprotocol device { }\n${text}\n`);
    const child = spawn("ip", ["netns", "exec", netns, "bird", "-f", "-c", config, "-s", control, "-P", pid], { stdio: "ignore" });
    running.set(name, child);
    while (!(await askBird(control, question).catch(() => [])).some((line) => line.includes(answer))) {
      assert.equal(child.exitCode, null, `${name} takes its configuration`);
      await pause(20);
    }
  };
  const ends = async (name: string) => {
    const child = running.get(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  const neighbourhood = birdNeighbourhood({ state, run });
  t.after(async () => {
    neighbourhood.close();
    for (const name of running.keys()) await ends(name);
    rmSync(state, { recursive: true });
  });
  for (const bird of Object.values(BIRDS)) await begins(bird);
  return { neighbourhood, there, nobody, speaker: (which, what) => (what === "begins" ? begins(BIRDS[which]) : ends(BIRDS[which].name)) };
}

neighbourhoodContract("birdNeighbourhood()", birds);
