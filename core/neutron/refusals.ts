/**
 * What is refused of networks, subnets and ports, and of any request: Neutron's exception classes and texts, which
 * clients match.
 */
import { badRequest, badResource, forbidden, invalidInput } from "../resource/refusals.ts";
import type { Refusal } from "../result.ts";

const bad = (type: string, message: string): Refusal => ({ status: 400, type, message });
const absent = (type: string, message: string): Refusal => ({ status: 404, type, message });
const conflict = (type: string, message: string): Refusal => ({ status: 409, type, message });

export { badRequest, badResource, forbidden, invalidInput };

// Any request.
export const notFound = absent("HTTPNotFound", "The resource could not be found.");
export const methodNotAllowed: Refusal = {
  status: 405,
  type: "HTTPMethodNotAllowed",
  message: "The server could not comply with the request since it is either malformed or otherwise incorrect.",
};
export const otherRevision = (wanted: string, current: number): Refusal => ({
  status: 412,
  type: "RevisionNumberConstraintFailed",
  message: `Constrained to ${wanted}, but current revision is ${current}`,
});

// Tags.
export const tagNotFound = (tag: string) => absent("TagNotFound", `Tag ${tag} could not be found.`);
export const tagResourceNotFound = (resource: string, id: string) =>
  absent("TagResourceNotFound", `Resource ${resource} ${id} could not be found.`);
export const tooManyTags = (most: number) => badResource("tag", `The number of tags exceed the per-resource limit of ${most}`);

// Networks.
export const networkNotFound = (id: string) => absent("NetworkNotFound", `Network ${id} could not be found.`);
export const networkInUse = (id: string, ports: readonly string[]) =>
  conflict(
    "NetworkInUse",
    `Unable to complete operation on network ${id}. There are one or more ports still in use on the network, id for these ports is: ${ports.join(",")}.`,
  );
export const invalidSharing = (name: string) =>
  conflict("InvalidSharedSetting", `Unable to reconfigure sharing settings for network ${name}. Multiple projects are using it.`);
export const otherDefault = (id: string) => conflict("DefaultExternalNetworkExists", `A default external network already exists: ${id}.`);
export const externalInUse = (id: string) =>
  conflict(
    "ExternalNetworkInUse",
    `External network ${id} cannot be updated to be made non-external, since it has existing gateway ports.`,
  );
export const mtuTooSmall = (id: string, least: number) =>
  conflict("NetworkMTUSubnetConflict", `MTU of ${id} is not valid, subnet requires a minimum of ${least}`);

export const prohibitedFor = (type: string, name: string) => invalidInput(`${name} prohibited for ${type} provider network`);
export const flatInUse = (wire: string) =>
  conflict("FlatNetworkInUse", `Unable to create the flat network. Physical network ${wire} is in use.`);

// Subnets.
export const subnetNotFound = (id: string) => absent("SubnetNotFound", `Subnet ${id} could not be found.`);
export const subnetOverlaps = (cidr: string, network: string) =>
  invalidInput(`Requested subnet with cidr: ${cidr} for network: ${network} overlaps with another subnet`);
export const subnetUndeclared = (of: { readonly cidr: string; readonly network: string; readonly ranges: readonly string[] }) =>
  invalidInput(
    `Requested subnet with cidr: ${of.cidr} for network: ${of.network} lies outside the ranges of the data centre: ${of.ranges.join(", ")}`,
  );
export const deadNextHop = (route: { readonly destination: string; readonly nexthop: string }, gateway: string | null) =>
  invalidInput(
    `Host route to ${route.destination}: every packet is routed by its destination alone, so ${route.nexthop} would never see it; ` +
      `the next hop can be ${gateway === null ? "a router's interface" : `the gateway ${gateway}`} only`,
  );
export const gatewayOfOthers = (ip: string, cidr: string) =>
  invalidInput(`gateway_ip ${ip} lies outside of ${cidr}, where it may be somebody else's: every host answers for a gateway`);
export const addressOfDataCenter = (network: string, { start, end }: { readonly start: string; readonly end: string }) =>
  invalidInput(`${start === end ? start : `${start}-${end}`} on network ${network}: the data centre needs it for itself`);
export const addressRetires = (ip: string, range: string) =>
  conflict("AddressRetires", `Unable to give out ${ip}: the range ${range} retires, and nobody is given another address of it.`);
export const gatewayForMachine = (ip: string) =>
  invalidInput(`${ip} is the gateway of a subnet: every host answers for it, so no machine can have it`);
export const noServiceType = (type: string) =>
  bad("InvalidSubnetServiceType", `Subnet service type ${type} does not correspond to a valid device owner.`);
export const serviceTypeNoText = (type: string) => bad("InvalidInputSubnetServiceType", `Subnet service type ${type} is not a string.`);
export const subnetInUse = (id: string) =>
  conflict("SubnetInUse", `Unable to complete operation on subnet ${id}: One or more ports have an IP allocation from this subnet.`);
export const invalidPool = (pool: string) => bad("InvalidAllocationPool", `The allocation pool ${pool} is not valid.`);
export const poolOutOfBounds = (pool: string, cidr: string) =>
  bad("OutOfBoundsAllocationPool", `The allocation pool ${pool} spans beyond the subnet cidr ${cidr}.`);
export const poolsOverlap = (one: string, other: string, cidr: string) =>
  conflict("OverlappingAllocationPools", `Found overlapping allocation pools: ${one} ${other} for subnet ${cidr}.`);
export const gatewayInPool = (gateway: string, pool: string) =>
  conflict("GatewayConflictWithAllocationPools", `Gateway ip ${gateway} conflicts with allocation pool ${pool}.`);
export const tooManyNameServers = (id: string, most: number) =>
  bad("DNSNameServersExhausted", `Unable to complete operation for ${id}. The number of DNS nameservers exceeds the limit ${most}.`);
export const tooManyHostRoutes = (id: string, most: number) =>
  bad("HostRoutesExhausted", `Unable to complete operation for ${id}. The number of host routes exceeds the limit ${most}.`);

// Ports.
export const portNotFound = (id: string) => absent("PortNotFound", `Port ${id} could not be found.`);
export const macInUse = (network: string, mac: string) =>
  conflict("MacAddressInUse", `Unable to complete operation for network ${network}. The mac address ${mac} is in use.`);
export const portBound = (port: { readonly id: string; readonly vif: string; readonly from: string; readonly to: string }) =>
  conflict(
    "PortBound",
    `Unable to complete operation on port ${port.id}, port is already bound, port type: ${port.vif}, old_mac ${port.from}, new_mac ${port.to}.`,
  );
export const portInUse = (port: { readonly id: string; readonly network: string; readonly device: string }) =>
  conflict(
    "PortInUse",
    `Unable to complete operation on port ${port.id} for network ${port.network}. Port already has an attached device ${port.device}.`,
  );
export const servicePortInUse = (id: string, owner: string) =>
  conflict("ServicePortInUse", `Port ${id} cannot be deleted directly via the port API: has device owner ${owner}.`);
export const securityNeeded = bad(
  "PortSecurityAndIPRequiredForSecurityGroups",
  "Port security must be enabled and port must have an IP address in order to use security groups.",
);
export const portHasGroups = conflict(
  "PortSecurityPortHasSecurityGroup",
  "Port has security group associated. Cannot disable port security or IP address until security group is removed.",
);
export const securityNeededForPairs = conflict(
  "AddressPairAndPortSecurityRequired",
  "Port Security must be enabled in order to have allowed address pairs on a port.",
);
export const tooManyPairs = (most: number) =>
  bad("AllowedAddressPairExhausted", `The number of allowed address pair exceeds the maximum ${most}.`);
export const pairWithoutAddress = bad("AllowedAddressPairsMissingIP", "AllowedAddressPair must contain ip_address");
export const duplicatePair = (mac: string, ip: string) =>
  bad("DuplicateAddressPairInRequest", `Request contains duplicate address pair: mac_address ${mac} ip_address ${ip}.`);

export const multicastPair = (pair: string) =>
  badRequest(`Invalid input for allowed_address_pairs. Reason: '${pair}' is a multicast address, which no port may send from.`);

// Addresses.
export const emptyWish = invalidInput("IP allocation requires subnet_id or ip_address");
export const noSubnets = invalidInput("IP allocation requires subnets for network");
export const subnetElsewhere = (network: string, subnet: string) =>
  invalidInput(`Failed to create port on network ${network}, because fixed_ips included invalid subnet ${subnet}`);
export const noSubnetFor = (network: string, owner: string) =>
  conflict(
    "IpAddressGenerationFailureNoMatchingSubnet",
    `No valid service subnet for the given device owner, network ${network}, service type ${owner}.`,
  );
export const addressInUse = (network: string, ip: string) =>
  conflict("IpAddressInUse", `Unable to complete operation for network ${network}. The IP address ${ip} is in use.`);
export const noAddressLeft = (network: string) =>
  conflict("IpAddressGenerationFailure", `No more IP addresses available on network ${network}.`);
export const addressTaken = (ip: string, subnet: string) =>
  conflict("IpAddressAlreadyAllocated", `IP address ${ip} already allocated in subnet ${subnet}`);
export const notOnNetwork = (ip: string) =>
  bad("InvalidIpForNetwork", `IP address ${ip} is not a valid IP for any of the subnets on the specified network.`);
export const notOnSubnet = (ip: string) => bad("InvalidIpForSubnet", `IP address ${ip} is not a valid IP for the specified subnet.`);
export const automaticAddress = (ip: string, subnet: string) =>
  bad(
    "AllocationOnAutoAddressSubnet",
    `IPv6 address ${ip} cannot be directly assigned to a port on subnet ${subnet} as the subnet is configured for automatic addresses`,
  );
