// SPDX-License-Identifier: GPL-2.0-only
// A report as one HTML file that needs nothing else: the text as it is printed, its headings as headings.

const STYLE = "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b2733}" +
  "pre{font:13px/1.45 ui-monospace,monospace;background:#f4f6f8;padding:.8rem;overflow-x:auto}h2{font-size:1.05rem}" +
  "@media(prefers-color-scheme:dark){body{background:#11181f;color:#dbe4ec}pre{background:#1a242e}}";

/** The page of a report's text: blank lines part its sections, whose first line is a heading when others follow. */
export function html(title: string, text: string): string {
  const sections = text.split("\n\n").map((part, i) => {
    const [first, ...rest] = part.split("\n");
    if (i === 0) return `<p>${escaped(part).replaceAll("\n", "<br>")}</p>`;
    return first.endsWith(":") && rest.length > 0
      ? `<h2>${escaped(first.slice(0, -1))}</h2>\n<pre>${escaped(rest.join("\n"))}</pre>`
      : `<pre>${escaped(part)}</pre>`;
  });
  return `<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n` +
    `<title>${escaped(title)}</title>\n<style>${STYLE}</style>\n<h1>${escaped(title)}</h1>\n${
      sections.join("\n")
    }\n</html>\n`;
}

/** What comes from the input is text, never markup. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
