// SPDX-License-Identifier: GPL-2.0-only
// `lab completions bash|zsh|fish`: prints a script that completes commands, flags and their values, derived from the
// commands' declarations. Use it as `source <(lab completions bash)`, with `lab` an alias or function for `deno task
// lab`.

import { ARCHS } from "../arch/archs.ts";
import { PRESETS } from "../include/kernel_config.ts";
import { COSTS } from "../model/cost_tables.ts";
import { type Command, CommandError, type Flag } from "./command.ts";
import { shownFlags } from "./help.ts";

/** Words for placeholders that do not list them. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  PRESET: Object.keys(PRESETS),
  ARCH: Object.keys(ARCHS),
  NAME: Object.keys(COSTS),
};

const SHELLS: Readonly<Record<string, (commands: readonly Command[]) => string>> = {
  bash,
  zsh: (commands) => ["autoload -U +X compinit bashcompinit", "compinit", "bashcompinit", bash(commands)].join("\n"),
  fish,
};

/** The command, over these commands and itself. */
export function completionsCommand(others: readonly Command[]): Command {
  const command: Command = {
    name: "completions",
    summary: "print a shell completion script",
    example: "bash",
    operands: Object.keys(SHELLS).join("|"),
    flags: {},
    run: ({ operands: [shell, ...rest] }) => {
      const known = Object.keys(SHELLS).join(", ");
      if (shell === undefined || rest.length > 0 || !Object.hasOwn(SHELLS, shell)) {
        const given = shell === undefined ? "nothing" : `"${[shell, ...rest].join(" ")}"`;
        throw new CommandError(`completions: expected one of ${known}, got ${given}`);
      }
      const script = SHELLS[shell]([...others, command]);
      return { report: { shell, script }, text: script };
    },
  };
  return command;
}

/** Allowed words of a flag's value; empty if it may be anything. */
function valueWords({ value }: Flag): readonly string[] {
  if (Object.hasOwn(WORDS, value)) return WORDS[value];
  return /^[\w.+-]+(\|[\w.+-]+)+$/.test(value) ? value.split("|") : [];
}

/** Flags of a command with their dashes, including --json and --help. */
function flagsOf(command: Command): [string, Flag][] {
  const flags = { ...shownFlags(command), help: { value: "", help: "list flags" } };
  return Object.entries<Flag>(flags).map(([name, flag]) => [`--${name}`, flag]);
}

function operandWords({ operands = "" }: Command): readonly string[] {
  return operands.match(/[a-z][\w-]*(?:\|[a-z][\w-]*)+/)?.[0].split("|") ?? [];
}

function bash(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name);
  const words = commands.map((c) => {
    const all = [...operandWords(c), ...flagsOf(c).map(([flag]) => flag)];
    return `    ${c.name}) words="${all.join(" ")}" ;;`;
  });
  const values = commands.flatMap((c) =>
    flagsOf(c).filter(([, flag]) => flag.value !== "")
      .map(([name, flag]) => `    "${c.name} ${name}") words="${valueWords(flag).join(" ")}" ;;`)
  );
  return [
    "_lab() {",
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" command="${COMP_WORDS[1]}" words=""',
    '  if [ "$COMP_CWORD" -le 1 ]; then',
    `    COMPREPLY=($(compgen -W "${[...names, "help", "--version"].join(" ")}" -- "$cur"))`,
    "    return",
    "  fi",
    '  case "$command" in',
    `    help) words="${names.join(" ")}" ;;`,
    ...words,
    "  esac",
    "  # A flag's value: its words, or a file.",
    '  case "$command $prev" in',
    ...values,
    "  esac",
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    "}",
    "complete -o default -F _lab lab",
  ].join("\n");
}

function fish(commands: readonly Command[]): string {
  const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  return commands.flatMap((c) => [
    `complete -c lab -f -n __fish_use_subcommand -a ${c.name} -d ${quoted(c.summary)}`,
    ...(operandWords(c).length === 0
      ? []
      : [`complete -c lab -n '__fish_seen_subcommand_from ${c.name}' -a ${quoted(operandWords(c).join(" "))}`]),
    ...flagsOf(c).map(([name, flag]) => {
      const words = valueWords(flag);
      const value = flag.value === "" ? "" : words.length === 0 ? " -r" : ` -x -a ${quoted(words.join(" "))}`;
      return `complete -c lab -n '__fish_seen_subcommand_from ${c.name}' -l ${name.slice(2)}${value} -d ${
        quoted(flag.help)
      }`;
    }),
  ]).join("\n");
}
