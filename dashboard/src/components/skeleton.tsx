interface SkeletonProps {
  height: "line" | "tile" | "chart" | "page";
  isSlow: boolean;
}

/** The place of something that is being loaded. */
export function Skeleton({ height, isSlow }: SkeletonProps) {
  return (
    <div class={`skeleton skeleton-${height}`} role="status">
      <span class={isSlow ? "skeleton-note" : "visually-hidden"}>
        {isSlow ? "Still loading. The connection is slow." : "Loading"}
      </span>
    </div>
  );
}
