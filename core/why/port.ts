/** What a port is to the cloud: bound, wanted up, with which addresses and groups. */
import { placeOf } from "./address.ts";
import type { Step } from "./chain.ts";
import type { PortRecord } from "./records.ts";

export function portSteps(port: PortRecord): Step[] {
  return [
    stateStep(port),
    bindingStep(port),
    adminStep(port),
    ...port.addresses.map(ownStep),
    ...port.holds.map(heldStep),
    ...port.floating.map(floatingStep),
    groupStep(port),
  ];
}

const STATES: Readonly<Record<string, Step["state"]>> = { ACTIVE: "ok", ERROR: "failed" };

function stateStep({ id, name, status, device_owner: owner }: PortRecord): Step {
  const called = name === "" ? "" : ` "${name}"`;
  return {
    about: `port ${id}${called}`,
    state: STATES[status] ?? "waits",
    says: `${status}, ${owner === "" ? "of nobody" : `of ${owner}`}`,
  };
}

function bindingStep({ host, vif_type: vif, tap }: PortRecord): Step {
  const about = "binding";
  if (host === "") return { about, state: "waits", says: "to no host: Nova has not placed it" };
  if (vif !== "tap") return { about, state: "failed", says: `${vif} on ${host}: no compute agent was alive there when it was bound` };
  return { about, state: "ok", says: `${tap} on ${host}` };
}

function adminStep({ admin_state_up: up }: PortRecord): Step {
  return { about: "admin_state_up", state: up ? "ok" : "off", says: up ? "true" : "false: closed both ways" };
}

function ownStep({ ip, subnet }: PortRecord["addresses"][number]): Step {
  return { about: `address ${ip}`, state: "ok", says: subnet === null ? "its subnet is gone" : placeOf(subnet) };
}

function heldStep(ip: PortRecord["holds"][number]): Step {
  return { about: `address ${ip}`, state: "ok", says: "of an address pair, which it took last or alone claims" };
}

function floatingStep({ ip, stands_for: whole, forwards }: PortRecord["floating"][number]): Step {
  return { about: `floating IP ${ip}`, state: "ok", says: whole === null ? `forwards ${forwards} of its ports` : `stands for ${whole}` };
}

function groupStep({ port_security: secure, groups, pairs }: PortRecord): Step {
  const also = pairs.length === 0 ? "" : `; may also send from ${pairs.join(", ")}`;
  const about = "security";
  if (!secure) return { about, state: "note", says: "port_security_enabled is false: open, unfiltered" };
  if (groups.length === 0) return { about, state: "off", says: `in no group: closed both ways${also}` };
  return { about, state: "ok", says: `${groups.map(({ name, id, rules }) => `group ${name} ${id} (${rules} rules)`).join(", ")}${also}` };
}
