import { callApiJson } from "./client";

export interface RunStep {
  stage: string;
  table: string;
  version: number | null;
  rows_in: number | null;
  rows_out: number | null;
  rows_rejected: number | null;
  duration_ms: number | null;
}

export interface Run {
  run_id: string;
  command: string;
  dataset: string | null;
  origin?: { function: string | null } | null;
  started_at: string;
  finished_at: string | null;
  outcome: string;
  error: string | null;
  steps: RunStep[];
}

/** The last runs, newest first. */
export async function listRuns(limit: number): Promise<Run[]> {
  const answer = await callApiJson<{ runs: Run[] } | Run[]>(`v1/runs?limit=${limit}`);
  return Array.isArray(answer) ? answer : answer.runs;
}
