/** The data centre as it was applied last: the row `datacenter/this`. */
import type { DataCenter } from "./data-center.ts";

export type Side = "external" | "internal";

/** Ids of what was made for it, so that it is known again under whatever name. Subnets by address family. */
export type Made = Readonly<Record<Side, MadeNetwork>>;

export interface MadeNetwork {
  readonly network: string;
  readonly subnets: OfFamilies;
  /** Of ranges that retire. */
  readonly retiring?: OfFamilies;
}

export interface OfFamilies {
  readonly 4?: string;
  readonly 6?: string;
}

export type Applied = DataCenter & { readonly made?: Made };
