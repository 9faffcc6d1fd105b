/** A command inside a real VM, by its second serial line: no network is needed for it. */
import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { once } from "node:events";
import type { Lab } from "../place.ts";
import { doorOf } from "./machine.ts";

export interface Answer {
  readonly status: number;
  /** Output and errors as they came. */
  readonly text: string;
}

/** Rejects when the VM does not answer within `timeout` ms. One is done at a time. */
export async function inGuest(lab: Lab, vm: string, command: string, timeout = 30_000): Promise<Answer> {
  const socket = connect(doorOf(lab, vm, "commands"));
  try {
    const late = AbortSignal.timeout(timeout);
    await once(socket, "connect", { signal: late });
    const lines = createInterface({ input: socket });
    const id = randomUUID();
    socket.write(`${id} ${Buffer.from(command).toString("base64")}\n`);
    for (;;) {
      const [line] = (await once(lines, "line", { signal: late })) as [string];
      // An earlier command, whose asker has gone, may still have something to say.
      const [said, text = "", status] = line.trim().split(" ");
      if (said === id) return { text: Buffer.from(text, "base64").toString(), status: Number(status) };
    }
  } catch (error) {
    throw new Error(`the VM "${vm}" does not answer: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    socket.destroy();
  }
}
