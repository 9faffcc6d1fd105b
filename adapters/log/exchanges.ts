/** Exchanges over HTTP as lines of the log: who asked for what, and how it ended. Never what was said, nor how the asker proved who they are. */
import type { ExchangeOver } from "../http/exchanges.ts";
import type { JsonLog } from "./json.ts";

/** Asked every few seconds by machines: only worth a line when something is wrong. */
const ROUTINE: ReadonlySet<string> = new Set(["/healthz", "/healthcheck", "/metrics"]);

export function logExchange(log: JsonLog): (exchange: ExchangeOver) => void {
  return ({ id, globalId, method, path, status, ms, from, who }) => {
    const fields = {
      request_id: id,
      ...(globalId !== undefined && { global_request_id: globalId }),
      method,
      path,
      status,
      ms: Math.round(ms * 10) / 10,
      ...(who !== undefined && { user_id: who.user, project_id: who.project }),
      ...(from !== undefined && { from }),
    };
    if (ROUTINE.has(path) && status === 200) log.debug("request", fields);
    else log.info("request", fields);
  };
}
