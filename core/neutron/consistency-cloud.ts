/** What must hold between rows, each of which is right by itself. */
import { contains } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import type { Finding, Stock } from "./consistency-finding.ts";
import { isInterface } from "./router-links.ts";
import { DEFAULT_NAME } from "./security-group-types.ts";
import { wrongSubnet } from "./subnet-checks.ts";

export function* wrongAddresses(stock: Stock): Generator<Finding> {
  const subnets = new Map(stock.all("subnet").map((subnet) => [subnet.id, subnet]));
  const owners = new Map<string, string>();
  for (const port of stock.all("port")) {
    const { id, network_id: network, fixed_ips: fixed } = port;
    for (const { ip_address: address, subnet_id } of fixed) {
      const place = `port/${id} fixed_ips`;
      const subnet = subnets.get(subnet_id);
      // Routers on blocks that overlap may each stand for a gateway at the same address.
      const owned = isInterface(port) && address === subnet?.gateway_ip ? `${network} ${address}` : address;
      const other = owners.get(owned);
      if (other !== undefined)
        yield { place, problem: `${address} is the address of port/${other} too`, advice: "take it from one of the two" };
      owners.set(owned, id);
      if (subnet === undefined) continue;
      if (!contains(subnet.cidr as Cidr, address))
        yield { place, problem: `${address} is outside of its subnet ${subnet.cidr}`, advice: "give the port another address" };
      if (subnet.network_id !== network)
        yield {
          place,
          problem: `${address} is from the network ${subnet.network_id}`,
          advice: "give the port an address of its own network",
        };
    }
  }
}

export function* wrongSubnets(stock: Stock): Generator<Finding> {
  for (const subnet of stock.all("subnet")) {
    const wrong = wrongSubnet(subnet);
    if (wrong !== undefined) yield { place: `subnet/${subnet.id}`, problem: wrong.message, advice: "change the subnet" };
  }
}

/** Neutron: unique on the network. */
export function* sharedMacs(stock: Stock): Generator<Finding> {
  const owners = new Map<string, string>();
  for (const { id, network_id: network, mac_address: mac } of stock.all("port")) {
    const other = owners.get(`${network} ${mac}`);
    if (other !== undefined)
      yield {
        place: `port/${id} mac_address`,
        problem: `${mac} is the MAC of port/${other} too`,
        advice: "set the MAC of one of the two to null",
      };
    owners.set(`${network} ${mac}`, id);
  }
}

export function* defaultGroups(stock: Stock): Generator<Finding> {
  const first = new Map<string, string>();
  for (const { id, name, project_id: project } of stock.all("security_group")) {
    if (name !== DEFAULT_NAME) continue;
    const other = first.get(project);
    if (other !== undefined)
      yield {
        place: `security_group/${id}`,
        problem: `the project ${project} has the default group ${other} already`,
        advice: "rename one",
      };
    first.set(project, id);
  }
}

export function* wrongBindings(stock: Stock): Generator<Finding> {
  for (const port of stock.all("port")) {
    const [host, type] = [port["binding:host_id"], port["binding:vif_type"]];
    const place = `port/${port.id} binding:vif_type`;
    const advice = "bind the port again: set binding:host_id";
    if (host === "" && type !== "unbound") yield { place, problem: `${type}, but no host is named`, advice };
    if (host !== "" && type === "unbound") yield { place, problem: `unbound, but ${host} is to serve it`, advice };
  }
}

export function* wrongPolicies(stock: Stock): Generator<Finding> {
  for (const { id, object_type: type, object_id: object } of stock.all("rbac_policy"))
    if (!stock.rows.has(`${type}/${object}`))
      yield {
        place: `rbac_policy/${id} object_id`,
        problem: `names the ${type} ${object}, which is not there`,
        advice: "delete the policy",
      };
}

/** Networks and subnets that a data centre made are its own to know. */
export function* dataCenterParts(stock: Stock): Generator<Finding> {
  for (const { made } of stock.all("datacenter")) {
    const keys = Object.values(made ?? {}).flatMap(({ network, subnets }) => [
      `network/${network}`,
      ...Object.values(subnets).flatMap((subnet) => (subnet === undefined ? [] : [`subnet/${subnet}`])),
    ]);
    for (const key of keys)
      if (!stock.rows.has(key))
        yield { place: "datacenter/this made", problem: `names ${key}, which is not there`, advice: "apply the data centre again" };
  }
}
