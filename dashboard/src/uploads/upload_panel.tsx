import { useRef, useState } from "preact/hooks";
import { ApiFailure } from "../api/failure";
import { requestUpload, sendFile, type UploadProgress, watchUpload } from "../api/uploads";
import { Card } from "../components/card";
import { Icon } from "../components/icon";
import { forgetDocuments, readCatalog, readDataset } from "../lake/published";
import { Load, useLoaded } from "../loading";
import { UploadRow } from "./upload_rows";

interface Going {
  id: number;
  progress: UploadProgress;
  sent: number;
}

interface Target {
  dataset: string;
  table: string;
}

/** A place to drop files, and how far each of them has come. */
export function UploadPanel({ onDone }: { onDone: () => void }) {
  const targets = useLoaded(readTargets, [], "published/catalog.json");
  const [chosen, setChosen] = useState("");
  const [going, setGoing] = useState<Going[]>([]);
  const [isOver, setIsOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const next = useRef(1);

  function update(id: number, change: (before: Going) => Partial<Going>): void {
    setGoing((all) => all.map((one) => (one.id === id ? { ...one, ...change(one) } : one)));
  }

  async function upload(file: File, { dataset, table }: Target): Promise<void> {
    const id = next.current++;
    setGoing((all) => [{ id, sent: 0, progress: toBeSent(file, dataset, table) }, ...all]);
    const report = (progress: UploadProgress) => update(id, () => ({ progress }));
    try {
      const ticket = await requestUpload(dataset, table, file);
      await sendFile(ticket, file, (sent) => update(id, () => ({ sent })));
      update(id, ({ progress }) => ({ sent: file.size, progress: { ...progress, stage: "waiting" } }));
      await watchUpload(ticket, report, new AbortController().signal);
      forgetDocuments();
      onDone();
    } catch (error) {
      const problem = error instanceof ApiFailure ? error.message : String(error);
      update(id, ({ progress }) => ({ progress: { ...progress, stage: "refused", problem } }));
    }
  }

  return (
    <Card title="Upload" subtitle="CSV, JSON lines, JSON or Parquet, plain or packed with gzip or zstd">
      <Load of={targets} height="tile">
        {(all) => {
          const target = all.find((one) => nameOf(one) === chosen) ?? all[0];
          if (!target) return <p class="muted">No dataset takes files yet.</p>;
          const take = (files: Iterable<File> | null | undefined) => {
            for (const file of files ?? []) void upload(file, target);
          };
          return (
            <>
              <label class="field">
                <span>Into</span>
                <select value={nameOf(target)} onChange={(event) => setChosen(event.currentTarget.value)}>
                  {all.map((one) => (
                    <option key={nameOf(one)} value={nameOf(one)}>
                      {nameOf(one)}
                    </option>
                  ))}
                </select>
              </label>
              {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is beside the button, which the keyboard reaches */}
              <div
                class={`drop ${isOver ? "drop-over" : ""}`}
                onDragOver={(event) => {
                  event.preventDefault();
                  setIsOver(true);
                }}
                onDragLeave={() => setIsOver(false)}
                onDrop={(event) => {
                  event.preventDefault();
                  setIsOver(false);
                  take(event.dataTransfer?.files);
                }}
              >
                <Icon name="upload" />
                <p>
                  Drop a file here, or{" "}
                  <button type="button" class="link-button" onClick={() => input.current?.click()}>
                    choose one
                  </button>
                </p>
                <input
                  ref={input}
                  class="visually-hidden"
                  type="file"
                  multiple
                  tabIndex={-1}
                  aria-label="Files to upload"
                  onChange={(event) => {
                    take(event.currentTarget.files);
                    event.currentTarget.value = "";
                  }}
                />
              </div>
            </>
          );
        }}
      </Load>
      {going.length > 0 && (
        <ul class="uploads" aria-label="Uploads of this visit">
          {going.map((one) => (
            <UploadRow key={one.id} upload={one.progress} sent={one.sent} />
          ))}
        </ul>
      )}
    </Card>
  );
}

const nameOf = ({ dataset, table }: Target) => `${dataset}.${table}`;

function toBeSent(file: File, dataset: string, table: string): UploadProgress {
  return {
    upload: "",
    dataset,
    table,
    key: file.name,
    bytes: file.size,
    stage: "awaited",
    bytes_done: null,
    rows: null,
    rows_malformed: null,
    rows_refused: null,
    problem: null,
    is_done: false,
  };
}

async function readTargets(): Promise<Target[]> {
  const { datasets } = await readCatalog();
  const settled = await Promise.allSettled(datasets.map(({ name }) => readDataset(name)));
  return settled.flatMap((result) =>
    result.status === "fulfilled"
      ? result.value.tables.map((table) => ({ dataset: result.value.name, table: table.name }))
      : [],
  );
}
