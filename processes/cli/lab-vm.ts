/** `margay lab vm …`: VMs as Nova would make them, with namespaces or real Linuxes for guests. */
import { Command } from "commander";
import type { Lab } from "#lab/place.ts";
import { standing } from "#lab/standing.ts";
import { listVms } from "#lab/vm-record.ts";
import { addVm, plugVm, removeVm, unplugVm } from "#lab/vm.ts";
import { inLab, tell, withLab } from "./lab-command.ts";
import type { LabOptions } from "./lab-command.ts";
import { vmsText } from "./lab-status.ts";

interface NicOptions extends LabOptions {
  readonly network: string;
  readonly group: readonly string[];
  readonly portId?: string;
}

interface AddOptions extends NicOptions {
  readonly host: string;
  readonly qemu?: boolean;
}

export function vmCommand(): Command {
  return new Command("vm")
    .description("VMs in a lab")
    .addCommand(addCommand())
    .addCommand(nic("plug", "Plug a further NIC into a running VM").action(plug))
    .addCommand(
      withLab(new Command("unplug"))
        .description("Take a VM's last NIC on a network out")
        .argument("<vm>", "its name in the lab")
        .requiredOption("--network <network>", "network to be unplugged from")
        .action((vm: string, options: NicOptions) =>
          inStanding(options, async (lab) => tell(vmsText([await unplugVm(lab, vm, options.network)]))),
        ),
    )
    .addCommand(
      withLab(new Command("rm"))
        .description("Delete a VM and its ports")
        .argument("<vm>", "its name in the lab")
        .action((vm: string, options: LabOptions) =>
          inStanding(options, async (lab) => {
            await removeVm(lab, vm);
            tell(`${vm} is gone`);
          }),
        ),
    )
    .addCommand(
      withLab(new Command("list"))
        .description("List VMs")
        .action((options: LabOptions) => inStanding(options, (lab) => tell(vmsText(listVms(lab))))),
    );
}

function addCommand(): Command {
  return nic("add", "Boot a VM with one NIC")
    .requiredOption("--host <host>", "compute host that it runs on")
    .option("--qemu", "a real Linux under QEMU, with KVM where there is one, instead of a namespace")
    .action((name: string, options: AddOptions) =>
      inStanding(options, async (lab) =>
        tell(vmsText([await addVm(lab, { ...wishOf(options), ...bodyOf(options), name, host: options.host })])),
      ),
    );
}

function plug(name: string, options: NicOptions): Promise<void> {
  return inStanding(options, async (lab) => tell(vmsText([await plugVm(lab, name, wishOf(options))])));
}

function nic(verb: string, description: string): Command {
  const collect = (group: string, groups: readonly string[]) => [...groups, group];
  return withLab(new Command(verb))
    .description(description)
    .argument("<vm>", "its name in the lab")
    .requiredOption("--network <network>", "network to be plugged into")
    .option("--group <group>", "security group, may be repeated; the default group when absent", collect, [])
    .option("--port-id <id>", "a port that exists already, instead of a new one");
}

function wishOf({ network, group, portId }: NicOptions) {
  return { network, groups: group, ...(portId !== undefined && { port_id: portId }) };
}

function bodyOf({ qemu }: AddOptions): { readonly body: "qemu" | "namespace" } {
  return { body: qemu === true ? "qemu" : "namespace" };
}

/** Where there is no lab, that is what is wrong, and not that it has no VMs. */
function inStanding(options: LabOptions, work: (lab: Lab) => Promise<void> | void): Promise<void> {
  return inLab(options, (lab) => {
    standing(lab);
    return work(lab);
  });
}
