/** Which services there are and where: this controller's networking, and this identity service, as the client reached them. */
import type { Accounts } from "./accounts.ts";

/** Below a controller's own address. */
export const IDENTITY_PLACE = "identity";

const INTERFACES = ["public", "internal", "admin"] as const;

interface Service {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  /** Below the controller's address; without a version, as clients want it. */
  readonly path: string;
}

const SERVICES: readonly Service[] = [
  { id: "4e6574776f726b000000000000000001", type: "network", name: "neutron", path: "" },
  { id: "4964656e746974790000000000000002", type: "identity", name: "keystone", path: `/${IDENTITY_PLACE}` },
];

/** A type and no interface, so that it is a record like the other objects. */
type Endpoint = {
  readonly id: string;
  readonly service_id: string;
  readonly interface: (typeof INTERFACES)[number];
  readonly region: string;
  readonly region_id: string;
  readonly url: string;
  readonly enabled: true;
};

/** `base`: the controller as the client reached it. */
export function endpointsOf({ region }: Accounts, base: string): readonly Endpoint[] {
  return SERVICES.flatMap(({ id, path }) =>
    INTERFACES.map((face, at) => ({
      id: `${id.slice(0, -2)}${id.slice(-1)}${at}`,
      service_id: id,
      interface: face,
      region,
      region_id: region,
      url: `${base}${path}`,
      enabled: true as const,
    })),
  );
}

export function servicesOf(): readonly Readonly<Record<string, unknown>>[] {
  return SERVICES.map(({ id, type, name }) => ({ id, type, name, enabled: true }));
}

/** As it stands in a token. */
export function catalogOf(accounts: Accounts, base: string): readonly object[] {
  const endpoints = endpointsOf(accounts, base);
  return SERVICES.map(({ id, type, name }) => ({
    id,
    type,
    name,
    endpoints: endpoints
      .filter((endpoint) => endpoint.service_id === id)
      .map((endpoint) => ({
        id: endpoint.id,
        interface: endpoint.interface,
        region: endpoint.region,
        region_id: endpoint.region_id,
        url: endpoint.url,
      })),
  }));
}
