/** `margay policy check FILE` and `margay policy show [FILE]`: who may do what, as an operator says it and as it stands. */
import { Command } from "commander";
import { readPolicyFile } from "#adapters/policy/policy-file.ts";
import { BUILDING_BLOCKS, declaredPolicies } from "#core/neutron/policies.ts";
import type { DeclaredPolicy } from "#core/neutron/policies.ts";

export function command(): Command {
  const policy = new Command("policy").description("Who may do what: the declared rules, and an operator's file on top of them");
  policy
    .command("check")
    .description("Say what is wrong in a policy file")
    .argument("<file>", "policy.yaml, in the language of oslo.policy")
    .action(check);
  policy
    .command("show")
    .description("List every policy with its rule, as a policy file")
    .argument("[file]", "with the rules of this file in their places")
    .action(show);
  return policy;
}

async function check(file: string): Promise<void> {
  const reading = await readPolicyFile(file);
  if (!reading.ok) return failed(reading.problems);
  const warnings = reading.warnings.map((warning) => `${warning} (it does no harm)\n`);
  process.stdout.write(`${warnings.join("")}${file}: ${reading.rules.size} rules, all understood\n`);
}

async function show(file: string | undefined): Promise<void> {
  const reading = file === undefined ? undefined : await readPolicyFile(file);
  if (reading?.ok === false) return failed(reading.problems);
  process.stdout.write(policyText(declaredPolicies(), reading?.rules ?? new Map()));
}

function failed(problems: readonly string[]): void {
  process.stderr.write(`${problems.join("\n")}\n`);
  process.exitCode = 2;
}

/** Defaults are comments, so that the text is a file that changes nothing; what the operator says is said. */
export function policyText(declared: readonly DeclaredPolicy[], said: ReadonlyMap<string, string>): string {
  const known = new Set([...BUILDING_BLOCKS.map(([name]) => name), ...declared.map(({ name }) => name)]);
  const own = [...said].filter(([name]) => !known.has(name)).map(([name, rule]) => line(name, rule));
  const blocks = BUILDING_BLOCKS.map(([name, rule]) => shown({ name, rule, said, remarks: REMARKS[name] ?? [] }));
  const policies = declared.map(({ name, text, note, requests }) => {
    const remarks = [...(note === "" ? [] : [note]), ...requests];
    return shown({ name, rule: text, said, remarks });
  });
  return `${[...(own.length > 0 ? [own.join("\n")] : []), ...blocks, ...policies].join("\n\n")}\n`;
}

/** What the words do not say. */
const REMARKS: Readonly<Record<string, readonly string[]>> = {
  service_api: ["While the setting cloud.admin_is_service is on, and this is not said otherwise, administrators as well."],
};

interface Shown {
  readonly name: string;
  readonly rule: string;
  readonly said: ReadonlyMap<string, string>;
  readonly remarks: readonly string[];
}

function shown({ name, rule, said, remarks }: Shown): string {
  const own = said.get(name);
  return [...remarks.map((remark) => `# ${remark}`), ...(own === undefined ? [] : [line(name, own)]), `#${line(name, rule)}`].join("\n");
}

function line(name: string, rule: string): string {
  return `${JSON.stringify(name)}: ${JSON.stringify(rule)}`;
}
