/** A Neutron to measure: requests over kept connections, one at a time on each. */
import { Agent, request } from "node:http";
import type { RequestOptions } from "node:http";

export interface Endpoint {
  /** The answer's JSON; throws with the answer's words where it is a refusal. */
  ask(method: string, path: string, body?: object): Promise<unknown>;
  close(): void;
}

/** By its URL, with the token of OS_TOKEN where one is needed. */
export function remote(url: string, clients: number): Endpoint {
  const { hostname, port, pathname } = new URL(url);
  const token = process.env["OS_TOKEN"];
  return over({
    options: { hostname, port: port === "" ? 80 : Number(port) },
    headers: token === undefined ? {} : { "x-auth-token": token },
    base: pathname.replace(/\/$/, ""),
    clients,
  });
}

/** Our own, at its private door. */
export function local(socketPath: string, clients: number): Endpoint {
  return over({ options: { socketPath }, headers: {}, base: "", clients });
}

interface Way {
  readonly options: RequestOptions;
  readonly headers: Readonly<Record<string, string>>;
  readonly base: string;
  readonly clients: number;
}

function over({ options, headers, base, clients }: Way): Endpoint {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const ask: Endpoint["ask"] = (method, path, body) =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? "" : JSON.stringify(body);
      const said = { ...headers, "content-type": "application/json", "content-length": Buffer.byteLength(text) };
      const sent = request({ ...options, path: base + path, method, agent, headers: said }, (response) => {
        let answer = "";
        response.setEncoding("utf8").on("data", (part: string) => (answer += part));
        response.on("end", () => {
          if (response.statusCode === undefined || response.statusCode >= 400)
            reject(new Error(`${method} ${path}: ${response.statusCode} ${answer.slice(0, 300)}`));
          else resolve(answer === "" ? undefined : JSON.parse(answer));
        });
        // After its end, this says nothing any more.
        response.on("close", () => reject(new Error(`${method} ${path}: the answer broke off`)));
      });
      sent.on("error", reject).end(text);
    });
  return { ask, close: () => agent.destroy() };
}
