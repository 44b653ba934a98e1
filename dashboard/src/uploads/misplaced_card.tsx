import type { MisplacedUpload } from "../api/uploads";
import { Card } from "../components/card";

/** What somebody put where nothing is taken in, if anything. */
export function MisplacedCard({ files }: { files: MisplacedUpload[] }) {
  if (files.length === 0) return null;
  return (
    <Card title="Misplaced files" subtitle="They lie in the folder of no table, so they are never taken in">
      <ul class="uploads">
        {files.map(({ key, problem }) => (
          <li class="upload" key={key}>
            <p class="upload-name">
              <strong>{key}</strong>
            </p>
            <p class="upload-problem">{problem}</p>
          </li>
        ))}
      </ul>
    </Card>
  );
}
