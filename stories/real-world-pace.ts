/** How fast a connection is in a lab: by what arrives once the bucket of its limit is empty. */
import { spawn } from "node:child_process";
import { machineNetns, vmNetns } from "#lab/place.ts";
import type { Lab } from "#lab/place.ts";
import { inside } from "#lab/program.ts";
import { OUTSIDE } from "#lab/topology.ts";
import { endsOf } from "./ends.ts";
import type { Scene } from "./ends.ts";

/** A bucket holds one second's worth, and is empty before that is over. */
const FILLED_MS = 1500;
const MEASURED_MS = 1500;
/** Mbit/s: nobody in a story is held back at so much. */
const FREE = 150;
/** Of the discard protocol (RFC 863). */
const PORT = 9;

export async function measure(lab: Lab, scene: Scene, from: string, to: string): Promise<number | undefined> {
  const [ends] = endsOf(scene, from, { to, flow: { protocol: "tcp", port: PORT, family: 4 } });
  if (ends === undefined) throw new Error(`${from} and ${to} have no IPv4`);
  const netnsOf = (name: string) => (name === "outside" ? machineNetns(lab, OUTSIDE.name) : vmNetns(lab, name));
  const sink = begun(netnsOf(to), ["socat", "-u", `TCP4-LISTEN:${PORT},reuseaddr`, "STDOUT"]);
  const target = `TCP4:${ends.destination}:${PORT},retry=10,interval=0.1`;
  const source = begun(netnsOf(from), ["socat", "-u", "/dev/zero", target]);
  let bytes = 0;
  sink.stdout.on("data", (part: Buffer) => (bytes += part.length));
  try {
    await passing(FILLED_MS);
    const [before, since] = [bytes, performance.now()];
    await passing(MEASURED_MS);
    const mbit = ((bytes - before) * 8) / 1000 / (performance.now() - since);
    return mbit > FREE ? undefined : mbit;
  } finally {
    for (const child of [source, sink]) child.kill("SIGKILL");
  }
}

function begun(netns: string, argv: readonly string[]) {
  const [program = "", ...rest] = inside(netns, argv);
  return spawn(program, rest, { stdio: ["ignore", "pipe", "ignore"] });
}

function passing(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
