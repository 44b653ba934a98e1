import { decompress } from "fzstd";
import { type FileMetaData, parquetMetadataAsync, parquetScan, parquetSchema } from "hyparquet";
import type { Snapshot } from "./contract";
import { asFailure } from "./failure";
import { rangeFile } from "./range_file";

/** A value of a cell. Dates and times are milliseconds since 1970 on the wall clock of the data. */
export type Value = string | number | boolean | null;

/** Rows from `start` up to, but not including, `end`. */
export interface RowRange {
  start: number;
  end: number;
}

/** A published table, of which columns and ranges of rows are read when they are needed. */
export interface Table {
  readonly address: string;
  readonly snapshot: Snapshot;
  readonly rows: number;
  readonly columns: string[];
  /** The smallest and largest value of a column, from the file's statistics. */
  extent(column: string): { min: Value; max: Value } | null;
  /** The rows among which all are whose value lies between `from` and `to`, by the statistics. */
  rowsWithin(column: string, from: Value, to: Value): RowRange;
  /** The values of a column in a range of rows. */
  read(column: string, range?: RowRange): Promise<Value[]>;
}

// zstd is what smelt writes; snappy is hyparquet's own. None of them needs WebAssembly.
const COMPRESSORS = {
  ZSTD: (input: Uint8Array, length: number) => decompress(input, new Uint8Array(length)),
};

const milliseconds = {
  dateFromDays: (days: number) => days * 86_400_000,
  timestampFromMilliseconds: (millis: bigint) => Number(millis),
  timestampFromMicroseconds: (micros: bigint) => Number(micros) / 1000,
  timestampFromNanoseconds: (nanos: bigint) => Number(nanos / 1000n) / 1000,
};

/** The footer of a mart's file has 1 to 3 kB. */
const FOOTER_BYTES = 4096;

export async function openTable(root: string, snapshot: Snapshot): Promise<Table> {
  const address = `${root}${snapshot.path}`;
  const file = rangeFile(address, snapshot.bytes);
  let metadata: FileMetaData;
  try {
    metadata = await parquetMetadataAsync(file, { initialFetchSize: FOOTER_BYTES, parsers: milliseconds });
  } catch (error) {
    throw asFailure(error, address);
  }
  const rows = Number(metadata.num_rows);
  const columns = parquetSchema(metadata).children.map((child) => child.element.name);
  const scanning = parquetScan({ file, metadata, compressors: COMPRESSORS, parsers: milliseconds });
  const wholeColumns = new Map<string, Promise<Value[]>>();

  async function readRange(column: string, { start, end }: RowRange): Promise<Value[]> {
    try {
      const scan = await scanning;
      const parts = scan.ranges
        .map(({ rowStart, rowEnd }) => ({
          rowStart: Math.max(rowStart, start),
          rowEnd: Math.min(rowEnd, end),
        }))
        .filter(({ rowStart, rowEnd }) => rowStart < rowEnd)
        .map((part) => scan.readColumn({ column, ...part }));
      return (await Promise.all(parts)).flatMap((part) => Array.from(part as ArrayLike<unknown>, plain));
    } catch (error) {
      throw asFailure(error, address);
    }
  }

  return {
    address,
    snapshot,
    rows,
    columns,
    extent(column) {
      const statistics = metadata.row_groups.map((group) => statisticsOf(group, column));
      let min: Value = null;
      let max: Value = null;
      for (const known of statistics) {
        if (!known) return null;
        if (min === null || (known.min !== null && known.min < min)) min = known.min;
        if (max === null || (known.max !== null && known.max > max)) max = known.max;
      }
      return min === null ? null : { min, max };
    },
    rowsWithin(column, from, to) {
      let row = 0;
      let start = rows;
      let end = 0;
      for (const group of metadata.row_groups) {
        const next = row + Number(group.num_rows);
        const known = statisticsOf(group, column);
        const outside =
          known &&
          known.min !== null &&
          known.max !== null &&
          ((to !== null && known.min > to) || (from !== null && known.max < from));
        if (!outside) {
          start = Math.min(start, row);
          end = next;
        }
        row = next;
      }
      return start < end ? { start, end } : { start: 0, end: 0 };
    },
    read(column, range = { start: 0, end: rows }) {
      const known = wholeColumns.get(column);
      if (known) return known.then((values) => values.slice(range.start, range.end));
      const isWhole = range.start === 0 && range.end === rows;
      const coming = readRange(column, range);
      if (isWhole) {
        wholeColumns.set(column, coming);
        coming.catch(() => wholeColumns.delete(column));
      }
      return coming;
    },
  };
}

function statisticsOf(group: FileMetaData["row_groups"][number], column: string) {
  const found = group.columns.find((chunk) => chunk.meta_data?.path_in_schema[0] === column);
  const statistics = found?.meta_data?.statistics;
  if (!statistics) return null;
  return {
    min: plain(statistics.min_value ?? statistics.min),
    max: plain(statistics.max_value ?? statistics.max),
  };
}

/** A value as the dashboard handles it: 64-bit integers become numbers, which are exact up to 2^53. */
function plain(value: unknown): Value {
  if (value === undefined || value === null) return null;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number") return Number.isNaN(value) ? null : value;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (value instanceof Date) return value.getTime();
  return String(value);
}
