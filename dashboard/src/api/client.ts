import { credentialHeader, readCredential } from "../credential";
import { ApiFailure } from "./failure";
import { isJson, problemOf } from "./problem";

export interface ApiConfig {
  /** The origin of the API; without one it is where the dashboard is. */
  api?: string;
  /** Said beside the field for a token: where to get one. */
  token_hint?: string;
}

let config: Promise<ApiConfig> | undefined;

/** What `config.json` beside the dashboard says; a file that is missing or broken says nothing. */
export function readConfig(): Promise<ApiConfig> {
  config ??= fetch(new URL("config.json", document.baseURI), { cache: "no-cache" })
    .then((response) => (response.ok ? response.json() : {}))
    .then((json: unknown) => (typeof json === "object" && json !== null ? (json as ApiConfig) : {}))
    .catch(() => ({}));
  return config;
}

/** The address of something in the API. */
export async function apiAddress(path: string): Promise<string> {
  const { api } = await readConfig();
  const base = api ? `${api.replace(/\/+$/, "")}/` : document.baseURI;
  return new URL(path.replace(/^\//, ""), base).href;
}

/** A request with the token or key, whose answer is good or an `ApiFailure`. */
export async function callApi(path: string, init: RequestInit = {}): Promise<Response> {
  const address = await apiAddress(path);
  const headers = new Headers(init.headers);
  const credential = readCredential();
  if (credential) headers.set(...credentialHeader(credential));
  let response: Response;
  try {
    response = await fetch(address, { ...init, headers });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiFailure(
      "unreachable",
      "The API does not answer. Is it running, and does it allow this page (CORS)?",
    );
  }
  if (response.ok) return response;
  throw await failureOf(response);
}

/** The JSON that the API answers with. */
export async function callApiJson<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await callApi(path, init);
  // A static host may answer every path with its index page.
  if (!isJson(response.headers.get("Content-Type"))) throw absent();
  return (await response.json()) as T;
}

async function failureOf(response: Response): Promise<ApiFailure> {
  const problem = await problemOf(response);
  if (response.status === 401 || response.status === 403) {
    return new ApiFailure(
      "unauthorized",
      problem?.detail ?? problem?.title ?? "The API wants a token or a key",
      problem?.request_id,
    );
  }
  // Static hosts answer what they do not know with a page, or do not allow the method.
  if (!problem && [403, 404, 405, 501].includes(response.status)) return absent();
  const message = problem?.detail ?? problem?.title ?? `The API answered with HTTP ${response.status}`;
  const kind = response.status >= 500 || response.status === 429 ? "unreachable" : "refused";
  return new ApiFailure(kind, message, problem?.request_id);
}

const absent = () => new ApiFailure("absent", "There is no API here: these are files in a folder");
