/** Takes a change of the data centre through its stages: looks whether the present one stands, and has the next step decided. */
import type { Clock } from "#contracts/clock.ts";
import type { Log } from "#contracts/log.ts";
import type { Writer } from "#contracts/writer.ts";
import type { Said } from "#core/feed/item.ts";
import type { Cloud } from "#core/neutron/cloud.ts";
import type { Fresh } from "#core/neutron/decision.ts";
import { takeStep } from "#core/rollout/decisions.ts";
import { isUnderWay, stepOf } from "#core/rollout/rollout.ts";
import { missingIn } from "#core/rollout/standing.ts";
import type { Present } from "./present.ts";

const LOOK_MS = 200;
/** What an agent has done is heard of by all others within this time: only then does everybody use what stands. */
const SETTLE_MS = 1000;

export interface RolloutsParts {
  readonly present: Present<Cloud>;
  readonly writer: Writer<Cloud>;
  readonly said: Said;
  readonly fresh: () => Fresh;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Rollouts {
  stop(): void;
}

/** A change that was under way when a controller ended goes on with the next one. */
export function rollouts({ present, writer, said, fresh, clock, log }: RolloutsParts): Rollouts {
  /** What the agents must have heard of: the last stage. */
  let revision = present.revision();
  let standsSince: number | undefined;
  let stopped = false;
  let waiting: (() => void) | undefined;

  const missing = (): readonly string[] => {
    const [rollout, datacenter] = [present.state.get("rollout", "this"), present.state.get("datacenter", "this")];
    if (rollout === undefined || datacenter === undefined) return [];
    const all = missingIn(datacenter, { said, revision, absent: rollout.absent }).filter((one) => !rollout.amiss.includes(one));
    standsSince = all.length > 0 ? undefined : (standsSince ?? clock.now());
    return standsSince !== undefined && clock.now() < standsSince + SETTLE_MS ? ["it has just come to stand"] : all;
  };
  const look = async () => {
    waiting = undefined;
    const rollout = present.state.get("rollout", "this");
    if (stopped || !isUnderWay(rollout)) return;
    const step = stepOf(rollout, { missing: missing(), now: fresh().now });
    if (step !== undefined) await take(step);
    lookSoon();
  };
  const take = async (step: Parameters<typeof takeStep>[1]) => {
    const taken = await writer.write((cloud, now) => takeStep(cloud, step, now));
    if (!taken.ok) return log.error("a change of the data centre cannot be taken further", { reason: taken.refusal.message });
    const { state, reason, stages } = taken.value ?? {};
    log.info("the data centre changes", { state, stages_left: stages?.length, ...(reason !== undefined && { reason }) });
  };
  const lookSoon = () => {
    if (!stopped) waiting ??= clock.after(LOOK_MS, () => void look());
  };
  const ignore = present.listen((advance) => {
    const keys = new Set(advance.changes.map(({ key }) => key));
    if (keys.has("datacenter/this")) [revision, standsSince] = [advance.revision, undefined];
    if (keys.has("rollout/this")) lookSoon();
  });
  lookSoon();
  return {
    stop: () => {
      stopped = true;
      ignore();
      waiting?.();
    },
  };
}
