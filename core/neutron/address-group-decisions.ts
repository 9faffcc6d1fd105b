/** What is decided about address groups: which prefixes come and go, and that none goes which rules speak of. */
import type { Cidr } from "../net/prefix.ts";
import { maySee } from "../policy/may.ts";
import { ADMIN_OR_OWNER } from "../policy/rule.ts";
import type { Who } from "../policy/who.ts";
import { isObject } from "../resource/composites.ts";
import { refusalOf } from "../resource/read.ts";
import { isWrong, printed } from "../resource/type.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import { addressGroup, prefixList } from "./address-group.ts";
import type { AddressGroup, AddressGroupPatch, NewAddressGroup } from "./address-group.ts";
import type { Cloud } from "./cloud.ts";
import type { RowWrite } from "./decision.ts";
import { badRequest } from "./refusals.ts";
import { born, ownTarget, removal } from "./rules.ts";
import type { Acted, Action, Ask, Change, Rules } from "./rules.ts";
import { endOfSharing, sharedTarget } from "./sharing.ts";

export const addressGroupDecisions: Rules<"address_group"> = {
  table: "address_group",
  notFound: addressGroupNotFound,
  target: sharedTarget,
  targetOfNew: ownTarget,
  computed: () => ({}),
  create: (_cloud: Cloud, input: NewAddressGroup, { fresh }: Ask): Result<Change<AddressGroup>> =>
    ok({ row: { ...born(fresh), ...input } }),
  update: (_cloud: Cloud, row: AddressGroup, patch: AddressGroupPatch): Result<Change<AddressGroup>> => ok({ row: { ...row, ...patch } }),
  delete: remove,
  actions: { add_addresses: changing(withMore), remove_addresses: changing(withLess) },
};

export function addressGroupNotFound(id: string): Refusal {
  return { status: 404, type: "AddressGroupNotFound", message: `Address group ${id} could not be found.` };
}

/** May somebody name it as a remote? */
export function seesAddressGroup(cloud: Cloud, id: string, who: Who): boolean {
  const group = cloud.get("address_group", id);
  if (group === undefined) return false;
  const target = { ...addressGroupDecisions.target(cloud, group, who), fields: group };
  return maySee(addressGroup, { who, target, policy: cloud.settings.policy });
}

function remove(cloud: Cloud, row: AddressGroup): Result<readonly RowWrite[]> {
  const rules = ["security_group_rule", "default_security_group_rule"] as const;
  if (rules.some((table) => cloud.count(table, "remote_address_group_id", row.id) > 0)) return refused(inUse(row.id));
  return ok([removal("address_group", row.id), ...endOfSharing(cloud, row.id)]);
}

/** A member action: `{"addresses": […]}`, and what the group holds afterwards. */
function changing(after: (row: AddressGroup, said: readonly Cidr[]) => Result<readonly Cidr[]>): Action<"address_group"> {
  return {
    may: ADMIN_OR_OWNER,
    act: (_cloud, row, { body }): Result<Acted<AddressGroup>> => {
      const said = prefixesIn(body);
      if (!said.ok) return said;
      const addresses = after(row, said.value);
      return addresses.ok ? ok({ row: { ...row, addresses: addresses.value } }) : addresses;
    },
  };
}

function prefixesIn(body: unknown): Result<readonly Cidr[]> {
  if (!isObject(body) || body["addresses"] === undefined) return refused(badRequest("Unable to find 'addresses' in request body"));
  const read = prefixList.read(body["addresses"]);
  return isWrong(read) ? refused(refusalOf("addresses", read)) : ok(read.value);
}

function withMore({ id, addresses }: AddressGroup, said: readonly Cidr[]): Result<readonly Cidr[]> {
  const known = said.filter((prefix) => addresses.includes(prefix));
  return known.length > 0 ? refused(alreadyIn(id, known)) : ok([...addresses, ...said]);
}

function withLess({ id, addresses }: AddressGroup, said: readonly Cidr[]): Result<readonly Cidr[]> {
  const unknown = said.filter((prefix) => !addresses.includes(prefix));
  return unknown.length > 0 ? refused(notIn(id, unknown)) : ok(addresses.filter((prefix) => !said.includes(prefix)));
}

const inUse = (id: string): Refusal => ({
  status: 409,
  type: "AddressGroupInUse",
  message: `Address group ${id} is in use on one or more security group rules.`,
});

const alreadyIn = (id: string, known: readonly Cidr[]): Refusal => ({
  status: 400,
  type: "AddressesAlreadyExist",
  message: `Addresses ${printed(known)} already exist in the address group ${id}.`,
});

const notIn = (id: string, unknown: readonly Cidr[]): Refusal => ({
  status: 404,
  type: "AddressesNotFound",
  message: `Addresses ${printed(unknown)} not found in the address group ${id}.`,
});
