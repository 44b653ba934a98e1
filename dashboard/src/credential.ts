import { useLayoutEffect, useState } from "preact/hooks";

// A token or an API key. It lives as long as the tab: it is not kept on the disk, and never in an address.
const STORED = "smelt.credential";
const SITE_ASKS = "smelt.site-asks";

/** What counts without a storage: until the page is left. */
const held = new Map<string, string>();

function read(name: string): string | null {
  try {
    return sessionStorage.getItem(name) ?? held.get(name) ?? null;
  } catch {
    return held.get(name) ?? null;
  }
}

function write(name: string, text: string): void {
  held.set(name, text);
  try {
    sessionStorage.setItem(name, text);
  } catch {
    // Storage may be switched off.
  }
}

/** The token or key that was given in this tab. */
export function readCredential(): string | null {
  return read(STORED) || null;
}

let given = 0;
const listeners = new Set<() => void>();

/** Keeps a token or key, and has everything that is shown asked for anew. */
export function giveCredential(text: string): void {
  write(STORED, text);
  given += 1;
  for (const listener of listeners) listener();
}

/** How often a token or key was given: what is loaded depends on it. */
export function useCredentialsGiven(): number {
  const [count, setCount] = useState(given);
  // With the page and not after it: what is given at once is heard of.
  useLayoutEffect(() => {
    const listener = () => setCount(given);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return count;
}

/** The header that names the caller: a JWT has three parts, and anything else is an API key. */
export function credentialHeader(credential: string): [name: string, value: string] {
  return /^[^.]+\.[^.]+\.[^.]+$/.test(credential)
    ? ["Authorization", `Bearer ${credential}`]
    : ["X-Api-Key", credential];
}

/**
 * Whether the host of the published files asks who is there. Only such a host gets the credential: a store
 * behind a plain site refuses requests with a header `Authorization` that is not its own.
 */
export function siteAsks(): boolean {
  return read(SITE_ASKS) !== null;
}

export function rememberThatSiteAsks(): void {
  write(SITE_ASKS, "yes");
}
