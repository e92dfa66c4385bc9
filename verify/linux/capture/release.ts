// SPDX-License-Identifier: GPL-2.0-only
// Releases of kernels: compared, and read out of an image (Documentation/x86/boot.rst): at 0x202 "HdrS", at 0x20e the
// offset, less 0x200, of a NUL-terminated string such as "6.1.0-54-amd64 (builder@host) #1 SMP ...".

/** `uname -r` of an x86 bzImage; RangeError when it is none. */
export function kernelRelease(image: Uint8Array): string {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const magic = image.length > 0x210 ? new TextDecoder().decode(image.subarray(0x202, 0x206)) : "";
  if (magic !== "HdrS") throw new RangeError(`Cannot read kernel image: expected an x86 bzImage ("HdrS" at 0x202)`);
  const at = view.getUint16(0x20e, true) + 0x200;
  const end = image.indexOf(0, at);
  return new TextDecoder().decode(image.subarray(at, end)).split(" ")[0];
}

/** Whether a release, `6.12.113+deb12-amd64`, is this version, `6.8`, or a later one. */
export function isSince(release: string, version: string): boolean {
  const [[major, minor = 0], [a, b = 0]] = [release, version].map((text) =>
    text.split(".").map((part) => parseInt(part))
  );
  return major > a || major === a && minor >= b;
}
