import { problemOf } from "../api/problem";
import { credentialHeader, readCredential, rememberThatSiteAsks, siteAsks } from "../credential";
import { LakeFailure } from "./failure";

/** A request that has no answer after this long counts as failed. */
const PATIENCE_MS = 30_000;

/** `fetch`, with what can go wrong told apart. */
export async function request(address: string, init: RequestInit = {}): Promise<Response> {
  const known = siteAsks();
  let response = await send(address, init, known);
  if (asksWho(response) && !known) {
    rememberThatSiteAsks();
    if (readCredential()) response = await send(address, init, true);
  }
  if (response.ok) return response;
  if (asksWho(response)) {
    const problem = await problemOf(response);
    const why = problem?.detail ?? `${address} may not be read (HTTP ${response.status})`;
    throw new LakeFailure("unauthorized", address, why);
  }
  if (response.status === 404) throw new LakeFailure("missing", address, `${address} does not exist`);
  if (isOfBucket(response)) {
    throw new LakeFailure("missing", address, `${address} does not exist, or is not public`);
  }
  const kind = response.status >= 500 || response.status === 429 ? "unreachable" : "broken";
  throw new LakeFailure(kind, address, `${address} answered with HTTP ${response.status}`);
}

/** A bucket that may not be listed, also behind a CDN, answers 403 in XML for what is not there. */
const isOfBucket = ({ status, headers }: Response) =>
  status === 403 && /\bxml\b/.test(headers.get("Content-Type") ?? "");

/** Whether another token or key may help. */
const asksWho = (response: Response) =>
  response.status === 401 || (response.status === 403 && !isOfBucket(response));

async function send(address: string, init: RequestInit, withCredential: boolean): Promise<Response> {
  const headers = new Headers(init.headers);
  const sent: RequestInit = { signal: AbortSignal.timeout(PATIENCE_MS), ...init, headers };
  const credential = readCredential();
  const isSameOrigin = new URL(address, document.baseURI).origin === location.origin;
  if (withCredential && credential && isSameOrigin) {
    headers.set(...credentialHeader(credential));
    // A redirect would take a key along to wherever it leads.
    sent.redirect = "error";
  }
  try {
    return await fetch(address, sent);
  } catch (error) {
    const late = error instanceof DOMException && error.name === "TimeoutError";
    const why = late ? `no answer within ${PATIENCE_MS / 1000} seconds` : "the connection failed";
    throw new LakeFailure("unreachable", address, `${address} cannot be reached: ${why}`);
  }
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
