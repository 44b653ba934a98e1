import { formatCount, formatMoment, formatNumber } from "../analysis/format";
import { listModels, type ModelVersion } from "../api/models";
import { Answered, useApi } from "../api/use_api";
import { Card } from "../components/card";
import { EmptyNote } from "../components/empty_note";
import { ScrollArea } from "../components/scroll_area";

// What is told of a model of each kind; others show their first figures.
const TOLD: Record<string, string[]> = {
  forecast: ["mase", "seasonal_naive_mase", "coverage_95"],
  clusters: ["groups", "silhouette"],
  classifier: ["auc", "accuracy", "precision", "recall"],
};

/** All versions of all models, and what became of them. */
export function Registry() {
  const models = useApi(listModels);
  return (
    <Card title="Registry" subtitle="Every version that was fitted, and its stage" class="spaced">
      <Answered of={models} what="The versions of models">
        {(versions) =>
          versions.length === 0 ? (
            <EmptyNote title="No model was trained yet" />
          ) : (
            <ScrollArea label="Versions of models">
              <table class="table">
                <thead>
                  <tr>
                    <th scope="col">Model</th>
                    <th scope="col">Kind</th>
                    <th scope="col" class="numeric">
                      Version
                    </th>
                    <th scope="col">Stage</th>
                    <th scope="col">Fitted</th>
                    <th scope="col" class="numeric">
                      Learnt from
                    </th>
                    <th scope="col">How good</th>
                  </tr>
                </thead>
                <tbody>
                  {versions.map((version) => (
                    <Version
                      key={`${version.card.dataset} ${version.card.model} ${version.card.version}`}
                      version={version}
                    />
                  ))}
                </tbody>
              </table>
            </ScrollArea>
          )
        }
      </Answered>
    </Card>
  );
}

function Version({ version: { stage, card } }: { version: ModelVersion }) {
  const names = TOLD[card.kind] ?? Object.keys(card.metrics).slice(0, 3);
  return (
    <tr>
      <th scope="row">
        <code>
          {card.dataset}/{card.model}
        </code>
      </th>
      <td>{card.kind}</td>
      <td class="numeric">{card.version}</td>
      <td>
        <span class={`tag ${stage === "production" ? "tag-good" : ""}`}>{stage}</span>
      </td>
      <td>{formatMoment(card.fitted_at)}</td>
      <td class="numeric">{formatCount(card.learnt_from)}</td>
      <td class="numeric">
        {names
          .filter((name) => card.metrics[name] !== undefined)
          .map((name) => `${name.replaceAll("_", " ")} ${formatNumber(card.metrics[name] ?? null)}`)
          .join(" · ")}
      </td>
    </tr>
  );
}
