import { callApiJson } from "./client";

export interface ModelVersion {
  stage: string;
  card: {
    dataset: string;
    model: string;
    kind: string;
    version: number;
    fitted_at: string;
    learnt_from: number;
    metrics: Record<string, number>;
  };
}

/** All versions in the registry of models. */
export async function listModels(): Promise<ModelVersion[]> {
  const answer = await callApiJson<{ models: ModelVersion[] } | ModelVersion[]>("v1/models");
  return Array.isArray(answer) ? answer : answer.models;
}
