import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The dashboard as it was built. */
export const DASHBOARD = new URL("../../dist/", import.meta.url).pathname;

/** The demo lake that the tests read. */
export function demoLake(): string {
  const lake = process.env.DASHBOARD_LAKE;
  if (!lake || !existsSync(join(lake, "published/catalog.json"))) {
    throw new Error(
      "DASHBOARD_LAKE names no lake with published/catalog.json; `make test-dashboard` makes one",
    );
  }
  if (!existsSync(join(DASHBOARD, "index.html")))
    throw new Error("dashboard/dist is missing; `make dashboard` builds it");
  return lake;
}

export interface LakeCopy {
  lake: string;
  remove: () => void;
}

/** A copy of the demo lake, or of a folder in it, to be changed. */
export function copyOfLake(folder = ""): LakeCopy {
  const lake = mkdtempSync(join(tmpdir(), "smelt-dashboard-"));
  cpSync(join(demoLake(), folder), join(lake, folder), { recursive: true });
  return { lake, remove: () => rmSync(lake, { recursive: true, force: true }) };
}
