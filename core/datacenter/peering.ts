/** Who speaks with whom on the core segment: by reflectors, with the gateways, or all with all; on the way from one to another by both. */
import type { DataCenter, Fabric, Machine, Peering } from "./data-center.ts";

type Peered = { readonly fabric: Pick<Fabric, "peering" | "beside"> };

/** Those whose sessions stand, or are to. */
export function peeringsOf({ fabric }: Peered): readonly Peering[] {
  return [fabric.peering, ...(fabric.beside === undefined ? [] : [fabric.beside])];
}

export function peersBy(dc: Peered, peering: Peering): boolean {
  return peeringsOf(dc).includes(peering);
}

/** With whom all the others of the core segment speak; in a mesh there is nobody of the kind. */
export interface Hubs {
  readonly role: "reflector" | "gateway";
  readonly machines: readonly Machine[];
}

export function hubsOf(dc: Peered & Pick<DataCenter, "reflectors" | "gateways">): readonly Hubs[] {
  return [
    ...(peersBy(dc, "reflectors") ? [{ role: "reflector", machines: dc.reflectors } as const] : []),
    ...(peersBy(dc, "direct") ? [{ role: "gateway", machines: dc.gateways } as const] : []),
  ];
}

/** Do gateways hear hosts first hand? */
export function gatewaysHear(dc: Peered): boolean {
  return peersBy(dc, "direct") || peersBy(dc, "mesh");
}
