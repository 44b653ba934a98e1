import { addPeriods, DAY, isoDay, type Period, periodsBetween, startOf, timeOf } from "./calendar";

/** From the beginning of a period up to, but not including, the beginning of another one. */
export interface TimeWindow {
  from: number;
  to: number;
}

export interface Preset {
  /** As in the address: 90d. */
  name: string;
  label: string;
  periods: number;
}

const ALL: Preset = { name: "all", label: "All", periods: Number.POSITIVE_INFINITY };

const PRESETS: Record<Period, Preset[]> = {
  hour: [
    { name: "3d", label: "3 days", periods: 72 },
    { name: "7d", label: "7 days", periods: 168 },
    { name: "30d", label: "30 days", periods: 720 },
    ALL,
  ],
  day: [
    { name: "30d", label: "30 days", periods: 30 },
    { name: "90d", label: "90 days", periods: 90 },
    { name: "1y", label: "1 year", periods: 365 },
    ALL,
  ],
  week: [{ name: "26w", label: "26 weeks", periods: 26 }, { name: "1y", label: "1 year", periods: 52 }, ALL],
  month: [
    { name: "6m", label: "6 months", periods: 6 },
    { name: "12m", label: "12 months", periods: 12 },
    { name: "24m", label: "24 months", periods: 24 },
    ALL,
  ],
  year: [{ name: "3y", label: "3 years", periods: 3 }, { name: "10y", label: "10 years", periods: 10 }, ALL],
};

/** The presets that are of use where there are data of so many periods. */
export function presetsFor(period: Period, available: TimeWindow): Preset[] {
  const count = periodsBetween(period, available.from, available.to);
  return PRESETS[period].filter((preset) => preset === ALL || preset.periods < count);
}

/** The longest preset before which there is as long a period to compare with. */
export function defaultPreset(period: Period, available: TimeWindow): Preset {
  const count = periodsBetween(period, available.from, available.to);
  const comparable = PRESETS[period].filter((preset) => 2 * preset.periods <= count && preset.periods < 365);
  return comparable.at(-1) ?? ALL;
}

export interface WindowChoice {
  range: string | null;
  from: string | null;
  to: string | null;
}

/** What is shown, by the choice in the address and by what there is. */
export function chooseWindow(
  period: Period,
  available: TimeWindow,
  choice: WindowChoice,
): TimeWindow & { preset: string | null } {
  const from = choice.from ? timeOf(choice.from) : null;
  const to = choice.to ? timeOf(choice.to) : null;
  if (from !== null || to !== null) {
    const window = {
      from: startOf(period, from ?? available.from),
      to:
        to === null
          ? available.to
          : addPeriods(period, startOf(period, to + (period === "hour" ? DAY - 1 : 0)), 1),
    };
    if (window.from < window.to) return { ...window, preset: null };
  }
  const preset =
    PRESETS[period].find(({ name }) => name === choice.range) ?? defaultPreset(period, available);
  if (preset === ALL) return { ...available, preset: preset.name };
  const start = addPeriods(period, available.to, -preset.periods);
  return { from: Math.max(start, available.from), to: available.to, preset: preset.name };
}

/** The window of the same length just before; null if the data begin after its beginning. */
export function windowBefore(period: Period, window: TimeWindow, available: TimeWindow): TimeWindow | null {
  const count = periodsBetween(period, window.from, window.to);
  const from = addPeriods(period, window.from, -count);
  return from >= available.from ? { from, to: window.from } : null;
}

/** The first and the last day of a window, for inputs. */
export function daysOf(window: TimeWindow): { from: string; to: string } {
  return { from: isoDay(window.from), to: isoDay(window.to - 1) };
}
