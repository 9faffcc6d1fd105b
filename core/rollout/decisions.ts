/** Beginning a change of the data centre, taking it further, and taking it back. */
import { decideApply } from "../datacenter/apply.ts";
import type { Difference } from "../datacenter/apply-difference.ts";
import type { DataCenter } from "../datacenter/data-center.ts";
import { gatewaysKept } from "../datacenter/networks.ts";
import type { Cloud } from "../neutron/cloud.ts";
import { later } from "../neutron/decision.ts";
import type { Decision, Fresh, RowWrite } from "../neutron/decision.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import { boundElsewhere } from "./bound.ts";
import { markedAs } from "./drain.ts";
import { retiringOf } from "./retiring.ts";
import type { Retiring } from "./retiring.ts";
import { isUnderWay, PATIENCE } from "./rollout.ts";
import type { Rollout, Step } from "./rollout.ts";
import { stagesOf } from "./stages.ts";

export interface Begin {
  readonly datacenter: DataCenter;
  readonly project: string;
  readonly confirm?: number;
  /** What does not stand as it is: the change is not held back by that. */
  readonly before: Pick<Rollout, "absent" | "amiss">;
}

export interface Begun {
  /** Of the cloud. */
  readonly difference: Difference;
  /** Of what `fabricDifference` tells the difference, which takes a while; absent: there was none before. */
  readonly change?: { readonly before: DataCenter; readonly after: DataCenter };
  /** In how many steps it is done. */
  readonly stages: number;
  /** Machines that go before their replacement has come. */
  readonly ahead: readonly string[];
  /** Who still has addresses of ranges that retire. */
  readonly retiring: readonly Retiring[];
}

/** One stage alone, with nobody to confirm it, is no rollout: it is done at once. */
export function beginRollout(cloud: Cloud, { datacenter: asked, project, confirm, before }: Begin, fresh: Fresh): Result<Decision<Begun>> {
  if (isUnderWay(cloud.get("rollout", "this"))) return refused(underWay);
  const previous = declaredNow(cloud);
  const datacenter = previous === undefined ? asked : gatewaysKept(previous, markedAs(previous, asked));
  const { centers, ahead } = stagesOf(previous, datacenter);
  const bound = previous === undefined ? undefined : boundElsewhere(cloud, previous, datacenter);
  if (bound !== undefined) return refused(bound);
  const whole = decideApply(cloud, { datacenter, project }, fresh);
  if (!whole.ok) return whole;
  const change = previous === undefined ? {} : { change: { before: previous, after: datacenter } };
  const answer = { difference: whole.value.answer, ...change, stages: centers.length, ahead, retiring: retiringOf(cloud, datacenter) };
  const [first = datacenter, ...stages] = centers;
  if (previous === undefined || whole.value.writes.length === 0 || (stages.length === 0 && confirm === undefined))
    return ok({ writes: whole.value.writes, answer });
  const begun = stages.length === 0 ? whole : decideApply(cloud, { datacenter: first, project }, fresh);
  if (!begun.ok) return begun;
  const until = later(fresh.now, PATIENCE);
  const row: Rollout = { state: "under way", previous, stages, project, ...before, until, ...(confirm !== undefined && { confirm }) };
  return ok({ writes: [...begun.value.writes, rowOf(row)], answer });
}

/** Answers with how it stands afterwards. What cannot be applied goes back; what cannot go back is stuck, for people to see to. */
export function takeStep(cloud: Cloud, step: Step, fresh: Fresh): Result<Decision<Rollout | undefined>> {
  const now = cloud.get("rollout", "this");
  if (!isUnderWay(now)) return ok({ writes: [], answer: now });
  if (step === "end") return put({ ...now, state: now.state === "going back" ? "gone back" : "done" });
  if (step === "ask to confirm") return put({ ...now, state: "to be confirmed", until: later(fresh.now, now.confirm ?? 0) });
  return step === "next stage" ? nextStage(cloud, now, fresh) : goBack(cloud, { ...now, reason: step.back }, fresh);
}

/** Somebody says that it is good, or that it is not. */
export function judge(cloud: Cloud, verdict: "confirm" | "back", fresh: Fresh): Result<Decision<Rollout | undefined>> {
  const now = cloud.get("rollout", "this");
  if (!isUnderWay(now)) return refused(nothingUnderWay);
  if (verdict === "back") return takeStep(cloud, { back: "it was taken back" }, fresh);
  return now.state === "to be confirmed" ? takeStep(cloud, "end", fresh) : refused(notYet);
}

function nextStage(cloud: Cloud, now: Rollout, fresh: Fresh): Result<Decision<Rollout | undefined>> {
  const [datacenter, ...stages] = now.stages;
  if (datacenter === undefined) throw new Error("there is no next stage");
  const applied = decideApply(cloud, { datacenter, project: now.project }, fresh);
  if (applied.ok) return put({ ...now, stages, until: later(fresh.now, PATIENCE) }, applied.value.writes);
  const reason = applied.refusal.message;
  return now.state === "going back" ? put({ ...now, state: "stuck", reason }) : goBack(cloud, { ...now, reason }, fresh);
}

/** In stages as well: what was taken away stands again before what replaced it goes. */
function goBack(cloud: Cloud, now: Rollout, fresh: Fresh): Result<Decision<Rollout | undefined>> {
  if (now.state === "going back") return ok({ writes: [], answer: now });
  const { centers } = stagesOf(declaredNow(cloud), now.previous);
  return nextStage(cloud, { ...now, state: "going back", stages: centers }, fresh);
}

function put(row: Rollout, writes: readonly RowWrite[] = []): Result<Decision<Rollout>> {
  return ok({ writes: [...writes, rowOf(row)], answer: row });
}

function rowOf(row: Rollout): RowWrite {
  return { key: "rollout/this", row };
}

function declaredNow(cloud: Cloud): DataCenter | undefined {
  const applied = cloud.get("datacenter", "this");
  if (applied === undefined) return undefined;
  const { made: _, ...datacenter } = applied;
  return datacenter;
}

const conflict = (message: string): Refusal => ({ status: 409, type: "DataCenterConflict", message });

const underWay = conflict(
  "Cannot apply the data centre: another change of it is under way. `margay rollout` shows it, confirms it, or takes it back.",
);
const nothingUnderWay = conflict("Cannot confirm or take back a change of the data centre: none is under way.");
const notYet = conflict("Cannot confirm the change of the data centre: it does not stand yet.");
