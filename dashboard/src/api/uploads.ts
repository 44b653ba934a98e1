import { apiAddress, callApi, callApiJson } from "./client";
import { ApiFailure } from "./failure";
import { parseProblem } from "./problem";
import { eventsOf } from "./server_sent_events";

export type UploadStage =
  | "awaited"
  | "waiting"
  | "reading"
  | "interrupted"
  | "refused"
  | "bronze"
  | "silver"
  | "gold"
  | "published";

/** How far an upload has come. */
export interface UploadProgress {
  upload: string;
  dataset: string;
  table: string;
  key: string;
  bytes: number;
  stage: UploadStage;
  bytes_done: number | null;
  rows: number | null;
  rows_malformed: number | null;
  rows_refused: number | null;
  problem: string | null;
  /** Why nothing of it was loaded although nothing is wrong with it; absent in answers of older servers. */
  note?: string | null;
  is_done: boolean;
  /** When the file had come; absent while it is on its way, and in answers of older servers. */
  landed_at?: string | null;
}

interface UploadTicket {
  upload: string;
  method: string;
  url: string;
  headers: Record<string, string>;
  watch: string;
  events: string;
}

/** Asks where a file may be put. */
export function requestUpload(dataset: string, table: string, file: File): Promise<UploadTicket> {
  return callApiJson(`v1/datasets/${encodeURIComponent(dataset)}/uploads`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ table, file_name: file.name, bytes: file.size }),
  });
}

/** Puts a file where it may be put, and tells how many bytes have gone. `fetch` could not tell. */
export async function sendFile(
  ticket: UploadTicket,
  file: File,
  onBytes: (sent: number) => void,
): Promise<void> {
  const address = new URL(ticket.url, await apiAddress("")).href;
  await new Promise<void>((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open(ticket.method, address);
    for (const [name, value] of Object.entries(ticket.headers)) {
      // These two a browser sets itself, and lets nobody else.
      if (!/^(content-length|host)$/i.test(name)) sending.setRequestHeader(name, value);
    }
    sending.upload.onprogress = (event) => onBytes(event.loaded);
    sending.onload = () => {
      if (sending.status < 300) resolve();
      else reject(refusalOf(sending));
    };
    sending.onerror = () =>
      reject(
        new ApiFailure(
          "unreachable",
          "The connection broke while the file was sent; nothing of it was taken",
        ),
      );
    sending.send(file);
  });
}

/** What smelt says of a file that it did not take; a store says nothing that helps. */
function refusalOf(sending: XMLHttpRequest): ApiFailure {
  const problem = parseProblem(sending.getResponseHeader("Content-Type"), sending.responseText);
  const why =
    problem?.detail ??
    problem?.title ??
    `The file was not taken (HTTP ${sending.status}); it may be larger than allowed, or the address has expired`;
  return new ApiFailure("refused", why, problem?.request_id);
}

const AGAIN_AFTER_MS = 1000;
const MOST_FAILURES = 20;

/** Follows an upload to its end. A stream that ends early is taken up again. */
export async function watchUpload(
  ticket: Pick<UploadTicket, "events" | "watch">,
  onProgress: (progress: UploadProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      const response = await callApi(ticket.events, { headers: { Accept: "text/event-stream" }, signal });
      for await (const { event, data } of eventsOf(response)) {
        failures = 0;
        if (event === "progress" || event === "done") {
          const progress = parse(data);
          if (progress) onProgress(progress);
          if (event === "done" || progress?.is_done) return;
        }
      }
      // It ended without "done": how far is it?
      const progress = await callApiJson<UploadProgress>(ticket.watch, { signal });
      onProgress(progress);
      if (progress.is_done) return;
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      const isFinal = error instanceof ApiFailure && error.kind !== "unreachable";
      if (isFinal || failures > MOST_FAILURES) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
  }
}

function parse(data: string): UploadProgress | null {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" && value !== null && "stage" in value ? (value as UploadProgress) : null;
  } catch {
    return null;
  }
}

/** A file or folder that is never taken in: it lies in the folder of no table. */
export interface MisplacedUpload {
  key: string;
  /** Why, and where it may belong. */
  problem: string;
}

export interface Uploads {
  /** The last ones of all datasets, newest first. */
  uploads: UploadProgress[];
  misplaced: MisplacedUpload[];
}

/** What was uploaded, and what was put where nothing is taken in; older servers tell nothing of that. */
export async function listUploads(): Promise<Uploads> {
  const { uploads, misplaced = [] } = await callApiJson<{
    uploads: UploadProgress[];
    misplaced?: MisplacedUpload[];
  }>("v1/uploads");
  return { uploads: newestFirst(uploads), misplaced };
}

/** Those whose time is not known come last, in the order in which they are given. */
export function newestFirst(uploads: UploadProgress[]): UploadProgress[] {
  const landed = ({ landed_at: time }: UploadProgress) => Date.parse(time ?? "") || Number.NEGATIVE_INFINITY;
  return [...uploads].sort((a, b) => (landed(a) === landed(b) ? 0 : landed(b) - landed(a)));
}
