/** What is no Linux machine calls its interfaces otherwise than datacenter.yaml does: `GigabitEthernet0/0/0` for `fab0`. */
import type { RouterConfig } from "./router-config.ts";

/** `names` from the data centre's to the router's own; what is not named keeps its name. */
export function withInterfaces(config: RouterConfig, names: ReadonlyMap<string, string>): RouterConfig {
  const called = (name: string) => names.get(name) ?? name;
  const { pnat } = config;
  return {
    ...config,
    interfaces: config.interfaces.map((each) => ({ ...each, name: called(each.name) })),
    neighbors: config.neighbors.map((neighbor) =>
      neighbor.interface === undefined ? neighbor : { ...neighbor, interface: called(neighbor.interface) },
    ),
    ...(pnat === undefined ? {} : { pnat: { ...pnat, inside: called(pnat.inside), uplink: called(pnat.uplink) } }),
  };
}
