/** For tests: a sandbox in which pools, scopes and subnets are made in one line each. */
import { ADMIN, idOf, sandbox } from "./sandbox.ts";
import type { Fields, Sandbox } from "./sandbox.ts";
import type { CloudSettings } from "./settings.ts";

export interface Place {
  readonly box: Sandbox;
  readonly network: string;
  readonly pool: (said: Fields, who?: typeof ADMIN) => ReturnType<Sandbox["ask"]>;
  readonly scope: (said?: Fields, who?: typeof ADMIN) => ReturnType<Sandbox["ask"]>;
  /** On a network of its own, unless one is said. */
  readonly subnet: (said: Fields, who?: typeof ADMIN) => ReturnType<Sandbox["ask"]>;
}

export function place(settings: Partial<CloudSettings> = {}): Place {
  const box = sandbox(settings);
  const newNetwork = (who = ADMIN) => idOf(box.ask(who, "POST", "networks", { network: {} }));
  return {
    box,
    network: newNetwork(),
    pool: (said, who = ADMIN) => box.ask(who, "POST", "subnetpools", { subnetpool: { name: "pool", ...said } }),
    scope: (said = {}, who = ADMIN) => box.ask(who, "POST", "address-scopes", { address_scope: { ip_version: 4, ...said } }),
    subnet: (said, who = ADMIN) =>
      box.ask(who, "POST", "subnets", { subnet: { ip_version: 4, network_id: said["network_id"] ?? newNetwork(who), ...said } }),
  };
}
