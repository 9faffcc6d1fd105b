/** Talking to a running QEMU: JSON by a unix socket, a line each way (QEMU, docs/interop/qmp-spec.rst). One conversation at a time. */
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { once } from "node:events";

/** The commands that the lab uses, and what they take. */
export interface Commands {
  readonly cont: Record<string, never>;
  readonly quit: Record<string, never>;
  readonly netdev_add: {
    readonly type: "tap";
    readonly id: string;
    readonly ifname: string;
    readonly script: "no";
    readonly downscript: "no";
  };
  readonly netdev_del: { readonly id: string };
  readonly device_add: {
    readonly driver: "virtio-net-pci";
    readonly id: string;
    readonly bus: string;
    readonly netdev: string;
    readonly mac: string;
    readonly host_mtu: number;
  };
  readonly device_del: { readonly id: string };
}

export interface Qmp {
  /** Rejects with QEMU's own words. */
  tell<C extends keyof Commands>(command: C, given: Commands[C]): Promise<void>;
  /** Resolves once QEMU has said this of this device since the conversation began; rejects after `timeout` ms. */
  until(event: string, device: string, timeout: number): Promise<void>;
  close(): void;
}

interface Said {
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
  readonly event?: string;
  readonly data?: { readonly device?: string };
}

const PATIENCE_MS = 10_000;

export async function qmp(path: string): Promise<Qmp> {
  const socket = connect(path);
  await once(socket, "connect", { signal: AbortSignal.timeout(PATIENCE_MS) });
  const [answers, events]: [((said: Said) => void)[], Set<string>] = [[], new Set()];
  let heard = Promise.withResolvers<void>();
  let gone = false;
  createInterface({ input: socket }).on("line", (line) => {
    const said = JSON.parse(line) as Said; // QEMU's own
    if (said.event !== undefined) events.add(`${said.event} ${said.data?.device ?? ""}`);
    else if ("return" in said || said.error !== undefined) answers.shift()?.(said);
    heard.resolve();
    heard = Promise.withResolvers();
  });
  socket
    .on("error", () => undefined)
    .on("close", () => {
      gone = true;
      for (const answer of answers.splice(0)) answer({ error: { class: "Gone", desc: "QEMU has ended" } });
      heard.resolve();
    });

  const ask = (execute: string, given: object) => {
    if (gone) return Promise.reject(new Error(`${execute}: QEMU has ended`));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`${execute}: QEMU does not answer`)), PATIENCE_MS);
    answers.push(({ error }) => {
      clearTimeout(timer);
      if (error === undefined) resolve();
      else reject(new Error(`${execute}: ${error.desc}`));
    });
    socket.write(`${JSON.stringify({ execute, arguments: given })}\n`);
    return promise;
  };
  await ask("qmp_capabilities", {});
  return {
    tell: ask,
    until: async (event, device, timeout) => {
      const late = AbortSignal.timeout(timeout);
      while (!events.has(`${event} ${device}`)) {
        if (gone || late.aborted)
          throw new Error(`QEMU ${gone ? "has ended" : `did not say ${event} of ${device} within ${timeout / 1000} s`}`);
        await Promise.race([heard.promise, once(late, "abort")]);
      }
    },
    close: () => socket.destroy(),
  };
}
