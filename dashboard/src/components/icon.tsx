const PATHS = {
  check: "M3.5 8.5 6.5 11.5 12.5 4.5",
  warning: "M8 2 14.5 13.5H1.5ZM8 6.5v3M8 11.6v.1",
  up: "M8 13V3.500M3.500 8 8 3.500 12.500 8",
  down: "M8 3v9.500M3.500 8 8 12.500 12.500 8",
  flat: "M3 8h10",
  clock: "M8 4v4l2.500 1.500M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0Z",
  download: "M8 2.500v7.500M4.500 7 8 10.500 11.500 7M2.500 13.500h11",
  upload: "M8 10.500V3M4.500 6 8 2.500 11.500 6M2.500 13.500h11",
  close: "M4 4l8 8M12 4l-8 8",
  right: "M6 3.500 10.500 8 6 12.500",
  left: "M10 3.500 5.500 8 10 12.500",
  theme: "M13.500 9.500A6 6 0 0 1 6.500 2.500 6 6 0 1 0 13.500 9.500Z",
  dot: "M8 8h.01",
} as const;

export type IconName = keyof typeof PATHS;

/** A small drawing beside a word that says the same. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
