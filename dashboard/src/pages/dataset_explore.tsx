import { useMemo } from "preact/hooks";
import { loadRows } from "../analysis/load_rows";
import { EmptyNote } from "../components/empty_note";
import { WhenSeen } from "../components/when_seen";
import { Breakdowns } from "../explore/breakdowns";
import { CourseCard } from "../explore/course_card";
import { HeadlineFigures } from "../explore/headline_figures";
import { HourlyCard } from "../explore/hourly_card";
import { parseExplore } from "../explore/query";
import { RelatedBreakdowns } from "../explore/related_breakdowns";
import { RowsCard } from "../explore/rows_card";
import { isLongerThanOne, openMart, type Scope, scopeOf } from "../explore/scope";
import { Toolbar } from "../explore/toolbar";
import type { DatasetDocument } from "../lake/contract";
import { Load, useLoaded } from "../loading";

/** A dataset's marts: figures, course, parts, hours and rows of what is chosen. */
export function ExploreTab({ dataset, query }: { dataset: DatasetDocument; query: URLSearchParams }) {
  const text = query.toString();
  const choice = useMemo(() => parseExplore(new URLSearchParams(text)), [text]);
  const opened = useLoaded(
    () => openMart(dataset, choice.mart),
    [dataset, choice.mart],
    `published/${dataset.name}/`,
  );
  return (
    <Load of={opened} height="page">
      {(open) =>
        open ? (
          <Explore scope={scopeOf(dataset, open.mart, open.table, choice)} />
        ) : (
          <EmptyNote title="No marts">The definition of this dataset has none yet.</EmptyNote>
        )
      }
    </Load>
  );
}

function Explore({ scope }: { scope: Scope }) {
  const { shape, table, window, before } = scope;
  const columns = columnsFor(scope);
  const span = window && { from: before?.from ?? window.from, to: window.to };
  const loaded = useLoaded(
    () => loadRows(shape, table, columns, span),
    [table, columns.join(), span?.from, span?.to],
    table.address,
  );
  if (table.rows === 0) {
    return (
      <>
        <Toolbar scope={scope} rows={null} />
        <EmptyNote title="This mart has no rows yet">
          It fills with the next refresh after data came in.
        </EmptyNote>
      </>
    );
  }
  return (
    <>
      <Toolbar scope={scope} rows={loaded.state === "ready" ? loaded.value : null} />
      <Load of={loaded} height="page">
        {(rows, isReloading) => (
          <div class={`stack ${isReloading ? "reloading" : ""}`} aria-busy={isReloading}>
            <HeadlineFigures scope={scope} rows={rows} />
            {isLongerThanOne(scope) && <CourseCard scope={scope} rows={rows} />}
            <div class="grid">
              <Breakdowns scope={scope} rows={rows} />
              <HourlyCard scope={scope} />
              <RelatedBreakdowns scope={scope} />
            </div>
            <WhenSeen>
              <RowsCard scope={scope} rows={rows} />
            </WhenSeen>
          </div>
        )}
      </Load>
    </>
  );
}

/** The columns that the figures and charts of the page need: not the whole table. */
function columnsFor({ shape, measure }: Scope): string[] {
  const figures = shape.measures.filter((other) => other === measure || other.putting !== "mean");
  return [
    ...shape.dimensions.map((dimension) => dimension.name),
    ...figures.flatMap((figure) => figure.column ?? []),
  ];
}
