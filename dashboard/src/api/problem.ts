/** What the API says of a request that it did not fulfil (RFC 9457). */
export interface Problem {
  title?: string;
  detail?: string;
  request_id?: string;
}

/** The problem in an answer; none in one that is something else. */
export function parseProblem(contentType: string | null, text: string): Problem | null {
  if (!isJson(contentType)) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Problem) : null;
  } catch {
    return null;
  }
}

export async function problemOf(response: Response): Promise<Problem | null> {
  return parseProblem(response.headers.get("Content-Type"), await response.text().catch(() => ""));
}

export function isJson(contentType: string | null): boolean {
  return /\bjson\b/.test(contentType ?? "");
}
