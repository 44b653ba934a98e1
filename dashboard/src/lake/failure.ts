/** Why something could not be read, and whether trying again may help; `unauthorized` wants a token or key. */
export type FailureKind = "missing" | "broken" | "unreachable" | "unauthorized";

/** An error that a person can act on: what, where and the remedy. */
export class LakeFailure extends Error {
  readonly kind: FailureKind;
  readonly address: string;

  constructor(kind: FailureKind, address: string, message: string) {
    super(message);
    this.kind = kind;
    this.address = address;
  }

  /** Whether the same request may succeed later without anything being repaired. */
  get retryHelps(): boolean {
    return this.kind === "unreachable";
  }
}

/** Turns whatever was thrown into a failure that can be shown. */
export function asFailure(error: unknown, address: string): LakeFailure {
  if (error instanceof LakeFailure) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new LakeFailure("broken", address, `${address} could not be read: ${text}`);
}
