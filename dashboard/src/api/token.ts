// The token lives as long as the tab: it is not kept on the disk.
const STORED = "smelt.token";

export function readToken(): string | null {
  try {
    return sessionStorage.getItem(STORED);
  } catch {
    return null;
  }
}

export function storeToken(token: string): void {
  try {
    if (token) sessionStorage.setItem(STORED, token);
    else sessionStorage.removeItem(STORED);
  } catch {
    // Without storage the API goes on asking.
  }
}
