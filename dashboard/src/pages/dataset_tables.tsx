import { formatBytes, formatCount, formatMoment, formatNewest, formatNumber } from "../analysis/format";
import { Card } from "../components/card";
import { EmptyNote } from "../components/empty_note";
import { ScrollArea } from "../components/scroll_area";
import { StatusNote } from "../components/status_note";
import type { Balance, DatasetDocument, QualityResult } from "../lake/contract";
import { isExact } from "../lake/layers";

/** Where each table of a dataset stands, whether every row is accounted for, and which rules hold. */
export function TablesTab({ dataset }: { dataset: DatasetDocument }) {
  return (
    <div class="stack">
      <Card
        title="Balance"
        subtitle="Each row that came in is in silver, was superseded or deleted, or is in quarantine."
      >
        {dataset.status.balances.length === 0 ? (
          <EmptyNote title="Nothing loaded yet" />
        ) : (
          dataset.status.balances.map((balance) => <BalanceBar key={balance.table} balance={balance} />)
        )}
      </Card>
      <Card title="Quality" subtitle="What is expected of the rows, and how many were otherwise">
        {dataset.quality.length === 0 ? (
          <EmptyNote title="No rules are defined" />
        ) : (
          <QualityTable results={dataset.quality} />
        )}
      </Card>
      <Card title="Tables">
        <ScrollArea label="List of tables">
          <table class="table">
            <thead>
              <tr>
                <th scope="col">Table</th>
                <th scope="col" class="numeric">
                  Rows
                </th>
                <th scope="col" class="numeric">
                  Files
                </th>
                <th scope="col" class="numeric">
                  Size
                </th>
                <th scope="col" class="numeric">
                  Version
                </th>
                <th scope="col">Newest</th>
                <th scope="col">Follows</th>
              </tr>
            </thead>
            <tbody>
              {dataset.status.tables.map((table) => (
                <tr key={table.table}>
                  <th scope="row">
                    <code>{table.table}</code>
                  </th>
                  <td class="numeric">{formatCount(table.rows)}</td>
                  <td class="numeric">{formatCount(table.files)}</td>
                  <td class="numeric">{formatBytes(table.bytes)}</td>
                  <td class="numeric">{table.version}</td>
                  <td>{table.newest ? formatNewest(table.newest) : "–"}</td>
                  <td>
                    {table.follows ? (
                      <StatusNote tone={table.follows.lag === 0 ? "good" : "attention"}>
                        {table.follows.upstream}
                        {table.follows.lag > 0 && `, ${table.follows.lag} behind`}
                      </StatusNote>
                    ) : (
                      "–"
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollArea>
      </Card>
      <Card title="Marts" subtitle="What their columns hold">
        {dataset.marts.map((mart) => (
          <details key={mart.name} class="definition">
            <summary>
              <code>{mart.name}</code> <span class="muted">{mart.description}</span>
            </summary>
            <dl class="columns">
              {mart.columns.map((column) => (
                <div key={column.name}>
                  <dt>
                    <code>{column.name}</code>{" "}
                    {mart.key.includes(column.name) && <span class="tag">key</span>}
                  </dt>
                  <dd>
                    <span class="muted">{column.type}</span> {column.description}
                  </dd>
                </div>
              ))}
            </dl>
          </details>
        ))}
      </Card>
    </div>
  );
}

function BalanceBar({ balance }: { balance: Balance }) {
  const parts = [
    { name: "silver", label: "in silver", rows: balance.silver },
    { name: "superseded", label: "superseded", rows: balance.superseded },
    { name: "deleted", label: "deleted", rows: balance.deleted },
    { name: "quarantined", label: "quarantined", rows: balance.quarantined },
    { name: "waiting", label: "waiting", rows: balance.waiting },
  ];
  return (
    <div class="balance">
      <p class="balance-title">
        <code>{balance.table}</code>
        <StatusNote tone={isExact(balance) ? "good" : "bad"}>
          {isExact(balance) ? "exact" : "rows are missing"}
        </StatusNote>
      </p>
      <div class="balance-bar" aria-hidden="true">
        {parts.map(
          (part) =>
            part.rows > 0 && (
              <span key={part.name} class={`balance-${part.name}`} style={{ flexGrow: part.rows }} />
            ),
        )}
      </div>
      <ul class="balance-parts">
        <li>
          <strong class="numeric">{formatCount(balance.bronze)}</strong> came in
        </li>
        {parts.map((part) => (
          <li key={part.name}>
            <span class={`swatch balance-${part.name}`} aria-hidden="true" />
            <strong class="numeric">{formatCount(part.rows)}</strong> {part.label}
          </li>
        ))}
      </ul>
    </div>
  );
}

const ACTIONS = { warn: "kept, with a warning", reject: "refused", fail: "stops the run" } as const;

function QualityTable({ results }: { results: QualityResult[] }) {
  const isDated = results.some((result) => result.at);
  return (
    <ScrollArea label="List of rules">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Rule</th>
            <th scope="col">Table</th>
            <th scope="col">Rows that break it are</th>
            <th scope="col">Outcome</th>
            <th scope="col" class="numeric">
              Rows
            </th>
            {isDated && <th scope="col">Looked at</th>}
          </tr>
        </thead>
        <tbody>
          {results.map((result) => (
            <tr key={`${result.table} ${result.rule}`}>
              <th scope="row">
                <code>{result.rule}</code>
              </th>
              <td>{result.table}</td>
              <td>{ACTIONS[result.action] ?? result.action}</td>
              <td>
                <Outcome result={result} />
              </td>
              <td class="numeric">{formatNumber(result.rows_failed, 0)}</td>
              {isDated && <td>{result.at ? formatMoment(result.at) : "–"}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollArea>
  );
}

function Outcome({ result }: { result: QualityResult }) {
  if (result.outcome === "pass") return <StatusNote tone="good">holds</StatusNote>;
  if (result.outcome === "not_evaluated") return <StatusNote tone="quiet">not looked at</StatusNote>;
  return <StatusNote tone={result.action === "fail" ? "bad" : "attention"}>broken</StatusNote>;
}
