/** How many requests may be in flight at once: of everybody, and of one client address. */

export interface GateLimits {
  readonly requests: number;
  readonly clientRequests: number;
}

export interface Gate {
  /** Takes a request in: how to tell that it is over; or why it is not taken. Those without an address count for everybody only. */
  enter(address: string | undefined): (() => void) | "all" | "client";
  inFlight(): number;
}

/** `limits` is asked for each request. */
export function gate(limits: () => GateLimits): Gate {
  const ofClient = new Map<string, number>();
  let inFlight = 0;
  const leave = (address: string | undefined) => {
    inFlight -= 1;
    if (address === undefined) return;
    const left = (ofClient.get(address) ?? 1) - 1;
    if (left === 0) ofClient.delete(address);
    else ofClient.set(address, left);
  };
  return {
    inFlight: () => inFlight,
    enter: (address) => {
      const { requests, clientRequests } = limits();
      const own = address === undefined ? 0 : (ofClient.get(address) ?? 0);
      // First the client's own: who asks too much is told so, rather than that everybody does.
      if (address !== undefined && own >= clientRequests) return "client";
      if (inFlight >= requests) return "all";
      inFlight += 1;
      if (address !== undefined) ofClient.set(address, own + 1);
      let over = false;
      return () => {
        if (!over) leave(address);
        over = true;
      };
    },
  };
}
