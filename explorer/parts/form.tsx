// SPDX-License-Identifier: GPL-2.0-only
// The controls of a view. A value takes effect when it is complete: at once for a choice, on Enter or blur for a text.
/// <reference lib="dom" />

import { type Field, ON, type Values } from "../fields.ts";

interface FormProps {
  readonly label: string;
  readonly fields: readonly Field[];
  readonly values: Values;
  readonly error: string | null;
  readonly onChange: (changes: Values) => void;
}

/** A row of controls, with their errors below. */
export function Form({ label, fields, values, error, onChange }: FormProps) {
  return (
    <form class="controls" aria-label={label} onSubmit={(event) => event.preventDefault()}>
      {fields.filter((field) => !field.hidden).map((field) => (
        <label key={field.name} class={`control ${field.kind}`}>
          <span>{field.label}</span>
          <Control field={field} value={values[field.name]} onChange={(value) => onChange({ [field.name]: value })} />
        </label>
      ))}
      <p class="error" role="alert" hidden={error === null}>{error}</p>
    </form>
  );
}

interface ControlProps {
  readonly field: Field;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function Control({ field, value, onChange }: ControlProps) {
  if (field.kind === "switch") {
    return (
      <input
        type="checkbox"
        name={field.name}
        checked={value === ON}
        onChange={(event) => onChange(event.currentTarget.checked ? ON : "off")}
      />
    );
  }
  if (field.choices !== undefined) {
    return (
      <select name={field.name} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {field.choices.map((choice) => <option key={choice} value={choice}>{choice}</option>)}
      </select>
    );
  }
  const list = field.suggestions === undefined ? {} : { list: `list-${field.name}` };
  return (
    <>
      <input
        type="text"
        name={field.name}
        value={value}
        size={8}
        spellcheck={false}
        autocomplete="off"
        inputMode={field.kind === "count" ? "numeric" : "text"}
        {...list}
        onChange={(event) => onChange(event.currentTarget.value.trim())}
      />
      {field.suggestions === undefined ? null : (
        <datalist id={`list-${field.name}`}>
          {field.suggestions.map((choice) => <option key={choice} value={choice} />)}
        </datalist>
      )}
    </>
  );
}
