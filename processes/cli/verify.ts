/** `margay verify`: every promise with real packets, each with what was expected, what was seen, and the evidence. */
import { Command } from "commander";
import { declaredIn } from "#adapters/yaml/datacenter-file.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { readLabRecord } from "#lab/lab-record.ts";
import type { Lab } from "#lab/place.ts";
import type { Verdict } from "#lab/verify/claim.ts";
import { verify } from "#lab/verify/verify.ts";
import { inLab, tell, withLab } from "./lab-command.ts";
import type { LabOptions } from "./lab-command.ts";
import { table } from "./table.ts";

interface VerifyOptions extends LabOptions {
  readonly json?: boolean;
}

export function command(): Command {
  return withLab(new Command("verify"))
    .description("Prove with packets that the lab keeps every promise; exit 1 when one is broken")
    .option("--json", "verdicts as JSON")
    .action((options: VerifyOptions) =>
      inLab(options, async (lab) => {
        const broken = await prove(lab, options.json === true ? "json" : "table");
        if (broken > 0) process.exitCode = 1;
      }),
    );
}

/** Prints the verdicts; how many promises are broken. */
export async function prove(lab: Lab, form: "json" | "table"): Promise<number> {
  const begun = performance.now();
  const say = form === "json" ? () => undefined : tell;
  const verdicts = await verify(lab, declared(lab), say);
  const broken = verdicts.filter(({ kept }) => !kept);
  if (form === "json") tell(JSON.stringify(verdicts, undefined, 2));
  else {
    tell(matrix(verdicts));
    tell(`${verdicts.length - broken.length} kept, ${broken.length} broken, in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    for (const verdict of broken) tell(complaint(verdict));
  }
  return broken.length;
}

/** The declaration that the lab was built from, not what lies in the file now. */
function declared(lab: Lab): DataCenter {
  const record = readLabRecord(lab);
  if (record?.phase !== "up") throw new Error(`the lab "${lab.name}" does not stand; build it with: margay lab up FILE`);
  return declaredIn(record.file.path, record.file.text);
}

function matrix(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ kept, what, family, expected, seen, evidence }) =>
    [kept ? "kept" : "BROKEN", what, `IPv${family}`, expected, seen, evidence].map((text) => [text]),
  );
  return table(["", "from → to", "", "expected", "seen", "evidence"], rows);
}

function complaint({ what, family, expected, seen, evidence }: Verdict): string {
  return `BROKEN: ${what} (IPv${family})\n  expected: ${expected}\n  seen:     ${seen}\n  evidence: ${evidence}`;
}
