/** How the doctor changes things: of this machine, of machines of a lab, and of the cloud by its API. */
import { reasonOf } from "#adapters/linux/errors.ts";
import { programs, wordsOf } from "#adapters/programs/programs.ts";
import type { RunProgram } from "#contracts/program.ts";
import { machineNetns } from "#lab/place.ts";
import type { Lab } from "#lab/place.ts";
import { put } from "./client.ts";
import type { Hands } from "./doctor-fix.ts";

export function handsHere(url: string | undefined, token: string | undefined): Hands {
  return { sysctl: (_machine, path, value) => setSysctl(programs(), path, value), quota: quotas(url, token) };
}

/** Inside the machine's own namespace: what all of them share with the machine that the lab is on is not there, and stays as it is. */
export function labHands(lab: Lab, url: string): Hands {
  return {
    sysctl: (machine, path, value) => setSysctl(programs({ under: ["ip", "netns", "exec", machineNetns(lab, machine)] }), path, value),
    quota: quotas(url, undefined),
  };
}

async function setSysctl(run: RunProgram, path: string, value: string): Promise<string | undefined> {
  const result = await run(["sysctl", "-qw", `${path}=${value}`]);
  return result.code === 0 ? undefined : wordsOf(result);
}

function quotas(url: string | undefined, token: string | undefined): Hands["quota"] {
  return async (project, limits) => {
    if (url === undefined) return "no controller was asked";
    try {
      await put(url, `/v2.0/quotas/${encodeURIComponent(project)}`, { body: { quota: limits }, token });
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
  };
}
