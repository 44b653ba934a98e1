import { breakdown, type Rows, select } from "../analysis/aggregate";
import { formatName } from "../analysis/format";
import { BarList } from "../components/bar_list";
import { Card } from "../components/card";
import { choose, type Scope, toggled } from "./scope";

/** The chosen figure by each dimension of the mart, largest parts first. */
export function Breakdowns({ scope, rows }: { scope: Scope; rows: Rows }) {
  return (
    <>
      {scope.shape.dimensions.map((dimension) => (
        <Breakdown key={dimension.name} scope={scope} rows={rows} column={dimension.name} />
      ))}
    </>
  );
}

function Breakdown({ scope, rows, column }: { scope: Scope; rows: Rows; column: string }) {
  const { window, before, measure, choice } = scope;
  // The dimension itself is not narrowed: the others stay to be chosen.
  const filters = new Map([...choice.filters].filter(([name]) => name !== column));
  const parts = breakdown(
    rows,
    select(rows, window, filters),
    before ? select(rows, before, filters) : [],
    column,
    measure,
  );
  if (parts.length === 0) return null;
  return (
    <Card title={`By ${formatName(column).toLowerCase()}`} subtitle={formatName(measure.name)}>
      <BarList
        parts={parts}
        measure={measure}
        isCompared={before !== null}
        chosen={choice.filters.get(column)}
        onChoose={(value) => choose(scope, { filters: toggled(choice, column, value) })}
      />
    </Card>
  );
}
