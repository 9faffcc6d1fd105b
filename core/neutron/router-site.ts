/** For tests: an external network, a network of a project's own, and the few things that tests do with routers all the time. */
import type { Who } from "../policy/who.ts";
import type { ApiResponse } from "./api-types.ts";
import { ADMIN, idOf, MEMBER, sandbox, shownIn } from "./sandbox.ts";
import type { Fields, Sandbox } from "./sandbox.ts";
import type { CloudSettings } from "./settings.ts";

/** Of nothing. */
export const MISSING = "00000000-0000-4000-8000-00000000dead";

export interface Site {
  readonly box: Sandbox;
  readonly external: string;
  readonly external4: string;
  readonly own: string;
  readonly own4: string;
  network(said?: Fields, who?: Who): string;
  subnet(network: string, cidr: string, said?: Fields, who?: Who): string;
  router(said?: Fields, who?: Who): string;
  port(network: string, said?: Fields, who?: Who): string;
  /** A member action of a router. */
  act(router: string, action: string, body: unknown, who?: Who): ApiResponse;
  change(router: string, said: Fields, who?: Who): ApiResponse;
}

/** An external network of both families, and a network of MEMBER's own with one subnet. */
export function site(settings: Partial<CloudSettings> = {}): Site {
  const box = sandbox(settings);
  const made = (who: Who, path: string, body: object) => idOf(box.ask(who, "POST", path, body));
  const network: Site["network"] = (said = {}, who = MEMBER) => made(who, "networks", { network: said });
  const subnet: Site["subnet"] = (network_id, cidr, said = {}, who = MEMBER) =>
    made(who, "subnets", { subnet: { network_id, cidr, ip_version: cidr.includes(":") ? 6 : 4, ...said } });
  const external = network({ "router:external": true }, ADMIN);
  const external4 = subnet(external, "198.51.100.0/24", {}, ADMIN);
  subnet(external, "2001:db8:1::/64", {}, ADMIN);
  const own = network();
  return {
    box,
    external,
    external4,
    own,
    own4: subnet(own, "10.0.0.0/24"),
    network,
    subnet,
    router: (said = {}, who = MEMBER) => made(who, "routers", { router: said }),
    port: (network_id, said = {}, who = MEMBER) => made(who, "ports", { port: { network_id, ...said } }),
    act: (router, action, body, who = MEMBER) => box.ask(who, "PUT", `routers/${router}/${action}`, body),
    change: (router, said, who = MEMBER) => box.ask(who, "PUT", `routers/${router}`, { router: said }),
  };
}

export const shown = ({ box }: Site, path: string, name: string, who = ADMIN) => shownIn(box.ask(who, "GET", path), name);
export const connect = (it: Site, router: string, subnet: string) => it.act(router, "add_router_interface", { subnet_id: subnet });
export const portIn = ({ body }: ApiResponse) => String((body as { port_id?: string }).port_id);
