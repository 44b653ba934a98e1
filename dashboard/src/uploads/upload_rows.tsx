import { formatAgo, formatBytes, formatCount, formatMoment, plural } from "../analysis/format";
import type { UploadProgress } from "../api/uploads";
import { fileNameOf } from "./file_name";
import { StageTrack } from "./stage_track";

/** Uploads, one a line: how far each has come, and what became of its rows. */
export function UploadRows({ uploads }: { uploads: UploadProgress[] }) {
  return (
    <ul class="uploads">
      {uploads.map((upload) => (
        <UploadRow key={upload.upload} upload={upload} />
      ))}
    </ul>
  );
}

export function UploadRow({ upload, sent }: { upload: UploadProgress; sent?: number }) {
  const name = fileNameOf(upload.key);
  return (
    <li class="upload">
      <p class="upload-name">
        <strong>{name}</strong>{" "}
        <span class="muted">
          {upload.dataset}.{upload.table} · {formatBytes(upload.bytes)}
        </span>
        {upload.landed_at && (
          <span class="muted" title={formatMoment(upload.landed_at)}>
            {formatAgo(upload.landed_at)}
          </span>
        )}
      </p>
      <StageTrack upload={upload} {...(sent === undefined ? {} : { sent })} />
      <p class="upload-rows">
        {upload.rows !== null && <span class="numeric">{plural(upload.rows, "row")}</span>}
        {(upload.rows_malformed ?? 0) > 0 && (
          <span class="numeric">{formatCount(upload.rows_malformed ?? 0)} malformed</span>
        )}
        {(upload.rows_refused ?? 0) > 0 && (
          <span class="numeric">{formatCount(upload.rows_refused ?? 0)} refused</span>
        )}
        {upload.note && <span>{upload.note}</span>}
      </p>
      {upload.problem && <p class="upload-problem">{upload.problem}</p>}
    </li>
  );
}
