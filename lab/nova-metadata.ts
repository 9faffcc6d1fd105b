/**
 * Nova's metadata API of the lab, as a program of its own: `node lab/nova-metadata.ts LAB PORT ADDRESS`. It knows the lab's VMs as Nova knows
 * its servers, believes only who knows the secret, and answers each server with what is its own.
 */
import { signatureOf } from "#adapters/metadata/signature.ts";
import { standIn } from "#adapters/metadata/stand-in.ts";
import { metadataWorld } from "#contracts/metadata.fake.ts";
import { ask } from "./cloud.ts";
import { metadataSecret } from "./metadata-secret.ts";
import { labNamed } from "./place.ts";
import type { Lab } from "./place.ts";
import { listVms } from "./vm-record.ts";
import type { Vm } from "./vm-record.ts";

const [name = "", port = "", address = ""] = process.argv.slice(2);
const lab = labNamed(name);
const world = metadataWorld((signature, instance) => signature === signatureOf(metadataSecret(lab), instance));

const server = standIn(world, {
  prepare: async () => {
    world.heard.length = 0;
    const projects = await projectsOf(lab);
    world.instances.clear();
    for (const vm of listVms(lab)) {
      const project = projects.get(vm.id) ?? "";
      world.instances.set(vm.id, { project, at: (path) => documentAt(vm, project, path) });
    }
  },
});
server.listen(Number(port), address);
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(0));

/** By server: whoever had its port made. */
async function projectsOf(of: Lab): Promise<ReadonlyMap<string, string>> {
  interface Answer {
    readonly ports: readonly { readonly device_id: string; readonly project_id: string }[];
  }
  const { ports } = await ask<Answer>(of, { method: "GET", path: "/v2.0/ports?fields=project_id&fields=device_id" });
  return new Map(ports.map(({ device_id, project_id }) => [device_id, project_id]));
}

/** A few of Nova's paths. */
function documentAt(vm: Vm, project: string, path: string): string | undefined {
  const documents: Readonly<Record<string, string>> = {
    "/openstack": "latest\n",
    "/openstack/latest": "meta_data.json\nuser_data\n",
    "/openstack/latest/meta_data.json": JSON.stringify({ uuid: vm.id, name: vm.name, hostname: vm.name, project_id: project }),
    "/latest/meta-data/hostname": vm.name,
    "/latest/meta-data/local-ipv4": vm.nics.flatMap(({ addresses }) => addresses).find((ip) => !ip.includes(":")) ?? "",
  };
  return documents[path.replace(/\?.*$/, "").replace(/(.)\/$/, "$1")];
}
