/** `margay demo`: the guide's data centre on this machine, proven, and left running. */
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { controllerSocket, DEFAULT_LAB } from "#lab/place.ts";
import type { Lab } from "#lab/place.ts";
import { inLab, tell, withLab } from "./lab-command.ts";
import { raise, withPort } from "./lab.ts";
import type { UpOptions } from "./lab.ts";
import { prove } from "./verify.ts";

const GUIDE = fileURLToPath(new URL("../../examples/guide.yaml", import.meta.url));

export function command(): Command {
  return withPort(withLab(new Command("demo")))
    .description("Build the guide's data centre out of network namespaces, boot VMs in it and prove that it works")
    .action((options: UpOptions) => inLab(options, (lab) => show(lab, options)));
}

async function show(lab: Lab, options: UpOptions): Promise<void> {
  tell(`building the data centre that ${GUIDE} declares`);
  await raise(lab, GUIDE, options);
  tell("\nproving it with packets: two VMs on each network, a host outside");
  const broken = await prove(lab, "table");
  if (broken > 0) process.exitCode = 1;
  tell(nextSteps(lab));
}

/** For a lab that is not the default one, what makes all the commands mean it comes first. */
export function nextSteps(lab: Lab): string {
  const environment = lab.name === DEFAULT_LAB ? "" : `  export MARGAY_LAB=${lab.name} MARGAY_URL=unix:${controllerSocket(lab)}\n`;
  return `\nThe data centre stays. Try next:\n${environment}${NEXT}`;
}

const NEXT = `\
  ./margay lab status                               machines, processes, VMs
  ./margay lab enter ext1                           a shell in a VM; there: ping 203.0.113.10, which is outside
  ./margay lab enter outside -- tcpdump -ni eth0    what the outside sees meanwhile
  ./margay lab vm add web2 --network external --host h2 --group probe
  ./margay net-list; ./margay subnet-show external4; ./margay port-list
  ./margay plan examples/guide.yaml                 what follows from the file
  ./margay verify                                   all of the above promises again
  ./margay lab down                                 remove every trace`;
