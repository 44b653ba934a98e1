import { change, type Rows, select, timeSeries, total } from "../analysis/aggregate";
import { formatFigure, formatName, formatShort } from "../analysis/format";
import type { Measure } from "../analysis/mart_shape";
import { ChangeNote } from "../components/change_note";
import { Sparkline } from "../components/sparkline";
import { choose, isLongerThanOne, type Scope } from "./scope";

const MOST = 8;

/** The figures of what is chosen, each beside the period before. */
export function HeadlineFigures({ scope, rows }: { scope: Scope; rows: Rows }) {
  const { shape, measure, window, before, period, choice } = scope;
  const selected = select(rows, window, choice.filters);
  const earlier = before ? select(rows, before, choice.filters) : [];
  const isCourse = isLongerThanOne(scope);
  const loaded = shape.measures.filter((other) => other.column === null || rows.columns.has(other.column));
  // An average is shown when it was chosen; what adds up always.
  const shown = loaded.filter((other) => other === measure || other.putting !== "mean").slice(0, MOST);
  return (
    <section aria-label="Figures" class="figures">
      {shown.map((other) => {
        const now = total(rows, selected, other);
        const was = before ? total(rows, earlier, other) : null;
        return (
          <button
            key={other.name}
            type="button"
            class="figure-tile card"
            aria-pressed={other === measure}
            title={other.description ?? undefined}
            onClick={() => choose(scope, { measure: other.name })}
          >
            <span class="figure-name">
              {formatName(other.name)}
              <span class="muted">{putting(other)}</span>
            </span>
            <strong class="figure-value numeric" title={formatFigure(now, other)}>
              {formatShort(now, other)}
            </strong>
            {isCourse && <ChangeNote change={change(now, was)} against="to the period before" />}
            {isCourse && window && (
              <Sparkline points={timeSeries(rows, selected, other, period, window, 0)} />
            )}
          </button>
        );
      })}
    </section>
  );
}

/** How rows were put together, where that is not adding up. */
function putting(measure: Measure): string {
  if (measure.putting === "level") return " on average";
  return measure.putting === "mean" ? " average of rows" : "";
}
