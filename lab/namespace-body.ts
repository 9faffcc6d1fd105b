/** A VM that is a namespace: each of its NICs is a veth, whose other end is the tap. */
import { forgetLease } from "./dhcp-client.ts";
import { clear } from "./down.ts";
import { bootNic, createGuest, forgetRules, holdNic } from "./guest.ts";
import { vmNetns } from "./place.ts";
import { serveTcp, serveUdp } from "./serve.ts";
import { makeTap, setTap, takeOver } from "./tap.ts";
import type { Body } from "./vm-body.ts";

export const namespaceBody: Body = {
  make: async (lab, vm) => {
    await createGuest(lab, vm);
    serveTcp(vmNetns(lab, vm.name));
  },
  plug: async (lab, vm, { nic, tapMac, mtu }) => {
    const tap = { host: vm.host, name: nic.tap, mac: tapMac, mtu };
    const behind = { netns: vmNetns(lab, vm.name), dev: nic.dev, mac: nic.mac };
    if (!(await takeOver(lab, tap, behind))) await makeTap(lab, tap, behind);
    await holdNic(lab, vm, nic.dev);
    await setTap(lab, tap, "up");
  },
  boot: async (lab, vm, nic) => {
    await bootNic(lab, vm, nic);
    serveUdp(vmNetns(lab, vm.name), nic.addresses);
  },
  forget: async (lab, vm, nic) => {
    await forgetRules(vmNetns(lab, vm.name), nic);
    await forgetLease(lab, vm, nic);
  },
  end: (lab, vm) => clear([vmNetns(lab, vm.name)]),
};
