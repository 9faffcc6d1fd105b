/** Watching a change of the data centre until it is done, confirmed or gone back. */
import { spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import type { RolloutBody } from "#core/rollout/api.ts";
import { getFrom, post } from "./client.ts";

export interface Following {
  readonly confirm: number | undefined;
  /** A command of the shell that says whether it is good. */
  readonly verify: string | undefined;
  readonly say: (line: string) => void;
}

type Rollout = NonNullable<RolloutBody["rollout"]>;

const LOOK_MS = 250;

/** Answers whether it is done as asked; where somebody has yet to confirm it, that is said, and it is not waited for. */
export async function followed(endpoint: string, following: Following): Promise<boolean> {
  const { say, verify } = following;
  let said = "";
  for (;;) {
    const now = await rolloutAt(endpoint);
    const line = lineOf(now);
    if (line !== said) say(line);
    said = line;
    if (now?.state === "to be confirmed" && verify === undefined) return true;
    if (now?.state === "to be confirmed" && verify !== undefined) await judged(endpoint, verify, say);
    else if (now?.state !== "under way" && now?.state !== "going back") return now?.state === "done";
    await pause(LOOK_MS);
  }
}

export async function rolloutAt(endpoint: string): Promise<Rollout | null> {
  const { rollout } = (await getFrom(endpoint, "/margay/v1/rollout", process.env["OS_TOKEN"])) as unknown as RolloutBody;
  return rollout;
}

export async function judge(endpoint: string, action: "confirm" | "back"): Promise<void> {
  await post(endpoint, "/margay/v1/rollout", { body: { action }, token: process.env["OS_TOKEN"] });
}

async function judged(endpoint: string, verify: string, say: Following["say"]): Promise<void> {
  say(`it stands; asking: ${verify}`);
  const code = await new Promise((resolve) => {
    const child = spawn("/bin/sh", ["-c", verify], { stdio: ["ignore", "inherit", "inherit"] });
    child.on("close", resolve);
    child.on("error", () => resolve(127));
  });
  say(code === 0 ? "that is good: confirmed" : `that ended with ${String(code)}: it goes back`);
  await judge(endpoint, code === 0 ? "confirm" : "back");
}

/** Missing things one after the other: whoever watches sees them come. */
export function lineOf(rollout: Rollout | null): string {
  if (rollout === null) return "the data centre has not been changed";
  const { state, until, stages_left: left, missing, reason } = rollout;
  const why = reason === undefined ? "" : `: ${reason}`;
  switch (state) {
    case "under way":
    case "going back":
      return `${state}${why}${left > 0 ? ", one step more" : ""}${missing.length > 0 ? `; waiting for ${missing.join("; ")}` : ""}`;
    case "to be confirmed":
      return `it stands; unless \`margay rollout confirm\` says that it is good, it goes back at ${until}`;
    default:
      return `${state}${why}`;
  }
}
