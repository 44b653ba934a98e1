import { formatPercent } from "../analysis/format";
import type { UploadProgress, UploadStage } from "../api/uploads";

// The way of a file; refused and interrupted are ends beside it.
const WAY: { stage: UploadStage; label: string }[] = [
  { stage: "awaited", label: "Sent" },
  { stage: "waiting", label: "Landed" },
  { stage: "reading", label: "Read" },
  { stage: "bronze", label: "Bronze" },
  { stage: "silver", label: "Silver" },
  { stage: "gold", label: "Gold" },
  { stage: "published", label: "Published" },
];

const STATES: Record<UploadStage, string> = {
  awaited: "being sent",
  waiting: "waits to be read",
  reading: "being read",
  interrupted: "the reading was interrupted; it goes on with the next sweep",
  refused: "refused",
  bronze: "in bronze",
  silver: "in silver",
  gold: "in gold",
  published: "published",
};

/** How many of the steps are behind an upload. */
export function stepsDone(upload: Pick<UploadProgress, "stage">): number {
  const stage = upload.stage === "interrupted" ? "reading" : upload.stage;
  if (stage === "refused") return 2;
  const position = WAY.findIndex((step) => step.stage === stage);
  // To be in a table is done; to wait and to be read is going on.
  return ["bronze", "silver", "gold", "published"].includes(stage) ? position + 1 : position;
}

/** The way of a file from this browser to published marts, and where it is on it. */
export function StageTrack({ upload, sent }: { upload: UploadProgress; sent?: number }) {
  const done = stepsDone(upload);
  const isStopped = upload.stage === "refused";
  const part = partDone(upload, sent);
  const state = `${STATES[upload.stage] ?? upload.stage}${part === null ? "" : `, ${formatPercent(part)}`}`;
  return (
    <div class={`track ${isStopped ? "track-stopped" : ""}`} role="status">
      <span class="visually-hidden">{state}</span>
      <ol aria-hidden="true">
        {WAY.map((step, index) => (
          <li key={step.stage} class={index < done ? "done" : index === done && !isStopped ? "current" : ""}>
            <span class="track-bar">
              {index === done && part !== null && <span style={{ width: `${100 * part}%` }} />}
            </span>
            {step.label}
          </li>
        ))}
      </ol>
      {isStopped && <p class="track-state">Refused</p>}
    </div>
  );
}

/** How much of the step that goes on is done, where that is known. */
function partDone(upload: UploadProgress, sent: number | undefined): number | null {
  if (upload.bytes === 0) return null;
  if (upload.stage === "awaited" && sent !== undefined) return Math.min(1, sent / upload.bytes);
  if (upload.stage === "reading" && upload.bytes_done !== null)
    return Math.min(1, upload.bytes_done / upload.bytes);
  return null;
}
