/** What is refused of floating IPs and port forwardings: Neutron's exception classes and texts. */
import type { Family } from "../net/address.ts";
import { badRequest, badResource } from "../resource/refusals.ts";
import type { Refusal } from "../result.ts";

const bad = (message: string) => badResource("floatingip", message);
const badForwarding = (message: string) => badResource("port_forwarding", message);
const absent = (type: string, message: string): Refusal => ({ status: 404, type, message });
const conflict = (type: string, message: string): Refusal => ({ status: 409, type, message });

export const floatingIpNotFound = (id: string) => absent("FloatingIPNotFound", `Floating IP ${id} could not be found`);
export const notExternal = (network: string) => bad(`Network ${network} is not a valid external network`);
export const noIpv4Subnet = (network: string) => bad(`Network ${network} does not contain any IPv4 subnet`);
export const noExternalAddress = (network: string): Refusal => ({
  status: 400,
  type: "ExternalIpAddressExhausted",
  message: `Unable to find any IP address on external network ${network}.`,
});

// What it leads to.
export const fixedWithoutPort = bad("fixed_ip_address cannot be specified without a port_id");
export const foreignPort = (port: string) =>
  bad(`Cannot process floating IP association with Port ${port}, since that port is owned by a different tenant`);
export const notServiced = (port: string) => bad(`Port ${port} is unable to be assigned a floating IP`);
export const otherFamily = (address: string, family: Family) =>
  bad(`Cannot process floating IP association with ${address}, since that is not an IPv${family} address`);
export const addressNotOnPort = (port: string, address: string) => bad(`Port ${port} does not have fixed ip ${address}`);
export const noAddressOf = (port: string, family: Family) =>
  bad(`Cannot add floating IP to port ${port} that has no fixed IPv${family} addresses`);
export const severalAddressesOf = (port: string, family: Family) =>
  bad(`Port ${port} has multiple fixed IPv${family} addresses.  Must provide a specific IPv${family} address when assigning a floating IP`);
export const unreachable = ({ network, subnet, port }: { readonly network: string; readonly subnet: string; readonly port: string }) =>
  absent(
    "ExternalGatewayForFloatingIPNotFound",
    `External network ${network} is not reachable from subnet ${subnet}.  Therefore, cannot associate Port ${port} with a Floating IP.`,
  );

/** A floating IP, and the address that it is to stand for. */
export interface Standing {
  readonly id: string;
  readonly floating_ip_address: string;
  readonly floating_network_id: string;
  readonly port: string;
  readonly fixed: string;
}

export const alreadyAssociated = ({ id, floating_ip_address: address, floating_network_id: network, port, fixed }: Standing) =>
  conflict(
    "FloatingIPPortAlreadyAssociated",
    `Cannot associate floating IP ${address} (${id}) with port ${port} using fixed IP ${fixed}, ` +
      `as that fixed IP already has a floating IP on external network ${network}.`,
  );
export const usedByForwardings = (id: string) =>
  conflict("FipInUseByPortForwarding", `Floating IP ${id} in use by Port Forwarding resources.`);

// Ports that floating IPs lead to.
export const stillAssociated = (port: string) =>
  conflict("FipAssociated", `Unable to complete the operation on port ${port} because the port still has an associated floating IP.`);
export const addressNeeded = (port: string) =>
  badResource(
    "port",
    `Cannot update the fixed_ips of the port ${port}, because its original fixed_ip has been associated to a floating ip`,
  );
export const addressOfFloatingIp = (port: string) =>
  badResource("port", `Cannot update the fixed_ips of the port ${port}, because they are the address of a floating ip`);

// Port forwardings.
export const forwardingNotFound = (id: string) => absent("PortForwardingNotFound", `Port Forwarding ${id} could not be found.`);
export const unsaid = (attribute: string) => badRequest(`Failed to parse request. Required attribute '${attribute}' not specified`);
export const twoWords = (attribute: string) => badForwarding(`${attribute} and ${attribute}_range say different things`);
export const unequalRanges = badForwarding(
  "Invalid ranges of internal and/or external ports. The relation between internal and external ports must be N-N or 1-N",
);
export const tooManyShifted = (most: number) =>
  badForwarding(`Ranges of more than ${most} ports are forwarded to ports of the same numbers only`);
export const collision = (attribute: string, theirs: string, ours: string) =>
  badForwarding(`There is a port collision with the ${attribute}. The following ranges collides: ${theirs} and ${ours}`);
export const forwardingWithout = (port: string, family: Family) =>
  badForwarding(`Requested internal port ${port} must allocate an IPv${family} address at least.`);
export const unsuitableAddress = (address: string, port: string, has: string) =>
  badForwarding(`Requested internal IP address ${address} is not suitable for internal neutron port ${port}, as its fixed_ips are ${has}`);
export const unreachableForwarding = ({
  network,
  subnet,
  port,
  id,
}: {
  readonly network: string;
  readonly subnet: string;
  readonly port: string;
  readonly id: string;
}) =>
  badForwarding(
    `External network ${network} is not reachable from subnet ${subnet}. ` +
      `Cannot set Port forwarding for port ${port} with Floating IP ${id}`,
  );
export const otherRouter = (id: string, router: string, port: string) =>
  badForwarding(`The Floating IP ${id} had been set on router ${router}, the internal Neutron port ${port} can not reach it`);
export const hasFloatingIp = ({ id, floating_ip_address: address, port, fixed }: Omit<Standing, "floating_network_id">) =>
  conflict(
    "PortHasBindingFloatingIP",
    `Cannot create port forwarding to floating IP ${address} (${id}) with port ${port} using fixed IP ${fixed}, ` +
      "as that port already has a binding floating IP.",
  );
