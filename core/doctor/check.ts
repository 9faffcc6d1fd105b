/**
 * A check: what may be wrong, how that is seen, and what to do. It looks in one or more places; each look names the facts that it
 * needs, and says nothing, neither good nor bad, where it has not got them.
 */
import type { DataCenter } from "../datacenter/data-center.ts";
import type { CloudFacts } from "./cloud-facts.ts";
import { told } from "./facts.ts";
import type { Facts, Known, MachineFacts, Role } from "./facts.ts";

export interface Check {
  /** As in the field's list of what goes wrong: `R5`. */
  readonly id: string;
  readonly group: Group;
  readonly title: string;
  /** What to do when it is wrong. */
  readonly remedy: string;
  readonly looks: readonly Look[];
}

export type Group = "address plan" | "routing and export" | "gateway and port-NAT" | "hosts" | "Neutron";

export interface Look {
  /** Where: `file`, `cloud`, or the machines' roles and what is asked of them. */
  readonly at: string;
  readonly examine: (facts: Facts) => readonly Examined[];
}

/** What was seen in one place. */
export interface Examined {
  /** `the file`, `the cloud`, a machine. */
  readonly where: string;
  /** Undefined: there is nothing to judge there. */
  readonly seen?: string;
  /** It could not be judged. */
  readonly unknown?: string;
  readonly findings: readonly Found[];
}

export interface Found {
  readonly verdict: "wrong" | "warning";
  /** What is the case, with values. */
  readonly what: string;
  readonly fix?: Fix;
}

/** How it is put right. Only what changes nothing else is done by `--fix`; commands are for the operator to judge. */
export type Fix =
  | { readonly how: "sysctl"; readonly path: string; readonly value: string }
  | { readonly how: "quota"; readonly project: string; readonly limits: Readonly<Record<string, number>> }
  | { readonly how: "command"; readonly command: string };

/** A judgement: what is wrong, and what was seen where nothing is. */
export interface Judged {
  readonly seen: string;
  readonly findings: readonly Found[];
}

export function wrong(what: string, fix?: Fix): Found {
  return { verdict: "wrong", what, ...(fix && { fix }) };
}

export function warning(what: string, fix?: Fix): Found {
  return { verdict: "warning", what, ...(fix && { fix }) };
}

/** Undefined: there is nothing of the kind here. */
export type Judgement = Judged | undefined;

export function ofFile(judge: (center: DataCenter) => Judgement): Look {
  return ofFileOr((center) => told(judge(center)));
}

/** The same where what follows from the file may not be understood. */
export function ofFileOr(judge: (center: DataCenter) => Known<Judgement>): Look {
  const where = "the file";
  return {
    at: "file",
    examine: ({ center }) => {
      const judged = center.known ? judge(center.value) : center;
      return [judged.known ? examined(where, judged.value) : blind(where, judged.why)];
    },
  };
}

export function ofCloud(judge: (cloud: CloudFacts, center: DataCenter) => Judgement): Look {
  const where = "the cloud";
  return {
    at: "cloud",
    examine: ({ cloud, center }) => {
      if (!cloud.known) return [blind(where, cloud.why)];
      return [center.known ? examined(where, judge(cloud.value, center.value)) : blind(where, center.why)];
    },
  };
}

type FactName = Exclude<keyof MachineFacts, "name" | "role">;
type Told<K extends FactName> = Pick<MachineFacts, "name" | "role"> & {
  readonly [N in K]: Extract<MachineFacts[N], { readonly known: true }>["value"];
};

/** Each machine of these roles by itself. */
export function ofMachines<K extends FactName>(
  roles: readonly Role[],
  needs: readonly K[],
  judge: (machine: Told<K>, center: DataCenter) => Judgement,
): Look {
  return {
    at: `${roles.join(", ")}: ${needs.join(", ")}`,
    examine: (facts) => each(facts, roles, needs, (machine) => withCenter(facts, machine.name, (center) => judge(machine, center))),
  };
}

/** Each machine of these roles, beside what the cloud says. */
export function ofMachinesAndCloud<K extends FactName>(
  roles: readonly Role[],
  needs: readonly K[],
  judge: (machine: Told<K>, cloud: CloudFacts, center: DataCenter) => Judgement,
): Look {
  return {
    at: `${roles.join(", ")}: ${needs.join(", ")}; cloud`,
    examine: (facts) =>
      each(facts, roles, needs, (machine) =>
        withCenter(facts, machine.name, (center) => {
          const { cloud } = facts;
          return cloud.known ? judge(machine, cloud.value, center) : blind(machine.name, cloud.why);
        }),
      ),
  };
}

function withCenter({ center }: Facts, where: string, judge: (center: DataCenter) => Judgement | Examined): Examined {
  if (!center.known) return blind(where, center.why);
  const judged = judge(center.value);
  return judged !== undefined && "where" in judged ? judged : examined(where, judged);
}

function each<K extends FactName>(
  facts: Facts,
  roles: readonly Role[],
  needs: readonly K[],
  examine: (machine: Told<K>) => Examined,
): readonly Examined[] {
  // Whoever knows of no data centre knows of no machines either: that there are none to be asked is no good sign.
  if (!facts.center.known) return [blind("the machines", facts.center.why)];
  return facts.machines
    .filter(({ role }) => roles.includes(role))
    .map((machine) => {
      const lacking = needs.map((need) => machine[need]).find((fact) => !fact.known);
      if (lacking?.known === false) return blind(machine.name, lacking.why);
      const values = needs.map((need) => [need, (machine[need] as { readonly value: unknown }).value]);
      // Exactly the needs, each known: that is what `Told` says.
      return examine({ name: machine.name, role: machine.role, ...Object.fromEntries(values) } as Told<K>);
    });
}

function examined(where: string, judged: Judgement): Examined {
  return judged === undefined ? { where, findings: [] } : { where, seen: judged.seen, findings: judged.findings };
}

function blind(where: string, why: string): Examined {
  return { where, unknown: why, findings: [] };
}
