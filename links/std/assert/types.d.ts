// The signatures of @std/assert, for the untyped JavaScript of deno-std. They match the real package, so that code
// which checks against the stand-in checks against JSR too.

/** The constructor of an error class, as {@linkcode assertThrows} and its kin take it. */
// deno-lint-ignore no-explicit-any
export type ErrorClass<E extends Error> = new (...args: any[]) => E;

/** What every failed assertion throws. */
export declare class AssertionError extends Error {
  /** An error with this message; `options.cause` says what led to it. */
  constructor(message: string, options?: ErrorOptions);
}

/** Deep equality, as {@linkcode assertEquals} judges it, as a boolean. */
export declare function equal(a: unknown, b: unknown): boolean;

/** `expr` is truthy. */
export declare function assert(expr: unknown, msg?: string): asserts expr;
/** `expr` is falsy. */
export declare function assertFalse(
  expr: unknown,
  msg?: string,
): asserts expr is false | 0 | 0n | "" | null | undefined;

/** `actual` and `expected` are deeply equal. */
export declare function assertEquals<T>(actual: T, expected: T, msg?: string): void;
/** `actual` and `expected` are not deeply equal. */
export declare function assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
/** `actual` and `expected` are the same value by `Object.is`. */
export declare function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T;
/** `actual` and `expected` are not the same value by `Object.is`. */
export declare function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void;
/** `actual` is within `tolerance` of `expected`; the default tolerance is 1e-7 of `expected`. */
export declare function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void;

/** `actual > expected`. */
export declare function assertGreater<T>(actual: T, expected: T, msg?: string): void;
/** `actual >= expected`. */
export declare function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void;
/** `actual < expected`. */
export declare function assertLess<T>(actual: T, expected: T, msg?: string): void;
/** `actual <= expected`. */
export declare function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void;

/** `actual` is neither null nor undefined. */
export declare function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T>;
/** `actual` is an instance of the class. */
// deno-lint-ignore no-explicit-any
export declare function assertInstanceOf<C extends abstract new (...args: any[]) => any>(
  actual: unknown,
  expectedType: C,
  msg?: string,
): asserts actual is InstanceType<C>;
/** `actual` is not an instance of the class. */
export declare function assertNotInstanceOf<A, T>(
  actual: A,
  // deno-lint-ignore no-explicit-any
  unexpectedType: abstract new (...args: any[]) => T,
  msg?: string,
): asserts actual is Exclude<A, T>;

/** The string contains the substring. */
export declare function assertStringIncludes(actual: string, expected: string, msg?: string): void;
/** The string matches the pattern. */
export declare function assertMatch(actual: string, expected: RegExp, msg?: string): void;
/** The string does not match the pattern. */
export declare function assertNotMatch(actual: string, expected: RegExp, msg?: string): void;
/** Every element of `expected` is deeply equal to some element of `actual`. */
export declare function assertArrayIncludes<T>(
  actual: ArrayLike<T> & object,
  expected: ArrayLike<T> & object,
  msg?: string,
): void;
/** `actual` has, deeply, at least what `expected` has. */
export declare function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void;

/** `fn` throws; returns what it threw. */
export declare function assertThrows(fn: () => unknown, msg?: string): unknown;
/** `fn` throws an error of this class whose message contains `msgIncludes`; returns the error. */
export declare function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
/** `fn` returns a promise that rejects; resolves to what it rejected with. */
export declare function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** `fn` returns a promise that rejects with an error of this class; resolves to the error. */
export declare function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
/** `error` is an error of this class whose message contains the string or matches the pattern. */
export declare function assertIsError<E extends Error = Error>(
  error: unknown,
  errorClass?: ErrorClass<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E;

/** Fails. */
export declare function fail(msg?: string): never;
/** Fails: this part is still to be written. */
export declare function unimplemented(msg?: string): never;
/** Fails: no path leads here. */
export declare function unreachable(msg?: string): never;
