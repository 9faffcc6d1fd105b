/** How every dnsmasq of ours is started, whatever it serves. */

/** `files` are its own options that name files. It stays root: they are read again at each reload, and the state directory may be closed to others. */
export function dnsmasqArgv(files: readonly string[]): readonly string[] {
  return ["dnsmasq", "--keep-in-foreground", "--user=root", "--pid-file={pidfile}", "--log-facility=-", ...files];
}
