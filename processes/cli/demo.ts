/** `margay demo`: the guide's data centre on this machine, proven, and left running. */
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import type { Lab } from "#lab/place.ts";
import { inLab, tell, withLab } from "./lab-command.ts";
import type { LabOptions } from "./lab-command.ts";
import { raise } from "./lab.ts";
import { prove } from "./verify.ts";

const GUIDE = fileURLToPath(new URL("../../examples/guide.yaml", import.meta.url));

export function command(): Command {
  return withLab(new Command("demo"))
    .description("Build the guide's data centre out of network namespaces, boot VMs in it and prove that it works")
    .action((options: LabOptions) => inLab(options, show));
}

async function show(lab: Lab): Promise<void> {
  tell(`building the data centre that ${GUIDE} declares`);
  await raise(lab, GUIDE, {});
  tell("\nproving it with packets: two VMs on each network, a host outside");
  const broken = await prove(lab, "table");
  if (broken > 0) process.exitCode = 1;
  tell(NEXT);
}

const NEXT = `
The data centre stays. Try next:
  ./margay lab status                               machines, processes, VMs
  ./margay lab enter ext1                           a shell in a VM; then: ping outside's 203.0.113.10
  ./margay lab enter outside -- tcpdump -ni eth0    what the outside sees
  ./margay lab vm add web --network external --host h2 --group probe
  ./margay net-list; ./margay subnet-show external4; ./margay port-list
  ./margay plan examples/guide.yaml                 what follows from the file
  ./margay verify                                   all of the above promises again
  ./margay lab down                                 remove every trace`;
