import type { Balance, TableStatus } from "./contract";

/** The layer, dataset and name of a table: `silver/nyc311/requests`. */
export function partsOf(table: string): { layer: string; dataset: string; name: string } {
  const [layer = "", dataset = "", name = ""] = table.split(/[/.]/);
  return { layer, dataset, name };
}

/** Whether a table is in a layer. */
export function isIn(layer: string, { table }: Pick<TableStatus, "table">): boolean {
  return partsOf(table).layer === layer;
}

/** Whether every row that was taken in is accounted for. */
export function isExact(balance: Balance): boolean {
  return (
    balance.is_exact ??
    balance.bronze === balance.silver + balance.superseded + balance.deleted + balance.quarantined
  );
}
