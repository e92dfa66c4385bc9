// SPDX-License-Identifier: GPL-2.0-only
// Rounding above 32 bits, where bit operators would fail.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { alignDown, alignUp, isAligned, isPowerOf2, pfnDown, powerOf2 } from "./align.ts";

const power = fc.integer({ min: 0, max: 30 }).map((n) => 2 ** n);
const address = fc.integer({ min: 0, max: 2 ** 46 });

Deno.test("alignUp() and alignDown() agree with BigInt arithmetic", () => {
  fc.assert(fc.property(address, power, (x, a) => {
    const big = BigInt(x) / BigInt(a) * BigInt(a);
    assertEquals(alignDown(x, a), Number(big));
    assertEquals(alignUp(x, a), Number(big === BigInt(x) ? big : big + BigInt(a)));
  }));
});

Deno.test("isAligned() is true for multiples only", () => {
  fc.assert(fc.property(address, power, (x, a) => assertEquals(isAligned(x, a), BigInt(x) % BigInt(a) === 0n)));
});

Deno.test("isPowerOf2() accepts exactly the powers of two", () => {
  for (let n = 0; n <= 46; n++) assert(isPowerOf2(2 ** n));
  for (const x of [0, -1, 3, 56, 72, 80, 2 ** 32 + 1]) assert(!isPowerOf2(x));
});

Deno.test("powerOf2() is exact on both sides of the sign bit", () => {
  for (let n = 0; n <= 52; n++) assertEquals(BigInt(powerOf2(n)), 1n << BigInt(n));
});

Deno.test("pfnDown() drops the part of a page", () => {
  fc.assert(fc.property(address, fc.constantFrom(4096, 16384, 65536), (x, page) => {
    assertEquals(pfnDown(x, page), Number(BigInt(x) / BigInt(page)));
  }));
});
