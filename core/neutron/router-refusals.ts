/** What is refused of routers, and of ports because of them: Neutron's exception classes and texts, which clients match. */
import { printed } from "../resource/type.ts";
import type { Refusal } from "../result.ts";
import type { HostRoute } from "./host-routes.ts";
import { badResource } from "./refusals.ts";

const absent = (type: string, message: string): Refusal => ({ status: 404, type, message });
const conflict = (type: string, message: string): Refusal => ({ status: 409, type, message });
const bad = (reason: string): Refusal => badResource("router", reason);

export const routerNotFound = (id: string) => absent("RouterNotFound", `Router ${id} could not be found`);
export const routerInUse = (id: string, ports: readonly string[]) =>
  conflict("RouterInUse", `Router ${id} has ports still attached: ${ports.join(", ")}`);

// Its gateway.
export const notExternal = (network: string) => bad(`Network ${network} is not an external network`);
export const gatewayOfSubnet = (address: string) => bad(`External IP ${address} is the same as the gateway IP`);
export const gatewayNeeded = (router: string, network: string) =>
  conflict(
    "RouterExternalGatewayInUseByFloatingIp",
    `Gateway cannot be updated for router ${router}, since a gateway to external network ${network} is required by one or more floating IPs.`,
  );
export const translatedAnyway = (subnet: string, range: string) =>
  bad(`enable_snat cannot be false: what leaves subnet ${subnet} is translated, as are all addresses of ${range}`);

// Its interfaces.
export const nothingNamed = bad("Either subnet_id or port_id must be specified");
export const bothNamed = bad("Cannot specify both subnet-id and port-id");
export const notUuid = (value: unknown) => bad(`'${printed(value)}' is not a valid UUID`);
export const noGatewayAddress = bad("Subnet for router interface must have a gateway IP");
export const foreignSubnet = (subnet: string) =>
  bad(`Cannot add interface to router because subnet ${subnet} is not owned by project making the request`);
export const otherAdvertiser = (subnet: string) =>
  bad(`Subnet ${subnet} takes its router advertisements from elsewhere, so no router can be connected to it`);
export const alreadyOn = (subnet: string) => bad(`Router already has a port on subnet ${subnet}`);
export const noAddress = bad("Router port must have at least one fixed IP");
export const severalIpv4 = bad("Cannot have multiple IPv4 subnets on router port");
export const secondIpv6Port = (port: string, network: string) =>
  bad(`Port ${port} connects the router to network ${network} over IPv6 already, and there can be one such port only`);
export const outOfPools = (port: string, subnet: string) =>
  bad(`Port ${port} has an address outside the pools of subnet ${subnet}, which belongs to another project`);

/** A block, and the subnet that it is of. */
export interface Block {
  readonly id: string;
  readonly cidr: string;
}

export const blocksOverlap = (one: Block, other: Block) =>
  bad(`Cidr ${one.cidr} of subnet ${one.id} overlaps with cidr ${other.cidr} of subnet ${other.id}`);
export const interfaceNotFound = (router: string, port: string) =>
  absent("RouterInterfaceNotFound", `Router ${router} does not have an interface with id ${port}`);
export const notOnSubnet = (router: string, subnet: string) =>
  absent("RouterInterfaceNotFoundForSubnet", `Router ${router} has no interface on subnet ${subnet}`);
export const otherSubnet = (port: string, subnet: string): Refusal => ({
  status: 400,
  type: "SubnetMismatchForPort",
  message: `Subnet on port ${port} does not match the requested subnet ${subnet}.`,
});

const inUse = (type: string, what: string) => (router: string, subnet: string) =>
  conflict(type, `Router interface for subnet ${subnet} on router ${router} cannot be deleted, as it is required by one or more ${what}.`);
export const interfaceHoldsFloatingIp = inUse("RouterInterfaceInUseByFloatingIP", "floating IPs");
export const interfaceHoldsRoute = inUse("RouterInterfaceInUseByRoute", "routes");

// Its routes.
export const wrongRoutes = (routes: readonly HostRoute[], reason: string): Refusal => ({
  status: 400,
  type: "InvalidRoutes",
  message: `Invalid format for routes: ${printed(routes)}, ${reason}`,
});

export const neverPassed = (nexthop: string) =>
  `nothing would pass by ${nexthop}, as all traffic is routed by its destination alone: a next hop is the gateway of its subnet or another router`;

// Ports.
export const portInUse = (port: { readonly id: string; readonly network: string; readonly device: string }) =>
  conflict(
    "PortInUse",
    `Unable to complete operation on port ${port.id} for network ${port.network}. Port already has an attached device ${port.device}.`,
  );
export const servicePortInUse = (port: string, owner: string) =>
  conflict("ServicePortInUse", `Port ${port} cannot be deleted directly via the port API: has device owner ${owner}.`);
export const notYourDevice = (device: string) =>
  conflict("DeviceIDNotOwnedByTenant", `The following device_id ${device} is not owned by your project or matches another project router.`);
export const linkOfRouter = (router: string) =>
  badResource("port", `whether a port connects router ${router} is said to the router: by its interfaces and its external gateway`);
export const addressOfFloatingIp = (floating: string) =>
  badResource("port", `floating IP ${floating} has the port of its own that keeps its address: no other stands for it`);
export const addressesStay = (port: string): Refusal => ({
  status: 400,
  type: "IPAddressChangeNotAllowed",
  message: `IP updates for port ${port} are not allowed`,
});
export const macStays = (port: string, owner: string) =>
  conflict("UnsupportedPortDeviceOwner", `Operation mac address update is not supported for device_owner ${owner} on port ${port}.`);
export const gatewayAddressInUse = (address: string, port: string) =>
  conflict("GatewayIpInUse", `Current gateway ip ${address} already in use by port ${port}. Unable to update.`);
