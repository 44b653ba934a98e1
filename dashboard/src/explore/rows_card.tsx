import { useState } from "preact/hooks";
import { csvTime, toCsv } from "../analysis/csv";
import { formatCell, formatCount, formatName, plural } from "../analysis/format";
import type { LoadedRows } from "../analysis/load_rows";
import { Card } from "../components/card";
import { EmptyNote } from "../components/empty_note";
import { Icon } from "../components/icon";
import { ScrollArea } from "../components/scroll_area";
import type { Column } from "../lake/contract";
import type { Value } from "../lake/table";
import { Load, useLoaded } from "../loading";
import { arrange, type Scope } from "./scope";
import { orderedRows, ROWS_A_PAGE, readCells } from "./table_rows";

/** The rows of the mart that are chosen: sorted, a page at a time, and as a file. */
export function RowsCard({ scope, rows }: { scope: Scope; rows: LoadedRows }) {
  const { table, choice, window, mart } = scope;
  const order = useLoaded(
    () => orderedRows(scope, rows),
    [rows, choice, window?.from, window?.to],
    table.address,
  );
  const count = order.state === "ready" ? order.value.length : null;
  return (
    <Card
      title="Rows"
      subtitle={count === null ? "…" : `${plural(count, "row")} of ${mart.name}`}
      actions={
        order.state === "ready" &&
        order.value.length > 0 && <DownloadButton scope={scope} positions={order.value} />
      }
    >
      <Load of={order}>
        {(positions) =>
          positions.length === 0 ? (
            <EmptyNote title="No rows in this period and choice" />
          ) : (
            <Page scope={scope} positions={positions} />
          )
        }
      </Load>
    </Card>
  );
}

function Page({ scope, positions }: { scope: Scope; positions: number[] }) {
  const { table, choice, mart, shape } = scope;
  const pages = Math.max(1, Math.ceil(positions.length / ROWS_A_PAGE));
  const page = Math.min(choice.page, pages);
  const first = (page - 1) * ROWS_A_PAGE;
  const shown = positions.slice(first, first + ROWS_A_PAGE);
  const cells = useLoaded(() => readCells(table, shown), [table, shown.join()], table.address);
  const columns = table.columns.map(
    (name) =>
      mart.columns.find((column) => column.name === name) ?? { name, type: "TEXT", description: null },
  );
  const measures = columns.map(
    (column) => shape.measures.find((measure) => measure.column === column.name) ?? null,
  );
  return (
    <>
      <ScrollArea label={`Rows of ${mart.name}`}>
        <table class="table">
          <thead>
            <tr>
              {columns.map((column, index) => (
                <SortableHead
                  key={column.name}
                  scope={scope}
                  column={column}
                  isNumeric={measures[index] !== null}
                />
              ))}
            </tr>
          </thead>
          <tbody aria-busy={cells.state !== "ready" || cells.isReloading}>
            {cells.state === "ready" &&
              cells.value.map((row, index) => (
                <tr key={shown[index]}>
                  {row.map((value, position) => (
                    <td key={columns[position]?.name} class={measures[position] ? "numeric" : ""}>
                      {columns[position] && formatCell(value, columns[position], measures[position] ?? null)}
                    </td>
                  ))}
                </tr>
              ))}
          </tbody>
        </table>
      </ScrollArea>
      {cells.state !== "ready" && <Load of={cells}>{() => null}</Load>}
      {pages > 1 && (
        <nav class="pager" aria-label="Pages of rows">
          <button
            type="button"
            class="button"
            disabled={page === 1}
            onClick={() => arrange(scope, { page: page - 1 })}
          >
            <Icon name="left" /> Previous
          </button>
          <span class="numeric" aria-live="polite">
            {formatCount(first + 1)}–{formatCount(first + shown.length)} of {formatCount(positions.length)}
          </span>
          <button
            type="button"
            class="button"
            disabled={page === pages}
            onClick={() => arrange(scope, { page: page + 1 })}
          >
            Next <Icon name="right" />
          </button>
        </nav>
      )}
    </>
  );
}

function SortableHead({ scope, column, isNumeric }: { scope: Scope; column: Column; isNumeric: boolean }) {
  const { sort } = scope.choice;
  const isSorted = sort?.column === column.name;
  // First the way that says most: the largest numbers, the first names. Then the other way, then as in the table.
  const first = isNumeric;
  const next = !isSorted
    ? { column: column.name, descending: first }
    : sort.descending === first
      ? { column: column.name, descending: !first }
      : null;
  return (
    <th
      scope="col"
      class={isNumeric ? "numeric" : ""}
      aria-sort={isSorted ? (sort.descending ? "descending" : "ascending") : "none"}
    >
      <button
        type="button"
        class="sort-button"
        title={column.description ?? undefined}
        onClick={() => arrange(scope, { sort: next, page: 1 })}
      >
        {formatName(column.name)}
        {isSorted && <Icon name={sort.descending ? "down" : "up"} />}
      </button>
    </th>
  );
}

function DownloadButton({ scope, positions }: { scope: Scope; positions: number[] }) {
  const [state, setState] = useState<"idle" | "busy" | "failed">("idle");
  async function download() {
    setState("busy");
    try {
      save(`${scope.dataset.name}_${scope.mart.name}.csv`, await csvOf(scope, positions));
      setState("idle");
    } catch {
      setState("failed");
    }
  }
  return (
    <button type="button" class="button" disabled={state === "busy"} onClick={download}>
      <Icon name="download" />
      {state === "idle" ? "Download CSV" : state === "busy" ? "Preparing…" : "Failed, try again"}
    </button>
  );
}

async function csvOf({ table, mart }: Scope, positions: number[]): Promise<string> {
  const types = table.columns.map((name) => mart.columns.find((column) => column.name === name)?.type);
  const cells = await readCells(table, positions);
  const written = cells.map((row) =>
    row.map((value, position): Value => {
      const type = types[position];
      const isTime = type === "DATE" || type === "TIMESTAMP";
      return isTime && typeof value === "number" ? csvTime(value, type === "TIMESTAMP") : value;
    }),
  );
  return toCsv(table.columns, written);
}

function save(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
