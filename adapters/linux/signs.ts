/** Hears signs of life on all taps, those that are still to come included, through tcpdump: the kernel hands over nothing but such frames. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Sign, SignsOfLife } from "#contracts/signs.ts";
import { readIp } from "#core/net/address.ts";
import { readMac } from "#core/net/mac.ts";

const GRATUITOUS_ARP = "(arp and arp[14:4] = arp[24:4])";
const REVERSE_ARP = "(ether proto 0x8035)";
/** Type 136, without the flag that says that somebody asked. */
const UNSOLICITED_NA = "(icmp6 and ip6[40] = 136 and ip6[44] & 0x40 = 0)";
const CAPTURE = ["--immediate-mode", "-Q", "in", "-l", "-n", "-e", "-tt", "-i", "any"];
const RESTART_MS = 1000;

/** As `ip monitor` is watched: a shell beside it ends it when there is nobody left to hear. */
const LISTEN = `tcpdump ${CAPTURE.join(" ")} '${[GRATUITOUS_ARP, REVERSE_ARP, UNSOLICITED_NA].join(" or ")}'`;
const WATCH = `exec 3<&0; { read -r _ <&3; kill $$; } >/dev/null 2>&1 & exec ${LISTEN}`;

/** `under`: words put before the program (`ip netns exec NAME`). Listens only while somebody wants to hear. */
export function tcpdumpSigns(under: readonly string[] = []): SignsOfLife {
  const listeners = new Set<(sign: Sign) => void>();
  let child: ChildProcess | undefined;
  let restart: NodeJS.Timeout | undefined;
  const begin = () => {
    const [program = "", ...words] = [...under, "sh", "-c", WATCH];
    const begun = spawn(program, words, { stdio: ["pipe", "pipe", "ignore"] });
    createInterface(begun.stdout).on("line", (line) => {
      const sign = readSign(line);
      if (sign !== undefined) for (const heard of listeners) heard(sign);
    });
    begun.stdin.on("error", () => undefined);
    // "error" instead of "exit" when it cannot be started at all.
    for (const end of ["exit", "error"] as const) begun.once(end, () => again(begun));
    child = begun;
  };
  const again = (ended: ChildProcess) => {
    ended.stdin?.destroy();
    if (ended !== child) return;
    child = undefined;
    clearTimeout(restart);
    if (listeners.size > 0) restart = setTimeout(begin, RESTART_MS);
  };
  const end = () => {
    clearTimeout(restart);
    child?.stdin?.end();
    child?.kill();
    child = undefined;
  };
  return {
    watch: (heard) => {
      const listener = (sign: Sign) => heard(sign);
      listeners.add(listener);
      if (listeners.size === 1) begin();
      return () => {
        if (listeners.delete(listener) && listeners.size === 0) end();
      };
    },
  };
}

const FRAME = /^\S+ (\S+) +\w+ +ifindex \d+ ([0-9a-f:]{17}) ethertype (.+)$/;
const SAID = [
  { kind: "rarp", form: /^Reverse ARP / },
  { kind: "garp", form: /^ARP .*(?:Request who-has|Reply) ([0-9.]+)/ },
  { kind: "na", form: /^IPv6 .*neighbor advertisement, tgt is ([0-9a-f:.]+)/ },
] as const;

/** One line of tcpdump; undefined where it is no sign of life. */
export function readSign(line: string): Sign | undefined {
  const [, tap = "", from = "", rest = ""] = FRAME.exec(line) ?? [];
  const mac = readMac(from);
  const said = SAID.find(({ form }) => form.test(rest));
  if (mac === undefined || said === undefined) return undefined;
  const ip = readIp(said.form.exec(rest)?.[1] ?? "");
  if (said.kind === "rarp") return { kind: "rarp", tap, mac };
  return ip === undefined ? undefined : { kind: said.kind, tap, mac, ip };
}
