/**
 * Programs that run beside the agent: BIRD, dnsmasq. A daemon's value holds digests of the files that it must have
 * read, so "the configuration changed, reload" is a plain difference between wanted and held. One that dies is missing.
 */
import type { Kind, Ref } from "./kind.ts";

export interface Daemon {
  readonly name: string;
  /**
   * The program and its arguments, staying in the foreground. `{state}` stands for the state directory, `{pidfile}` for a file of this one
   * process, in which it writes its number once it serves: where that is named, the daemon is not done before.
   */
  readonly argv: readonly string[];
  /** Digest of what the program reads at its start only: a change means another process. */
  readonly startedWith: string;
  /** Digest of what it can read again while it runs: a change means `reload`. */
  readonly loaded: string;
  /**
   * What the program keeps in its memory however often it reads again: what only one may have, and who has it. Another process must follow
   * when somebody else is to have it. Nobody minds what nobody else wants, so of a host's daemon this is all that it may remember.
   */
  readonly remembers?: Readonly<Record<string, string>>;
  /** Links by whose end what it remembers is out of date, though it is still wanted: another by the same name has somebody else behind it. */
  readonly forgetsWith?: readonly string[];
  /**
   * How another process takes the place of one. `beside`: it starts while the older one serves, which ends once the other serves too, and
   * stays if it never does; for programs that can share what they bind, and that name a `{pidfile}`. `unasked`: the older one is killed, for
   * programs that would take leave of others, who are to wait for the other one instead (RFC 4724). Absent: first the older one ends.
   */
  readonly succeeds?: "beside" | "unasked";
  /** A command that fails where a process that starts now would not take its files: then the older one is not ended for it. */
  readonly check?: readonly string[];
  /** How to make it read again: a signal, or a command that succeeds only when the new configuration holds. */
  readonly reload: { readonly signal: "SIGHUP" } | { readonly argv: readonly string[] };
  /** A command that succeeds once the program serves; until then the daemon is not done. */
  readonly ready?: readonly string[];
  /**
   * How a line of what `ready` prints begins that is another whenever the program reads its configuration, whoever made it do
   * so. What it loaded behind our back is not what it should have loaded.
   */
  readonly stamp?: string;
  /** `file/…` it reads, `link/…` it binds. */
  readonly after: readonly Ref[];
}

/** In place of what a daemon was started with: what it remembers is out of date, or two of it run. */
export const OUTLIVED = "(outlived)";

export const daemon: Kind<Daemon> = {
  name: "daemon",
  key: (value) => value.name,
  same: (want, have) => mustRestart(want, have) === false && want.loaded === have.loaded,
  needs: (value) => value.after,
  hasOutlived: (have) => have.startedWith === OUTLIVED,
  show: (value) => `${value.name} (${value.argv.join(" ")})`,
};

/** Is a reload not enough to get from one to the other? */
export function mustRestart(want: Daemon, have: Daemon): boolean {
  return isInTheWay(want, have) || want.startedWith !== have.startedWith || want.argv.join("\0") !== have.argv.join("\0");
}

/** Does it remember what somebody else is to have? There may be thousands, and they are asked about at each change. */
function isInTheWay({ remembers: wanted = {} }: Daemon, { remembers: memory = {} }: Daemon): boolean {
  if (wanted === memory) return false;
  for (const what in wanted) if ((memory[what] ?? wanted[what]) !== wanted[what]) return true;
  return false;
}
