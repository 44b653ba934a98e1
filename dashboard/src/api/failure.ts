/** Why the API did not do what was asked. */
export type ApiFailureKind =
  /** There is no API at this address: a plain folder of files. */
  | "absent"
  /** It wants a token or a key, or another one. */
  | "unauthorized"
  /** It said no; the detail says why. */
  | "refused"
  /** It does not answer now. */
  | "unreachable";

export class ApiFailure extends Error {
  readonly kind: ApiFailureKind;
  readonly requestId: string | null;

  constructor(kind: ApiFailureKind, message: string, requestId: string | null = null) {
    super(message);
    this.kind = kind;
    this.requestId = requestId;
  }
}
