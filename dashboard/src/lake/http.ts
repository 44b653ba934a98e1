import { LakeFailure } from "./failure";

/** A request that has no answer after this long counts as failed. */
const PATIENCE_MS = 30_000;

/** `fetch`, with what can go wrong told apart. */
export async function request(address: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, { signal: AbortSignal.timeout(PATIENCE_MS), ...init });
  } catch (error) {
    const late = error instanceof DOMException && error.name === "TimeoutError";
    const why = late ? `no answer within ${PATIENCE_MS / 1000} seconds` : "the connection failed";
    throw new LakeFailure("unreachable", address, `${address} cannot be reached: ${why}`);
  }
  if (response.ok) return response;
  if (response.status === 404) throw new LakeFailure("missing", address, `${address} does not exist`);
  if (response.status === 401 || response.status === 403) {
    throw new LakeFailure("refused", address, `${address} may not be read (HTTP ${response.status})`);
  }
  const kind = response.status >= 500 || response.status === 429 ? "unreachable" : "broken";
  throw new LakeFailure(kind, address, `${address} answered with HTTP ${response.status}`);
}

/** The JSON at an address. */
export async function requestJson(address: string, init: RequestInit = {}): Promise<unknown> {
  const response = await request(address, init);
  const text = await response.text().catch(() => {
    throw new LakeFailure("unreachable", address, `${address} broke off while it was read`);
  });
  try {
    return JSON.parse(text);
  } catch {
    throw new LakeFailure("broken", address, `${address} is not JSON; the next refresh writes it anew`);
  }
}
