/** The two BIRDs of a machine: one knows by BFD who is there, the other is to know it. And `ping`, for whom BFD does not hear. */
import { join } from "node:path";
import type { Neighbourhood } from "#contracts/neighbourhood.ts";
import type { RunProgram } from "#contracts/program.ts";
import { readBfd } from "#core/doctor/bird-facts.ts";
import { askBird, birdControl } from "./control.ts";

export interface Birds {
  /** The state directory of the machine's agent. */
  readonly state: string;
  /** Runs `ping` where the machine's interfaces are. */
  readonly run: RunProgram;
}

/** Three requests, of which one that is answered is enough; neighbours are one hop away. Seconds. */
const PING = ["ping", "-n", "-q", "-c", "3", "-i", "0.005", "-W", "0.08"] as const;

export function birdNeighbourhood({ state, run }: Birds): Neighbourhood {
  const [bgp, bfd] = ["bird", "bfd"].map((name) => join(state, "bird", `${name}.ctl`)) as [string, string];
  const often = birdControl(bfd);
  return {
    bfd: async () => {
      const lines = await often.ask("show bfd sessions").catch(() => undefined);
      return lines && readBfd(lines.join("\n"));
    },
    echo: async ({ interface: link, peer }) => (await run([...PING, "-I", link, peer])).code === 0,
    leave: async ({ session }) => void (await askBird(bgp, `restart '${session}'`)),
    close: often.close,
  };
}
