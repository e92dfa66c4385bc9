// SPDX-License-Identifier: GPL-2.0-only
// The state of the page as text behind the `#` of its address, so that a link shows the same again:
//
//   #1/map?kernel=6.1&size=1G        version of these links, view, differences from the view's defaults

/** Version of the links; incremented when a newer page can no longer read older links. */
const VERSION = "1";

/** A view and its options as text. */
export interface Place {
  readonly view: string;
  readonly options: Readonly<Record<string, string>>;
}

/** The place of a hash; a string is the reason why there is none. The empty hash is the first view. */
export function parseHash(hash: string, views: readonly string[]): Place | string {
  const text = hash.replace(/^#/, "");
  if (text === "") return { view: views[0], options: {} };
  const match = /^([^/]*)\/([^?]*)(?:\?(.*))?$/s.exec(text);
  if (match === null) return `This link cannot be read: expected #${VERSION}/VIEW?NAME=VALUE&...`;
  const [, version, view, query = ""] = match;
  if (version !== VERSION) return `This link is of version "${version}": this page reads version ${VERSION}`;
  if (!views.includes(view)) return `This link asks for the view "${view}": there are ${views.join(", ")}`;
  return { view, options: Object.fromEntries(new URLSearchParams(query)) };
}

/** The hash of a place. */
export function formatHash({ view, options }: Place): string {
  const query = new URLSearchParams(options).toString();
  return `#${VERSION}/${view}${query === "" ? "" : `?${query}`}`;
}
