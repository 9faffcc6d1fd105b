/** Does what is safe, and says what became of each: settings of the kernel that Margay does not hold, and quotas. */
import type { PlannedFix } from "#core/doctor/examine.ts";

/** How a machine or the cloud is changed. Each answers undefined when it is done, and why not otherwise. */
export interface Hands {
  sysctl(machine: string, path: string, value: string): Promise<string | undefined>;
  quota(project: string, limits: Readonly<Record<string, number>>): Promise<string | undefined>;
}

/** What is left for the operator is no fix to be done. */
export function safeOf(fixes: readonly PlannedFix[]): readonly PlannedFix[] {
  return fixes.filter(({ fix }) => fix.how !== "command");
}

export interface Done {
  readonly planned: PlannedFix;
  /** Why it could not be done. */
  readonly failed: string | undefined;
}

/** One after the other: two may be about the same setting. */
export async function fixAll(fixes: readonly PlannedFix[], hands: Hands): Promise<readonly Done[]> {
  const done: Done[] = [];
  for (const planned of safeOf(fixes)) done.push({ planned, failed: await fixOne(planned, hands) });
  return done;
}

async function fixOne({ where, fix }: PlannedFix, hands: Hands): Promise<string | undefined> {
  if (fix.how === "sysctl") return await hands.sysctl(where, fix.path, fix.value);
  if (fix.how === "quota") return await hands.quota(fix.project, fix.limits);
  return "it is for the operator";
}
