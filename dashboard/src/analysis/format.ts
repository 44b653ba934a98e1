import type { Column } from "../lake/contract";
import type { Value } from "../lake/table";
import type { Period } from "./calendar";
import type { Measure } from "./mart_shape";

// Undefined is the reader's own locale.
const LOCALE: string | undefined = undefined;
const DASH = "–";

const number = (options: Intl.NumberFormatOptions) => new Intl.NumberFormat(LOCALE, options);
const whole = number({ maximumFractionDigits: 0 });
const compact = number({ notation: "compact", maximumSignificantDigits: 3 });
const twoDigits = number({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
const percent = number({ style: "percent", maximumFractionDigits: 1 });

/** A whole number with separators. */
export function formatCount(value: number): string {
  return whole.format(value);
}

/** What is smaller is what arithmetic left of a zero, and would be told in a row of zeros. */
const SMALLEST = 1e-6;
const orZero = (value: number) => (Math.abs(value) < SMALLEST ? 0 : value);

/** A number with as many digits as are of use. */
export function formatNumber(given: number | null, digits: number | null = null): string {
  if (given === null) return DASH;
  const value = orZero(given);
  const size = Math.abs(value);
  if (digits !== null && (digits === 0 || size >= 0.01 || size === 0)) {
    const shown = size >= 10_000 ? 0 : digits;
    return number({ minimumFractionDigits: shown, maximumFractionDigits: shown }).format(value);
  }
  if (size >= 1000) return whole.format(value);
  return number({ maximumSignificantDigits: size >= 100 ? 4 : 3 }).format(value);
}

export function formatPercent(value: number | null): string {
  return value === null ? DASH : percent.format(value);
}

/** How large a change is; which way it goes is said beside it. */
export function formatChange(value: number): string {
  return value >= 10
    ? `×${number({ maximumSignificantDigits: 2 }).format(1 + value)}`
    : percent.format(Math.abs(value));
}

/** A figure of a measure, with its unit. */
export function formatFigure(value: number | null, measure: Measure): string {
  if (value === null) return DASH;
  if (measure.unit === "ratio") return percent.format(value);
  const digits = measure.putting === "level" ? (Math.abs(value) >= 100 ? 0 : 1) : measure.digits;
  const text = formatNumber(value, digits);
  if (measure.unit === "hours") return `${text} h`;
  return measure.unit === "seconds" ? `${text} s` : text;
}

/** A figure in few characters: for axes, tiles and small charts. */
export function formatShort(value: number | null, measure: Measure): string {
  if (value === null) return DASH;
  if (measure.unit === "ratio" || Math.abs(value) < 10_000) return formatFigure(value, measure);
  return compact.format(value);
}

/** A value on an axis. */
export function formatTick(value: number, measure: Measure): string {
  if (measure.unit === "ratio") return percent.format(value);
  return Math.abs(value) >= 10_000
    ? compact.format(value)
    : number({ maximumSignificantDigits: 4 }).format(value);
}

export function formatBytes(bytes: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
  let power = 0;
  let size = bytes;
  while (size >= 1000 && power < units.length - 1) {
    size /= 1000;
    power += 1;
  }
  const digits = power === 0 || size >= 100 ? 0 : 1;
  return number({
    style: "unit",
    unit: units[power] ?? "byte",
    unitDisplay: "short",
    maximumFractionDigits: digits,
  }).format(size);
}

const wallClock = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(LOCALE, { ...options, timeZone: "UTC" });
const PERIOD_FORMATS: Record<Period, Intl.DateTimeFormat> = {
  hour: wallClock({
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }),
  day: wallClock({ weekday: "short", day: "numeric", month: "short", year: "numeric" }),
  week: wallClock({ day: "numeric", month: "short", year: "numeric" }),
  month: wallClock({ month: "long", year: "numeric" }),
  year: wallClock({ year: "numeric" }),
};
const TICK_FORMATS: Record<Period, Intl.DateTimeFormat> = {
  hour: wallClock({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  day: wallClock({ day: "numeric", month: "short" }),
  week: wallClock({ day: "numeric", month: "short" }),
  month: wallClock({ month: "short" }),
  year: wallClock({ year: "numeric" }),
};
const shortDay = wallClock({ day: "numeric", month: "short", year: "numeric" });
const SHORT_HOUR = wallClock({
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const shortMonth = wallClock({ month: "short", year: "numeric" });
const cellTime = wallClock({ dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });

/** The period that begins at a time on the wall clock of the data. */
export function formatPeriod(period: Period, time: number): string {
  const text = PERIOD_FORMATS[period].format(time);
  return period === "week" ? `week of ${text}` : text;
}

/** A mark on the axis of time; the first of a day or a year says which. */
export function formatTimeTick(period: Period, time: number): string {
  const date = new Date(time);
  if (period === "hour" && date.getUTCHours() === 0) return TICK_FORMATS.day.format(time);
  if (period === "month" && date.getUTCMonth() === 0) return TICK_FORMATS.year.format(time);
  return TICK_FORMATS[period].format(time);
}

/** A period in few characters, for lists. */
export function formatShortPeriod(period: Period, time: number): string {
  if (period === "hour") return SHORT_HOUR.format(time);
  return period === "month"
    ? shortMonth.format(time)
    : period === "year"
      ? PERIOD_FORMATS.year.format(time)
      : shortDay.format(time);
}

/** A window of time: 1 Oct 2024 – 30 Dec 2024. */
export function formatWindow(period: Period, from: number, to: number): string {
  const format = period === "year" ? PERIOD_FORMATS.year : period === "month" ? shortMonth : shortDay;
  return format.formatRange(from, to - 1);
}

const localTime = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto" });

/** A moment in the reader's own time zone. */
export function formatMoment(moment: string | number): string {
  const date = new Date(moment);
  return Number.isNaN(date.getTime()) ? String(moment) : localTime.format(date);
}

/** How long ago a moment is. */
export function formatAgo(moment: string | number, now = Date.now()): string {
  const seconds = (new Date(moment).getTime() - now) / 1000;
  if (Number.isNaN(seconds)) return String(moment);
  const size = Math.abs(seconds);
  if (size < 60) return relative.format(0, "minute").replace(/^this minute$/, "just now");
  if (size < 3600) return relative.format(Math.round(seconds / 60), "minute");
  if (size < 86_400) return relative.format(Math.round(seconds / 3600), "hour");
  if (size < 60 * 86_400) return relative.format(Math.round(seconds / 86_400), "day");
  return relative.format(Math.round(seconds / (30.44 * 86_400)), "month");
}

/** How long something takes, in whole hours or days: 36 h, 3 days. */
export function formatDuration(hours: number): string {
  return hours < 48 ? `${formatCount(Math.floor(hours))} h` : plural(Math.floor(hours / 24), "day");
}

/** A newest value as a status tells it: 2024-12-30T23:59:33.000000, 2024-12-30 or 2024-12. */
export function formatNewest(text: string): string {
  if (/^\d{4}-\d{2}$/.test(text)) return shortMonth.format(Date.parse(`${text}-01T00:00:00Z`));
  const time = Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  return Number.isNaN(time) || !/^\d{4}-\d{2}-\d{2}/.test(text) ? text : shortDay.format(time);
}

/** A cell of a table. */
export function formatCell(value: Value, column: Column, measure: Measure | null): string {
  if (value === null) return DASH;
  if (typeof value === "number") {
    if (column.type === "DATE") return shortDay.format(value);
    if (column.type === "TIMESTAMP") return cellTime.format(value);
    if (measure?.unit === "ratio") return percent.format(value);
    // The same number of digits in all rows, but no zero for what is small and not nothing.
    if (column.type === "DOUBLE") {
      const shown = orZero(value);
      return shown === 0 || Math.abs(shown) >= 0.1
        ? twoDigits.format(shown)
        : number({ maximumSignificantDigits: 3 }).format(shown);
    }
    // Years and other numbers of a key are names, not amounts.
    return measure ? fixed(scaleOf(column)).format(value) : String(value);
  }
  if (typeof value === "boolean") return value ? "yes" : "no";
  return value;
}

/** Digits after the point that a column stores. */
function scaleOf(column: Column): number {
  return Math.min(Number(/,\s*(\d+)\)/.exec(column.type)?.[1] ?? 0), 9);
}

function fixed(digits: number): Intl.NumberFormat {
  return number({ minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The value of a dimension. */
export function formatValue(value: Value): string {
  return value === null || value === "" ? "(none)" : String(value);
}

/** `median_resolution_hours` as people write it. Short words without a vowel stay as they are. */
export function formatName(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A description with a capital letter. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "1 row", "12 rows". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
