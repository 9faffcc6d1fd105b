/** What is refused of bindings: Neutron's exception classes and texts. */
import { badResource } from "../resource/refusals.ts";
import type { Refusal } from "../result.ts";

/** A port and a host. */
export interface BindingName {
  readonly port: string;
  readonly host: string;
}

export const bindingNotFound = ({ port, host }: BindingName): Refusal => ({
  status: 404,
  type: "PortBindingNotFound",
  message: `Binding for port ${port} for host ${host} could not be found.`,
});

export const bindingExists = ({ port, host }: BindingName): Refusal => ({
  status: 409,
  type: "PortBindingAlreadyExists",
  message: `Binding for port ${port} on host ${host} already exists.`,
});

export const bindingIsActive = ({ port, host }: BindingName): Refusal => ({
  status: 409,
  type: "PortBindingAlreadyActive",
  message: `Binding for port ${port} on host ${host} is already active.`,
});

/** No agent there that would serve it. Neutron answers 500, as if the server were at fault; Nova takes any refusal for that. */
export const bindingFailed = ({ port, host }: BindingName): Refusal => ({
  status: 409,
  type: "PortBindingError",
  message: `Binding for port ${port} on host ${host} could not be created or updated.`,
});

export const notForMoving = (port: string): Refusal =>
  badResource("port", `Invalid port ${port}. Operation only valid on compute and shared filesystem ports`);
