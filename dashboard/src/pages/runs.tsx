import { useState } from "preact/hooks";
import { formatAgo, formatCount, formatMoment, formatNumber } from "../analysis/format";
import type { ApiFailureKind } from "../api/failure";
import { listRuns, type Run } from "../api/runs";
import { listUploads } from "../api/uploads";
import { type Answer, Answered, useApi } from "../api/use_api";
import { Card } from "../components/card";
import { EmptyNote } from "../components/empty_note";
import { PageHeader } from "../components/page_header";
import { ScrollArea } from "../components/scroll_area";
import { StatusNote } from "../components/status_note";
import { MisplacedCard } from "../uploads/misplaced_card";
import { UploadPanel } from "../uploads/upload_panel";
import { UploadRows } from "../uploads/upload_rows";

const LIMIT = 50;

/** Bringing a file in, and what ran. */
export function RunsPage() {
  const uploads = useApi(listUploads);
  const runs = useApi(() => listRuns(LIMIT));
  // Said once for all of it. A role may suffice for runs and not for uploads.
  const isClosed = (answer: Answer<unknown>) =>
    answer.state === "loading" || failureOf(answer) === "unauthorized";
  const asksFirst = failureOf(runs.answer) === "unauthorized" ? runs : uploads;
  const isSaidOnce =
    failureOf(uploads.answer) === "absent" ||
    (failureOf(asksFirst.answer) === "unauthorized" && isClosed(uploads.answer) && isClosed(runs.answer));
  return (
    <>
      <PageHeader title="Runs and uploads">
        <p>Bring a file in and watch it on its way to published marts.</p>
      </PageHeader>
      <div class="stack">
        {isSaidOnce ? (
          <Answered<unknown> of={asksFirst} what="Runs and uploads">
            {() => null}
          </Answered>
        ) : (
          <>
            <UploadPanel
              onDone={() => {
                uploads.again();
                runs.again();
              }}
            />
            {uploads.answer.state === "ready" && <MisplacedCard files={uploads.answer.value.misplaced} />}
            <Card title="Last uploads">
              <Answered of={uploads} what="Uploads">
                {({ uploads: rows }) =>
                  rows.length === 0 ? (
                    <EmptyNote title="Nothing was uploaded yet" />
                  ) : (
                    <UploadRows uploads={rows} />
                  )
                }
              </Answered>
            </Card>
            <Card title="Last runs" subtitle="What woke them, and what they did">
              <Answered of={runs} what="Runs">
                {(rows) =>
                  rows.length === 0 ? <EmptyNote title="Nothing ran yet" /> : <RunTable runs={rows} />
                }
              </Answered>
            </Card>
          </>
        )}
      </div>
    </>
  );
}

function failureOf(answer: Answer<unknown>): ApiFailureKind | null {
  return answer.state === "failed" ? answer.failure.kind : null;
}

function RunTable({ runs }: { runs: Run[] }) {
  return (
    <ul class="runs">
      {runs.map((run) => (
        <RunRow key={run.run_id} run={run} />
      ))}
    </ul>
  );
}

function RunRow({ run }: { run: Run }) {
  const [isOpen, setIsOpen] = useState(false);
  const seconds = run.finished_at ? (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000 : null;
  const ingested = run.steps
    .filter((step) => step.stage === "ingest")
    .reduce((sum, step) => sum + (step.rows_in ?? 0), 0);
  const refused = run.steps.reduce((sum, step) => sum + (step.rows_rejected ?? 0), 0);
  const isGood = run.outcome === "succeeded";
  return (
    <li>
      <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
        <summary class="run">
          <StatusNote tone={isGood ? "good" : "bad"}>{run.outcome}</StatusNote>
          <span class="run-what">
            <strong>{run.origin?.function ?? run.command}</strong> {run.dataset ?? "all datasets"}
          </span>
          <span class="muted" title={formatMoment(run.started_at)}>
            {formatAgo(run.started_at)}
          </span>
          <span class="numeric muted">{seconds === null ? "" : `${formatNumber(seconds)} s`}</span>
          <span class="numeric run-rows">
            {formatCount(ingested)} in, {formatCount(refused)} refused
          </span>
        </summary>
        {run.error && <p class="run-error">{run.error}</p>}
        {isOpen && run.steps.length > 0 && (
          <ScrollArea label={`Steps of ${run.run_id}`}>
            <table class="table">
              <thead>
                <tr>
                  <th scope="col">Stage</th>
                  <th scope="col">Table</th>
                  <th scope="col" class="numeric">
                    Rows in
                  </th>
                  <th scope="col" class="numeric">
                    Rows out
                  </th>
                  <th scope="col" class="numeric">
                    Refused
                  </th>
                  <th scope="col" class="numeric">
                    ms
                  </th>
                </tr>
              </thead>
              <tbody>
                {run.steps.map((step, index) => (
                  <tr key={index}>
                    <td>{step.stage}</td>
                    <td>
                      <code>{step.table}</code>
                    </td>
                    <td class="numeric">{formatNumber(step.rows_in, 0)}</td>
                    <td class="numeric">{formatNumber(step.rows_out, 0)}</td>
                    <td class="numeric">{formatNumber(step.rows_rejected, 0)}</td>
                    <td class="numeric">{formatNumber(step.duration_ms, 0)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </ScrollArea>
        )}
      </details>
    </li>
  );
}
