/** Every BIRD configuration of a data centre, by machine: what its agents would write, all in one place. */
import type { DataCenter } from "../datacenter/data-center.ts";
import { racksOf } from "../datacenter/racks.ts";
import type { Believed } from "./assigned.ts";
import { computeBird } from "./bgp-compute.ts";
import { gatewayBird } from "./gateway-bgp.ts";
import { reflectorBird } from "./reflector.ts";
import { torBird } from "./tor-bgp.ts";

export function birdTexts(dc: DataCenter, believed?: Believed): readonly (readonly [machine: string, text: string])[] {
  return [
    ...dc.hosts.map((host) => [host.name, computeBird(dc, host, believed)] as const),
    ...dc.reflectors.map((reflector) => [reflector.name, reflectorBird(dc, reflector, believed)] as const),
    ...racksOf(dc).map((rack) => [rack.tor.name, torBird(dc, rack, believed)] as const),
    ...dc.gateways.map((gateway) => [gateway.name, gatewayBird(dc, gateway, believed)] as const),
  ];
}
