// Times are milliseconds since 1970 on the wall clock of the data, handled as if they were UTC.

export type Period = "hour" | "day" | "week" | "month" | "year";

export const HOUR = 3_600_000;
export const DAY = 86_400_000;

/** The beginning of the period that a time lies in. Weeks begin on Monday. */
export function startOf(period: Period, time: number): number {
  if (period === "hour") return Math.floor(time / HOUR) * HOUR;
  const day = Math.floor(time / DAY) * DAY;
  if (period === "day") return day;
  const date = new Date(day);
  if (period === "week") return day - ((date.getUTCDay() + 6) % 7) * DAY;
  return Date.UTC(date.getUTCFullYear(), period === "month" ? date.getUTCMonth() : 0, 1);
}

/** The beginning of the period `count` periods after one that begins at `start`. */
export function addPeriods(period: Period, start: number, count: number): number {
  if (period === "hour") return start + count * HOUR;
  if (period === "day") return start + count * DAY;
  if (period === "week") return start + count * 7 * DAY;
  const date = new Date(start);
  const months = period === "month" ? count : 12 * count;
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1);
}

/** How many periods lie between two beginnings of periods. */
export function periodsBetween(period: Period, from: number, to: number): number {
  if (period === "hour") return Math.round((to - from) / HOUR);
  if (period === "day") return Math.round((to - from) / DAY);
  if (period === "week") return Math.round((to - from) / (7 * DAY));
  const [a, b] = [new Date(from), new Date(to)];
  const years = b.getUTCFullYear() - a.getUTCFullYear();
  return period === "year" ? years : 12 * years + b.getUTCMonth() - a.getUTCMonth();
}

/** The weekday of a time, 1 for Monday to 7 for Sunday. */
export function weekdayOf(time: number): number {
  return ((new Date(time).getUTCDay() + 6) % 7) + 1;
}

/** A time from a cell: a number already, or a text such as 2024, 2024-06, 2024-06-28 or 2024-06-28T19:00:00. */
export function timeOf(value: unknown): number | null {
  if (typeof value === "number") {
    // A year, as a whole number.
    return value > 0 && value < 10_000 ? Date.UTC(value, 0, 1) : value;
  }
  if (typeof value !== "string") return null;
  const parts = /^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?/.exec(value);
  if (!parts) return null;
  const [year, month, day, hour, minute, second] = parts.slice(1).map((part) => Number(part ?? Number.NaN));
  return Date.UTC(year ?? 0, (month || 1) - 1, day || 1, hour || 0, minute || 0, second || 0);
}

/** A day as an input of type `date` wants it. */
export function isoDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
