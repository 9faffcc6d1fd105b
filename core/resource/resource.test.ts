/** The derived types say what a client may say: held by the compiler, not at run time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Network, NetworkPatch, NewNetwork } from "../neutron/network.ts";
import type { NewPort, Port } from "../neutron/port.ts";
import type { NewSubnet, Subnet, SubnetPatch } from "../neutron/subnet.ts";
import { attributes, chosen } from "./resource.ts";
import { flag } from "./scalars.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const proves = <T extends true>(word?: T) => word;

test("a declaration keeps what it says as its type", () => {
  const declared = attributes({ up: { type: flag, write: "create", default: chosen, note: "" } });
  const write: "create" = declared.up.write;
  assert.equal(write, "create");
});

test("rows, creations and patches follow from the declaration", () => {
  proves<Same<Network["mtu"], number>>();
  proves<Same<NewNetwork["mtu"], number | undefined>>();
  proves<Same<NewNetwork["name"], string>>();
  proves<Same<"id" extends keyof NewNetwork ? true : false, false>>();
  proves<Same<"subnets" extends keyof Network ? true : false, false>>();
  proves<Same<"provider:network_type" extends keyof NetworkPatch ? true : false, false>>();
  proves<Same<"cidr" extends keyof SubnetPatch ? true : false, false>>();
  proves<Same<NewSubnet["ip_version"], 4 | 6>>();
  proves<Same<Subnet["gateway_ip"] extends string | null ? true : false, true>>();
  proves<Same<NewPort["network_id"], string>>();
  proves<Same<Port["fixed_ips"][number]["subnet_id"], string>>();
  proves<Same<NewPort["project_id"], string>>();
});
