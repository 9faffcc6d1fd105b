/** What a VM of the lab is made of: a namespace, which is there at once, or a Linux of its own under QEMU. Nova's part is the same. */
import type { Lab } from "./place.ts";
import type { Nic, Vm } from "./vm-record.ts";

/** What Nova knows of a tap from the port and its network. */
export interface Cable {
  readonly nic: Nic;
  readonly tapMac: string;
  readonly mtu: number;
}

export interface Body {
  /** It is there and can be plugged into; nothing runs in it yet. */
  make(lab: Lab, vm: Vm): Promise<void>;
  /** The tap on the host, up, with the VM's NIC at its other end; the VM says nothing on it yet. */
  plug(lab: Lab, vm: Vm, cable: Cable): Promise<void>;
  /** The VM begins to use the NIC; answers once it has all the addresses that its port has. */
  boot(lab: Lab, vm: Vm, nic: Nic): Promise<void>;
  /** The VM lets go of the NIC; the tap stays, where it is still there. */
  forget(lab: Lab, vm: Vm, nic: Nic): Promise<void>;
  /** Without a farewell; taps and ports stay for Nova to take away. */
  end(lab: Lab, vm: Vm): Promise<void>;
}
